import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { chunksOf } from '../../test/support/sessions.ts';
import { SmtpReplyError, StoreError } from '../errors.ts';
import { readMessage } from '../mime/message.ts';
import { Pop3Client } from '../pop3/client.ts';
import { SmtpClient } from '../smtp/client.ts';
import type { Envelope, Outgoing } from '../smtp/envelope.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';

const TEXT = 'Subject: hello\r\n\r\nthere\r\n';
const BINARY =
  'Subject: file\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n';

suite('what can be asked of the sandbox', () => {
  let sandbox: Sandbox;
  let client: SmtpClient;
  const login = () => ({ user: 'ann@example.org', password: sandbox.users[0]?.password ?? '' });
  const tls = () => ({ ca: [sandbox.authority] });

  before(async () => {
    sandbox = await startSandbox({ samples: false });
    client = await SmtpClient.connect({
      host: sandbox.host,
      port: sandbox.ports.smtps,
      security: 'implicit',
      tls: tls(),
    });
    await client.login(login());
  });
  after(async () => {
    await client.quit();
    await sandbox.close();
  });

  /** Sends to bob, and returns what is new in a mailbox then. */
  async function send(mailbox: string, asked: Partial<Envelope>, message: Outgoing = { chunks: () => chunksOf(TEXT) }) {
    const had = sandbox.messages(mailbox).length;
    await client.send({ from: 'ann@example.org', recipients: ['bob@example.org'], ...asked }, message);
    return sandbox.messages(mailbox).slice(had);
  }

  /** The messages POP3 hands out to ann or bob. */
  async function fetched(user: string): Promise<string[]> {
    const { host, ports, users } = sandbox;
    const pop3 = await Pop3Client.connect({ host, port: ports.pop3s, security: 'implicit', tls: tls() });
    await pop3.login({ user, password: users.find(({ address }) => address === user)?.password ?? '' });
    const messages: string[] = [];
    for (const { number } of await pop3.list()) {
      messages.push('');
      await pop3.retr(number, (chunk) => void (messages[messages.length - 1] += Buffer.from(chunk).toString('latin1')));
    }
    await pop3.quit();
    return messages;
  }

  test('REQUIRETLS is offered under TLS alone', async () => {
    const { host, ports } = sandbox;
    assert.ok(client.capabilities.has('REQUIRETLS'));
    const clear = await SmtpClient.connect({ host, port: ports.smtp, security: 'none' });
    assert.ok(!clear.capabilities.has('REQUIRETLS') && clear.capabilities.has('DSN'));
    await clear.quit();
  });

  test('what was asked for stands in the envelope of the message', async () => {
    const asked = {
      requireTls: true,
      priority: -3,
      envelopeId: 'x 1',
      deliverBy: { seconds: 60, late: 'notify', trace: false },
      submitter: '',
    } as const;
    const [message] = await send('bob@example.org', asked);
    const { from, recipients, body, utf8, size, requests, ...rest } = message?.envelope ?? {};
    assert.deepEqual(rest, asked);
    assert.deepEqual(
      [from, recipients, body, utf8, size, requests?.size],
      ['ann@example.org', ['bob@example.org'], '7bit', false, undefined, 0],
    );
  });

  test('a delivery is reported to whoever asked, and to nobody else', async () => {
    const requests = new Map([
      ['bob@example.org', { notify: ['success'], originalRecipient: { type: 'utf-8', address: 'bö b@example.org' } }],
      ['x@example.net', { notify: ['failure'] }],
    ] as const);
    const recipients = ['bob@example.org', 'x@example.net'];
    const [report, ...others] = await send('ann@example.org', { recipients, requests, envelopeId: 'a=b' });
    assert.deepEqual(others, []);
    assert.ok(report !== undefined);
    assert.equal(report.envelope.from, '');
    const { subject, parts } = await readMessage(report.read());
    assert.equal(subject, 'Delivered');
    assert.deepEqual(
      parts.map(({ type }) => type),
      ['text/plain', 'message/delivery-status', 'text/rfc822-headers'],
    );
    const [text = ''] = await fetched('ann@example.org');
    assert.match(text, /^Original-Envelope-Id: a=b\r\nReporting-MTA: dns; localhost\r\n\r\n/m);
    assert.match(
      text,
      /^Original-Recipient: utf-8; b\\x\{F6\}\\x\{20\}b@example.org\r\nFinal-Recipient: rfc822; bob@example.org\r\nAction: delivered\r\nStatus: 2.0.0\r\n/m,
    );
    assert.match(text, /\r\n\r\nSubject: hello\r\n\r\n--/);
    assert.doesNotMatch(text, /x@example.net/);
    // A report is sent by nobody, and so is never answered with one.
    assert.deepEqual(await send('ann@example.org', { from: '', requests }), []);
  });

  test('a message is held back, and then shown', async () => {
    const before = (await fetched('bob@example.org')).length;
    const [held] = await send('bob@example.org', { hold: { seconds: 3600 } });
    assert.deepEqual(held?.envelope.hold, { seconds: 3600 });
    assert.equal((await fetched('bob@example.org')).length, before);
    await send('bob@example.org', { hold: { seconds: 1 } });
    // Whoever is kept waiting by a busy machine waits a little longer, and no test depends on how long.
    const deadline = Date.now() + 20_000;
    while ((await fetched('bob@example.org')).length === before && Date.now() < deadline) await sleep(100);
    assert.equal((await fetched('bob@example.org')).length, before + 1);
  });

  test('a binary message is handed out in lines', async () => {
    const file = Buffer.from([0, 10, 46, 10, 13, 255, 13, 10, 46, 13, 10]);
    const chunks = () => chunksOf(`${BINARY}${file.toString('latin1')}`);
    const [message] = await send('bob@example.org', {}, { chunks, size: BINARY.length + file.length, isBinary: true });
    assert.equal(message?.envelope.body, 'binary');
    const text = (await fetched('bob@example.org')).at(-1) ?? '';
    assert.equal(text, `${BINARY.replace('binary', 'base64')}${file.toString('base64')}\r\n`);
    assert.equal(text.length, message.octets);
  });

  test('bare line ends outside of a binary part are refused', async () => {
    const text = 'Subject: x\r\n\r\na\n.\nb';
    await assert.rejects(
      send('bob@example.org', {}, { chunks: () => chunksOf(text), size: text.length, isBinary: true }),
      {
        name: 'SmtpReplyError',
        enhanced: '5.6.0',
      },
    );
  });

  test('what came with SMTPUTF8 is handed out to who asks for UTF-8, and to nobody else', async () => {
    const text = 'Subject: Grüße\r\n\r\nschöne\r\n';
    const chunks = () => chunksOf(Buffer.from(text).toString('latin1'));
    await send('ann@example.org', { recipients: ['ann@example.org'] }, { chunks, needsUtf8: true });
    const { host, ports } = sandbox;
    for (const utf8 of [false, true]) {
      const pop3 = await Pop3Client.connect({ host, port: ports.pop3s, security: 'implicit', tls: tls() });
      if (utf8) await pop3.utf8();
      await pop3.login(login());
      const { count } = await pop3.stat();
      const body: Uint8Array[] = [];
      const retr = pop3.retr(count, (chunk) => void body.push(Buffer.from(chunk)));
      if (utf8) {
        await retr;
        assert.equal(Buffer.concat(body).toString(), text);
        await pop3.dele(count);
      } else await assert.rejects(retr, { respCode: 'UTF8' });
      await pop3.quit();
    }
  });

  test('a report to an address that is not ASCII is for who asks for UTF-8 as well', async () => {
    const requests = new Map([['bob@example.org', { notify: ['success'] }]] as const);
    const envelope = { from: 'zoë@example.net', recipients: ['bob@example.org'], requests };
    await client.send(envelope, { chunks: () => chunksOf('Subject: hi\r\n\r\nhi\r\n') });
    const [report] = sandbox.messages('outside@example.org').slice(-1);
    assert.equal((await readMessage(report?.read() ?? chunksOf())).subject, 'Delivered');
    assert.equal(report?.utf8, true);
  });

  test('VRFY knows the users', async () => {
    assert.deepEqual((await client.vrfy('Ann')).lines, ['<ann@example.org>']);
    assert.deepEqual((await client.vrfy('<bob@example.org>')).lines, ['<bob@example.org>']);
    await assert.rejects(client.vrfy('nobody'), { replyCode: 550, enhanced: '5.1.1' });
    await assert.rejects(client.expn('friends'), { replyCode: 502 });
  });
});

test('trouble of the sandbox itself is told to whoever runs it; the client learns that it may try again', async (t) => {
  const place = await mkdtemp(join(tmpdir(), 'posthorn-sandbox-'));
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = place;
  const faults: unknown[] = [];
  const sandbox = await startSandbox({ samples: false, fault: (error) => faults.push(error) }).finally(() => {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  });
  t.after(() => sandbox.close());
  await rm(place, { recursive: true });
  const [ann] = sandbox.users;
  const client = await SmtpClient.connect({ host: sandbox.host, port: sandbox.ports.smtp, security: 'none' });
  t.after(() => client.close());
  await client.login({ user: ann?.address ?? '', password: ann?.password ?? '' });
  // Too long for memory: the folder it would go to is not there any more.
  const chunks = () => chunksOf(`Subject: long\r\n\r\n${'text\r\n'.repeat(20_000)}`);
  const sent = client.send({ from: 'ann@example.org', recipients: ['bob@example.org'] }, { chunks });
  await assert.rejects(sent, (error) => error instanceof SmtpReplyError && error.temporary);
  assert.ok(faults.length > 0 && faults.every((error) => error instanceof StoreError));
});
