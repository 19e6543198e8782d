/**
 * LMTP against Dovecot's: every octet arrives, and each recipient is told of by itself (RFC 2033).
 */
import assert from 'node:assert/strict';
import { chmod, chown } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SmtpClient } from '../../src/smtp/client.ts';
import type { SendResult } from '../../src/smtp/envelope.ts';
import { startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { servedBy } from '../support/mail-servers.ts';
import { makeHome } from '../support/program.ts';
import { chunksOf } from '../support/sessions.ts';

const USERS = ['ann', 'bea', 'cem'].map((name) => ({ name, password: 'secret' }));
const TEXT = 'From: x@example.org\r\nSubject: over LMTP\r\n\r\n.dot\r\n..\r\nthe end\r\n';

function fates({ recipients }: SendResult): string[] {
  return recipients.map(({ address, accepted, reply: { code } }) => `${address} ${accepted} ${String(code)[0]}xx`);
}

interop('Dovecot takes mail over LMTP, and answers for each recipient', ['dovecot'], async (t) => {
  const dovecot = await startDovecot(t, { users: USERS });
  const connect = () =>
    SmtpClient.connect({ host: dovecot.host, port: dovecot.ports.lmtp, security: 'none', protocol: 'lmtp' });
  const client = await connect();
  const recipients = USERS.map(({ name }) => `${name}@example.org`);
  const message = { chunks: () => chunksOf(TEXT), size: TEXT.length, exactLines: true };

  await t.test('to all of them, by BDAT, in chunks of unknown number, and many at once', async () => {
    assert.ok(client.capabilities.has('CHUNKING') && client.capabilities.has('PIPELINING'));
    const all = await client.send({ from: 'x@example.org', recipients }, message);
    assert.deepEqual(fates(all), ['ann@example.org true 2xx', 'bea@example.org true 2xx', 'cem@example.org true 2xx']);
    const unknown = await client.send({ from: '', recipients }, { chunks: () => chunksOf(TEXT) });
    assert.equal(unknown.outcome, 'sent');
    const many = Array.from({ length: 20 }, () =>
      client.send({ from: 'x@example.org', recipients: ['ann@example.org'] }, message),
    );
    for (const { outcome } of await Promise.all(many)) assert.equal(outcome, 'sent');
    assert.deepEqual(await Promise.all(['ann', 'bea', 'cem'].map((name) => dovecot.messageCount(name))), [22, 2, 2]);
    const [stored = Buffer.alloc(0)] = await dovecot.messages('bea');
    assert.ok(stored.toString('latin1').replaceAll(/\r?\n/g, '\r\n').endsWith(TEXT));
  });

  await t.test('one recipient is unknown: nobody gets it, or the others do', async () => {
    const mixed = { from: 'x@example.org', recipients: ['ann@example.org', 'nobody@example.org'] };
    const none = await client.send(mixed, message);
    assert.deepEqual([none.outcome, fates(none)[1]], ['refused', 'nobody@example.org false 5xx']);
    assert.equal(await dovecot.messageCount('ann'), 22);
    const partial = client.open ? client : await connect();
    assert.deepEqual(fates(await partial.send(mixed, message, { partial: true })), [
      'ann@example.org true 2xx',
      'nobody@example.org false 5xx',
    ]);
    assert.equal(await dovecot.messageCount('ann'), 23);
  });

  await t.test('one mailbox cannot be written: it alone fails, for now', async () => {
    const maildir = join(dirname(dovecot.authSocket), 'mail', 'bea', 'Maildir');
    for (const folder of ['new', 'tmp', 'cur', '.']) {
      await chown(join(maildir, folder), 0, 0);
      await chmod(join(maildir, folder), 0o700);
    }
    const other = await connect();
    const result = await other.send({ from: 'x@example.org', recipients }, message);
    assert.equal(result.outcome, 'sent');
    assert.deepEqual(fates(result), [
      'ann@example.org true 2xx',
      'bea@example.org false 4xx',
      'cem@example.org true 2xx',
    ]);
    await other.quit();
  });

  await t.test('the program says who did not get it, and that the rest did', async () => {
    const home = await makeHome(t, { POSTHORN_SMTP: `lmtp+insecure://${dovecot.host}:${dovecot.ports.lmtp}` });
    const run = await home.posthorn([
      'send',
      '--json',
      '-f',
      'x@example.org',
      '-t',
      recipients.join(),
      '-s',
      'Hello',
      '--body',
      'Hello.',
    ]);
    assert.equal(run.code, 76);
    const { outcome, recipients: each } = JSON.parse(run.stdout) as {
      outcome: string;
      recipients: { accepted: boolean }[];
    };
    assert.deepEqual([outcome, ...each.map(({ accepted }) => accepted)], ['sent', true, false, true]);
    const gone = await home.posthorn(['send', '-f', 'x@example.org', '-t', 'bea@example.org', '--body', 'Hello.']);
    assert.equal(gone.code, 75);
    assert.match(gone.stderr, /Nothing was sent: the server refused every recipient. bea@example.org: 4/);
  });
  await client.quit();
});

interop('a fetch hands mail over to Dovecot, to a user with a domain or without', ['dovecot'], async (t) => {
  const dovecot = await startDovecot(t, { users: USERS });
  const home = await makeHome(t, servedBy(dovecot));
  const where = `${dovecot.host}:${dovecot.ports.lmtp}`;
  for (const [at, recipient] of ['bea', 'cem%40example.org'].entries()) {
    await dovecot.deliver('ann', `Subject: number ${at}\r\n\r\n.dot\r\nthe end\r\n`);
    await home.json(['fetch', '--delete', '--deliver', `lmtp+insecure://${recipient}@${where}`]);
    const [stored = Buffer.alloc(0)] = await dovecot.messages(['bea', 'cem'][at] ?? '');
    const text = stored.toString('latin1').replaceAll('\r\n', '\n');
    assert.ok(text.endsWith(`\nSubject: number ${at}\n\n.dot\nthe end\n`), text);
  }
  assert.equal(await dovecot.messageCount('ann'), 0);
});
