/** Sending to Postfix where not all is well: too large, unknown recipients, hidden recipients, no pipelining. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { arrived, logged, servedBy } from '../support/mail-servers.ts';
import { type PostfixOptions, startPostfix } from '../support/postfix.ts';
import { makeHome } from '../support/program.ts';
import { type Halt, startProxy } from '../support/stalling-proxy.ts';

const NEEDS = ['dovecot', 'postfix'];
const [ANN, BOB, CLEO, NOBODY] = ['ann', 'bob', 'cleo', 'nobody'].map((name) => `${name}@example.org`) as [
  string,
  string,
  string,
  string,
];

async function setUp(t: TestContext, options: Omit<PostfixOptions, 'dovecot'> = {}) {
  const users = ['ann', 'bob', 'cleo'].map((name) => ({ name, password: 'secret' }));
  const dovecot = await startDovecot(t, { users });
  const postfix = await startPostfix(t, { dovecot, ...options });
  return { dovecot, postfix, home: await makeHome(t, servedBy(dovecot, postfix)) };
}

interface Sent {
  outcome: string;
  recipients: { address: string; accepted: boolean; code: number; enhanced: string }[];
  reply: { code: number };
}

interop('a message larger than SIZE is refused before a word of it is sent', NEEDS, async (t) => {
  const { dovecot, home, postfix } = await setUp(t, { messageSizeLimit: 20_000 });
  await writeFile(join(home.folder, 'large.bin'), randomBytes(30_000));
  const args = ['send', '-t', ANN, '--body', 'x', '--attach', 'large.bin'];
  const { code, message } = await home.refused(65, args);
  assert.equal(code, 'message-too-large');
  assert.match(message, /takes at most 20000/);
  await logged(postfix, /disconnect from .* auth=1 (rset=1 )?quit=1/);
  assert.equal(await dovecot.messageCount('ann'), 0);
});

interop('one unknown recipient among good ones: nobody gets it', NEEDS, async (t) => {
  const { dovecot, home } = await setUp(t);
  const args = ['send', '-t', ANN, '-t', NOBODY, '--cc', BOB, '-s', 'no', '--body', 'x'];
  const { code, message } = await home.refused(65, args);
  assert.equal(code, 'smtp-reply');
  assert.match(message, /refused 1 of 3 recipients.*nobody@example\.org: 550 5\.1\.1/);
  // What is sent later overtakes nothing: had the first one been taken, it would be here by now.
  await home.json(['send', '-t', ANN, '--cc', BOB, '-s', 'yes', '--body', 'x']);
  for (const user of ['ann', 'bob']) {
    await arrived(dovecot, 1, user);
    assert.match(String((await dovecot.messages(user))[0]), /^Subject: yes$/m);
  }
  const all = await home.refused(65, ['send', '-t', NOBODY, '--body', 'x']);
  assert.match(all.message, /refused every recipient/);
});

interop('--partial sends to those who were accepted, and says who was not', NEEDS, async (t) => {
  const { dovecot, home } = await setUp(t);
  const args = ['send', '-t', ANN, '-t', NOBODY, '-t', BOB, '--body', 'x', '--partial'];
  const { outcome, recipients, reply } = await home.json<Sent>(args);
  assert.equal(outcome, 'sent');
  assert.equal(reply.code, 250);
  assert.deepEqual(
    recipients.map(({ address, accepted, code }) => [address, accepted, code]),
    [
      [ANN, true, 250],
      [NOBODY, false, 550],
      [BOB, true, 250],
    ],
  );
  await arrived(dovecot, 1, 'ann');
  await arrived(dovecot, 1, 'bob');
});

interop('hidden recipients get the message, and no octet of it names them', NEEDS, async (t) => {
  const { dovecot, home } = await setUp(t);
  await home.json(['send', '-t', ANN, '--bcc', `Bobby <${BOB}>`, '--bcc', CLEO, '-s', 'one', '--body', 'x']);
  const raw = `From: ${ANN}\nTo: ${ANN}\nbcc: Bobby\n <${BOB}>,\n ${CLEO}\nSubject: two\nBCC: ${CLEO}\n\nx\n`;
  await home.json(['send', '--raw'], { stdin: raw });
  for (const user of ['ann', 'bob', 'cleo']) {
    await arrived(dovecot, 2, user);
    for (const bytes of await dovecot.messages(user)) {
      // The delivery agent itself notes whose copy it is.
      const text = bytes.toString('latin1').replace(/^Delivered-To: .*\n/m, '');
      assert.match(text, /^Subject: (one|two)$/m);
      assert.doesNotMatch(text, /bcc|bob|cleo/i);
    }
  }
});

interop('a Postfix without PIPELINING is asked one question at a time, with the same end', NEEDS, async (t) => {
  const { dovecot, home } = await setUp(t, { pipelining: false, chunking: false });
  const body = '.\n..\nGood morning\n.\n';
  const { code, stderr } = await home.posthorn(['send', '-t', ANN, '-t', BOB, '--trace', '--body', body]);
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /PIPELINING/);
  assert.match(stderr, /C: MAIL.*\nS: 250.*\nC: RCPT.*\nS: 250.*\nC: RCPT.*\nS: 250.*\nC: DATA\nS: 354/);
  for (const user of ['ann', 'bob']) {
    await arrived(dovecot, 1, user);
    assert.ok(String((await dovecot.messages(user))[0]).endsWith(`\n\n${body}`));
  }
  await home.refused(65, ['send', '-t', ANN, '-t', NOBODY, '--body', 'x']);
  const { outcome } = await home.json<Sent>(['send', '-t', ANN, '-t', NOBODY, '--body', 'x', '--partial']);
  assert.equal(outcome, 'sent');
  await arrived(dovecot, 2, 'ann');
});

interop(
  'a Postfix with CHUNKING gets the message by count once it has shown that it counts, or by DATA where that is wanted',
  NEEDS,
  async (t) => {
    const { dovecot, home } = await setUp(t);
    const body = '.\n..\nGood morning\n.\n';
    const { code, stderr } = await home.posthorn(['send', '-t', ANN, '--trace', '--body', body]);
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /C: RCPT.*\nC: BDAT 1\nC: .*\nS: 250.*\nS: 250.*\nS: 250.*\nC: BDAT [1-9]\d* LAST\nC: .*\nC: QUIT\nS: 250/,
    );
    const byData = await home.posthorn(['send', '-t', ANN, '--trace', '--no-chunking', '--body', body]);
    assert.match(byData.stderr, /C: RCPT.*\nC: DATA\nS: 250/);
    assert.doesNotMatch(byData.stderr, /BDAT/);
    await arrived(dovecot, 2, 'ann');
    for (const message of await dovecot.messages('ann')) assert.ok(String(message).endsWith(`\n\n${body}`));
  },
);

interop('a raw message arrives as it was, but for its line ends', NEEDS, async (t) => {
  const { dovecot, home } = await setUp(t);
  const fields = `Date: Mon, 23 Nov 2026 12:00:00 +0000\nMessage-ID: <1@example.org>\nFrom: Ann <${ANN}>\nTo: ${ANN}\n`;
  const body = 'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGrüße\n.\n..\n\n';
  const message = `${fields}Subject: 8 bits\nMIME-Version: 1.0\n${body}`;
  await home.json(['send', '--raw'], { stdin: message });
  await arrived(dovecot, 1);
  assert.ok(String((await dovecot.messages('ann'))[0]).endsWith(message));
});

/** The end of a message, whatever came before it in the same segment, with the QUIT that goes along. */
const DOT = /(^|\r\n)\.\r\n(QUIT\r\n)?$/;
const CUTS: readonly [name: string, where: Halt, code: number, taken: number][] = [
  ['before MAIL', { before: /MAIL FROM/ }, 75, 0],
  ['behind DATA', { behind: /DATA\r\n$/ }, 75, 0],
  ['in the message', { before: /Subject/ }, 75, 0],
  ['before the final dot, which had left', { before: DOT }, 76, 0],
  ['behind the final dot', { behind: DOT }, 76, 1],
];
interop(
  'a connection that breaks: 75 before the final dot, 76 once it has left, as nobody knows then',
  NEEDS,
  async (t) => {
    const { dovecot, home, postfix } = await setUp(t, { tls: 'may', plaintext: true, chunking: false });
    const proxy = await startProxy(t, { host: postfix.host, port: postfix.ports.submission });
    const url = `smtp+insecure://ann%40example.org@127.0.0.1:${proxy.port}`;
    // So large that it cannot have left whole when its beginning is held.
    await writeFile(join(home.folder, 'large.bin'), randomBytes(20_000_000));
    let arrivals = 0;
    for (const [name, where, code, taken] of CUTS) {
      void proxy.halt(where).then(() => setTimeout(() => proxy.cut(), 300));
      const args = ['send', '-t', ANN, '-s', name, '--attach', 'large.bin', '--smtp', url];
      const { retryable, message } = await home.refused(code, args);
      assert.equal(retryable, code === 75, `${name}: ${message}`);
      assert.match(message, code === 75 ? /not sent/ : /not known whether/);
      arrivals += taken;
      // What comes whole behind it overtakes nothing.
      await home.json(['send', '-t', ANN, '-s', 'whole', '--body', 'x']);
      await arrived(dovecot, (arrivals += 1));
    }
  },
);
