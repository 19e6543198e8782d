/** What can be asked of a real Postfix and a real Exim: reports, addresses in UTF-8, text as it is, and questions. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readMessage } from '../../src/mime/message.ts';
import { SmtpClient } from '../../src/smtp/client.ts';
import { startDovecot } from '../support/dovecot.ts';
import { EXIM, startExim } from '../support/exim.ts';
import { interop } from '../support/interop.ts';
import { arrived, servedBy } from '../support/mail-servers.ts';
import { startPostfix, UTF8_USER } from '../support/postfix.ts';
import { makeHome } from '../support/program.ts';

const NEEDS = ['dovecot', 'postfix'];
const LIMIT_MS = 20_000;

async function setUp(t: TestContext) {
  const users = ['ann', 'bob'].map((name) => ({ name, password: 'secret' }));
  const dovecot = await startDovecot(t, { users });
  const postfix = await startPostfix(t, { dovecot });
  return { dovecot, postfix, home: await makeHome(t, servedBy(dovecot, postfix)) };
}

/** Waits for so many messages: they are delivered a moment after they were taken. */
async function waitFor(messages: () => Promise<Buffer[]>, count: number, log: () => string): Promise<string[]> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const found = await messages();
    if (found.length >= count) return found.map(String);
    assert.ok(Date.now() < deadline, `Fewer than ${count} messages arrived.\n${log()}`);
    await sleep(20);
  }
}

interop('Postfix reports a delivery to whoever asked for it, and names the envelope', NEEDS, async (t) => {
  const { dovecot, home } = await setUp(t);
  const args = ['send', '-f', 'ann@example.org', '-t', 'bob@example.org', '-s', 'hello', '--body', 'x'];
  await home.json([...args, '--notify', 'success,failure', '--envelope-id', 'order+7 = new', '--return', 'headers']);
  await arrived(dovecot, 1, 'bob');
  await arrived(dovecot, 1, 'ann');
  const [report = Buffer.alloc(0)] = await dovecot.messages('ann');
  const { subject, report: told } = await readMessage(report);
  assert.equal(subject, 'Successful Mail Delivery Report');
  assert.ok(told?.kind === 'delivery' && told.arrived !== undefined && told.messageId !== undefined);
  assert.equal(told.envelopeId, 'order+7 = new');
  assert.deepEqual(
    told.recipients.map(({ address, action, status }) => [address, /^(?:relayed|delivered)$/.test(action), status]),
    [['bob@example.org', true, '2.0.0']],
  );
  assert.match(String(report), /^Original-Envelope-Id: order\+7 = new\r?$/m);
  assert.match(String(report), /^Action: (?:relayed|delivered)\r?$/m);
  // Nobody asked this time.
  await home.json([...args, '--notify', 'never']);
  await arrived(dovecot, 2, 'bob');
  await arrived(dovecot, 1, 'ann');
});

interop('what Postfix does not offer is not sent to it', NEEDS, async (t) => {
  const { dovecot, home } = await setUp(t);
  const args = ['send', '-t', 'ann@example.org', '--body', 'x'];
  for (const [option, code] of [
    [['--require-tls'], 'requiretls-not-offered'],
    [['--hold-for', '1h'], 'futurerelease-not-offered'],
    [['--deliver-by', '1h'], 'deliverby-not-offered'],
    [['--priority', '1'], 'mt-priority-not-offered'],
  ] as const) {
    assert.equal((await home.refused(64, [...args, ...option])).code, code);
  }
  assert.equal(await dovecot.messageCount('ann'), 0);
});

interop('Postfix takes mail for an address that is not ASCII, with SMTPUTF8', NEEDS, async (t) => {
  const { home, postfix } = await setUp(t);
  const { code, stderr } = await home.posthorn(['send', '-t', UTF8_USER, '-s', 'Grüße', '--body', 'schöne', '--trace']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^C: MAIL FROM:<ann@example\.org> SIZE=\d+ BODY=8BITMIME SMTPUTF8$/m);
  const [text = ''] = await waitFor(
    () => postfix.utf8Messages(),
    1,
    () => postfix.log(),
  );
  assert.match(text, /^To: jürgen@example\.org$/m);
  assert.ok(text.endsWith('\n\nschöne\n'));
});

interop('text goes to Postfix as it is, in one chunk, and a file in base64', NEEDS, async (t) => {
  const { dovecot, home } = await setUp(t);
  const file = randomBytes(5000);
  await writeFile(join(home.folder, 'a.bin'), file);
  const { code, stderr } = await home.posthorn([
    'send',
    '-t',
    'ann@example.org',
    '-s',
    'x',
    '--body',
    'Grüße\n.\n',
    '--attach',
    'a.bin',
    '--trace',
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^C: MAIL .* BODY=8BITMIME$/m);
  assert.match(stderr, /^C: BDAT \d+ LAST$/m);
  await arrived(dovecot, 1, 'ann');
  const [message = Buffer.alloc(0)] = await dovecot.messages('ann');
  assert.match(String(message), /^Content-Transfer-Encoding: 8bit\n\nGrüße\n\.\n/m);
  assert.match(String(message), /^Content-Transfer-Encoding: base64$/m);
  assert.equal((await readMessage(message)).attachments[0]?.size, file.length);
});

interop('Postfix answers VRFY, and neither EXPN nor HELP', NEEDS, async (t) => {
  const { postfix } = await setUp(t);
  const { host, ports } = postfix;
  const client = await SmtpClient.connect({ host, port: ports.smtp, security: 'none' });
  assert.ok(client.capabilities.has('VRFY'));
  assert.equal((await client.vrfy('ann@example.org')).code, 252);
  await assert.rejects(client.vrfy('nobody@example.org'), {
    name: 'SmtpReplyError',
    replyCode: 550,
    enhanced: '5.1.1',
  });
  await assert.rejects(client.expn('friends'), { name: 'SmtpReplyError', replyCode: 500 });
  await assert.rejects(client.help(), { name: 'SmtpReplyError' });
  await client.noop();
  await client.quit();
});

interop('Exim reports a delivery to whoever asked for it', EXIM, async (t) => {
  const users = ['ann', 'bob'].map((name) => ({ name, password: 'secret' }));
  const exim = await startExim(t, { users });
  const home = await makeHome(t, {
    POSTHORN_SMTP: `smtp://ann%40example.org@${exim.host}:${exim.ports.smtp}`,
    POSTHORN_PASSWORD: 'secret',
    POSTHORN_CA_FILE: exim.caFile,
  });
  const args = ['send', '-t', 'bob@example.org', '-s', 'hello', '--body', 'x'];
  await home.json([...args, '--notify', 'success', '--envelope-id', 'order 7']);
  const [report = ''] = await waitFor(
    () => exim.messages('ann'),
    1,
    () => exim.log(),
  );
  assert.match(report, /^Original-Envelope-ID: order/im);
  assert.match(report, /^Action: delivered$/m);
  const { report: told } = await readMessage(Buffer.from(report));
  assert.ok(told?.kind === 'delivery');
  assert.deepEqual(
    told.recipients.map(({ address, action }) => [address, action]),
    [['bob@example.org', 'delivered']],
  );
  const client = await SmtpClient.connect({ host: exim.host, port: exim.ports.smtp, security: 'none' });
  assert.match((await client.help()).lines.join(' '), /DATA/);
  await client.quit();
});
