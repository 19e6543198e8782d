/** Sending to a real Exim: each protection, each mechanism, its refusals, and what of a message arrives. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIM, type Exim, type EximOptions, startExim } from '../support/exim.ts';
import { interop } from '../support/interop.ts';
import { SECURITIES, type SchemeEnding } from '../support/mail-servers.ts';
import { makeHome } from '../support/program.ts';

const MECHANISMS = ['PLAIN', 'LOGIN', 'CRAM-MD5'];
const [ANN, BOB, NOBODY] = ['ann@example.org', 'bob@example.org', 'nobody@example.org'] as const;
const LIMIT_MS = 20_000;

function urlOf({ host, ports }: Exim, ending: SchemeEnding): string {
  return `smtp${ending}://${encodeURIComponent(ANN)}@${host}:${ending === 's' ? ports.smtps : ports.smtp}`;
}

async function setUp(t: TestContext, options: EximOptions = {}) {
  const users = ['ann', 'bob'].map((name) => ({ name, password: 'secret' }));
  const exim = await startExim(t, { users, ...options });
  t.diagnostic(exim.version);
  const home = await makeHome(t, {
    POSTHORN_SMTP: urlOf(exim, ''),
    POSTHORN_PASSWORD: 'secret',
    POSTHORN_CA_FILE: exim.caFile,
  });
  return { exim, home };
}

/** Waits until a user has so many messages, and returns them: Exim delivers a moment after it has taken a message. */
async function arrived(exim: Exim, count: number, user = 'ann'): Promise<string[]> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const messages = await exim.messages(user);
    if (messages.length >= count) {
      assert.equal(messages.length, count);
      return messages.map(String);
    }
    assert.ok(Date.now() < deadline, `Fewer than ${count} messages arrived.\n${exim.log()}`);
    await sleep(20);
  }
}

for (const ending of SECURITIES) {
  interop(`smtp${ending}: every mechanism submits to Exim`, EXIM, async (t) => {
    const { exim, home } = await setUp(t);
    for (const mechanism of [...MECHANISMS, undefined]) {
      const only = mechanism === undefined ? [] : ['--auth', mechanism];
      const args = ['send', '-t', ANN, '-s', 'hello', '--body', 'Good morning', '--smtp', urlOf(exim, ending), ...only];
      const { code, stderr } = await home.posthorn([...args, '--trace']);
      assert.equal(code, 0, `${mechanism}: ${stderr}`);
      assert.match(stderr, /^S: 250-CHUNKING$/m);
      assert.doesNotMatch(stderr, /secret/);
    }
    await arrived(exim, MECHANISMS.length + 1);
    for (const name of ['PLAIN', 'LOGIN', 'CRAM']) assert.match(exim.log(), new RegExp(`A=${name}:${ANN}`));
    assert.doesNotMatch(exim.log(), /protocol|syntax/);
  });
}

interop('a wrong password ends with 77 after one attempt at Exim, whatever the mechanism', EXIM, async (t) => {
  const { exim, home } = await setUp(t);
  const env = { POSTHORN_PASSWORD: 'wr0ng' };
  for (const mechanism of MECHANISMS) {
    const args = ['send', '-t', ANN, '--body', 'x', '--trace', '--auth', mechanism];
    const { code, stderr } = await home.posthorn(args, { env });
    assert.equal(code, 77, stderr);
    assert.match(stderr, /refused the user name or the password of ann@example\.org/);
    assert.equal(stderr.match(/^C: AUTH /gm)?.length, 1, stderr);
    assert.doesNotMatch(stderr, /wr0ng|^C: MAIL/m);
  }
  assert.deepEqual(await exim.messages('ann'), []);
});

interop('Exim delivers a raw message as it was, behind header fields of its own', EXIM, async (t) => {
  const { exim, home } = await setUp(t);
  const header = `Date: Mon, 23 Nov 2026 12:00:00 +0000\nMessage-ID: <1@example.org>\nFrom: ${ANN}\nTo: ${ANN}\n`;
  const mime = 'MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n';
  const message = `${header}Subject: Gr\n${mime}\nGrüße\n.\n..\n.profile\n${'long '.repeat(190)}\n\n`;
  await home.json(['send', '--raw'], { stdin: message });
  const [delivered = ''] = await arrived(exim, 1);
  assert.ok(delivered.endsWith(message), delivered);
});

interop('an attachment goes through Exim to two recipients', EXIM, async (t) => {
  const { exim, home } = await setUp(t);
  const bytes = randomBytes(200_000);
  await writeFile(join(home.folder, 'photo.bin'), bytes);
  await home.json(['send', '-t', ANN, '--bcc', BOB, '-s', 'photo', '--body', 'x', '--attach', 'photo.bin']);
  for (const user of ['ann', 'bob']) {
    const [message = ''] = await arrived(exim, 1, user);
    assert.ok(message.replaceAll('\n', '').includes(bytes.toString('base64')));
    assert.doesNotMatch(message, /bob@/);
  }
});

interop('Exim refuses a recipient, and nobody gets it unless --partial is given', EXIM, async (t) => {
  const { exim, home } = await setUp(t);
  const args = ['send', '-t', ANN, '-t', NOBODY, '--cc', BOB, '--body', 'x'];
  const { code, message } = await home.refused(65, args);
  assert.equal(code, 'smtp-reply');
  assert.match(message, /refused 1 of 3 recipients.*nobody@example\.org: 550/);
  const { outcome } = await home.json<{ outcome: string }>([...args, '--partial']);
  assert.equal(outcome, 'sent');
  await arrived(exim, 1, 'ann');
  await arrived(exim, 1, 'bob');
});

interop("a message beyond Exim's SIZE is refused before a word of it is sent", EXIM, async (t) => {
  const { exim, home } = await setUp(t, { messageSizeLimit: 20_000 });
  await writeFile(join(home.folder, 'large.bin'), randomBytes(30_000));
  const { code, message } = await home.refused(65, ['send', '-t', ANN, '--body', 'x', '--attach', 'large.bin']);
  assert.equal(code, 'message-too-large');
  assert.match(message, /takes at most 20000/);
  assert.deepEqual(await exim.messages('ann'), []);
});
