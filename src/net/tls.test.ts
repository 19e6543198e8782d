import assert from 'node:assert/strict';
import { createServer as createPlainServer } from 'node:net';
import { duplexPair } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { createServer } from 'node:tls';
import type { CertificateKind } from '../../test/support/certificate.ts';
import { makeIdentities } from '../../test/support/identities.ts';
import { onLoopback } from '../../test/support/loopback.ts';
import { line, reason } from '../../test/support/peer.ts';
import { startStlsServer } from '../../test/support/stls-server.ts';
import { TlsError } from '../errors.ts';
import { LineParser } from '../wire/line.ts';
import { Channel } from './channel.ts';
import { type ConnectOptions, openChannel, secure } from './connect.ts';
import { secureServer } from './listen.ts';
import { startTls } from './tls.ts';

const { ca, identityOf, fingerprintOf } = await makeIdentities('trusted', 'self-signed', 'other-host', 'expired');
const foreignCa = identityOf('self-signed').certificate;

/** Starts the server with one kind of certificate and connects to it under TLS, one way or the other. */
async function reach(
  t: TestContext,
  kind: CertificateKind,
  security: 'implicit' | 'required',
  options: Partial<ConnectOptions> = {},
): Promise<Channel> {
  const port = await startStlsServer(t, identityOf(kind), security === 'implicit');
  const where: ConnectOptions = { host: 'localhost', port, security, tls: { ca: [ca] }, ...options };
  const channel = await openChannel(where);
  assert.equal(await channel.read(new LineParser()), '+OK ready');
  if (security === 'required') {
    await channel.exchange(line('STLS'), new LineParser());
    await secure(channel, where);
  }
  return channel;
}

for (const security of ['implicit', 'required'] as const) {
  test(`${security}: a server that proves itself is spoken to, and what protects it is known`, async (t) => {
    for (const host of ['localhost', '127.0.0.1']) {
      const channel = await reach(t, 'trusted', security, { host });
      assert.equal(await channel.exchange(line('CAPA'), new LineParser()), '+OK CAPA');
      assert.equal(channel.pipelining, false);
      assert.equal(channel.tls?.protocol, 'TLSv1.3');
      assert.equal(channel.tls.fingerprint, fingerprintOf('trusted'));
      assert.equal(channel.tls.subject, 'Posthorn test');
      assert.equal(channel.tls.issuer, 'Throw-away CA');
      assert.ok(channel.transcript.tail().includes(`*: TLSv1.3 started, ${channel.tls.cipher}`));
      await channel.close();
    }
  });

  const refused: [kind: CertificateKind, code: string, message: RegExp][] = [
    ['self-signed', 'tls-untrusted', /self-signed/],
    ['other-host', 'tls-wrong-host', /another name/],
    ['expired', 'tls-expired', /expired/],
  ];
  for (const [kind, code, message] of refused) {
    test(`${security}: a certificate that is ${kind} is refused, and the reason said`, async (t) => {
      const error = await reason(reach(t, kind, security));
      assert.ok(error instanceof TlsError, String(error));
      assert.equal(error.code, code);
      assert.equal(error.phase, 'tls');
      assert.match(error.message, message);
      assert.match(error.message, /^The certificate of localhost .*Posthorn test/);
      assert.ok(error.hint);
      if (kind === 'self-signed') assert.ok(error.hint.includes(fingerprintOf(kind)), error.hint);
      if (kind === 'other-host') assert.ok(error.hint.includes('other.example.com'), error.hint);
    });
  }

  test(`${security}: an authority that nobody trusts here is refused`, async (t) => {
    for (const tls of [{}, { ca: [foreignCa] }, { ca: [] }]) {
      const error = await reason(reach(t, 'trusted', security, { tls }));
      assert.ok(error instanceof TlsError, String(error));
      assert.equal(error.code, 'tls-untrusted');
      assert.match(error.message, /authority/);
    }
  });

  test(`${security}: a pin accepts its one certificate, whatever is wrong with it, and no other`, async (t) => {
    for (const kind of ['self-signed', 'other-host', 'expired', 'trusted'] as const) {
      const fingerprint = fingerprintOf(kind);
      for (const pin of [fingerprint, fingerprint.replaceAll(':', '').toLowerCase()]) {
        await (await reach(t, kind, security, { tls: { fingerprint: pin } })).close();
      }
      const other = fingerprintOf(kind === 'trusted' ? 'expired' : 'trusted');
      const error = await reason(reach(t, kind, security, { tls: { ca: [ca], fingerprint: other } }));
      assert.ok(error instanceof TlsError, String(error));
      assert.equal(error.code, 'tls-pin-mismatch');
      assert.ok(error.message.includes(fingerprint));
    }
    for (const nonsense of ['', ':', 'AB', 'undefined']) {
      await assert.rejects(reach(t, 'trusted', security, { tls: { fingerprint: nonsense } }), {
        code: 'tls-pin-mismatch',
      });
    }
  });

  test(`${security}: the environment cannot switch the checks off`, async (t) => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    t.after(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
    await assert.rejects(reach(t, 'self-signed', security), { code: 'tls-untrusted' });
    await assert.rejects(reach(t, 'other-host', security), { code: 'tls-wrong-host' });
  });
}

test('plain text on a port where TLS is due is an error, and nothing is said in clear', async (t) => {
  const { port, heard } = await onLoopback(t, createPlainServer(), (socket) => socket.write('+OK POP3 ready\r\n'));
  const error = await reason(openChannel({ host: 'localhost', port, security: 'implicit' }));
  assert.ok(error instanceof TlsError, String(error));
  assert.equal(error.code, 'tls-handshake');
  assert.match(error.hint ?? '', /995/);
  // A TLS record of type handshake, and no octet of a command.
  assert.ok(heard().length === 0 || heard()[0] === 0x16);
});

test('a server that hangs up instead of a handshake', async (t) => {
  const { port } = await onLoopback(t, createPlainServer(), (socket) => socket.end());
  const error = await reason(openChannel({ host: 'localhost', port, security: 'implicit' }));
  assert.ok(error instanceof TlsError, String(error));
  assert.equal(error.code, 'tls-handshake');
  assert.match(error.message, /closed the connection/);
  assert.ok(error.hint);
});

for (const injected of ['+OK\r\nPLAIN\r\n.\r\n', '250-SMTPUT', '\n']) {
  test(`${JSON.stringify(injected)} behind the answer to STLS is fatal`, async (t) => {
    const { port, heard } = await onLoopback(t, createPlainServer(), (socket) =>
      socket.once('data', () => socket.write(`+OK go\r\n${injected}`)),
    );
    const where: ConnectOptions = { host: 'localhost', port, security: 'required' };
    const channel = await openChannel(where);
    assert.equal(await channel.exchange(line('STLS'), new LineParser()), '+OK go');
    await assert.rejects(secure(channel, where), { name: 'ProtocolError', code: 'tls-injection', phase: 'starttls' });
    await assert.rejects(channel.exchange(line('USER x'), new LineParser()), { code: 'tls-injection' });
    await channel.closed();
    assert.equal(String(heard()), 'STLS\r\n');
  });
}

test('plain text in the place of a handshake is no answer to anything', async (t) => {
  const { port, heard } = await onLoopback(t, createPlainServer(), (socket) =>
    socket.once('data', () => {
      socket.write('+OK go\r\n');
      socket.once('data', () => socket.write('+OK\r\nPLAIN\r\n.\r\n'));
    }),
  );
  const where: ConnectOptions = { host: 'localhost', port, security: 'required' };
  const channel = await openChannel(where);
  await channel.exchange(line('STLS'), new LineParser());
  await assert.rejects(secure(channel, where), { code: 'tls-handshake' });
  await assert.rejects(channel.exchange(line('USER x'), new LineParser()), { code: 'tls-handshake' });
  assert.ok(!heard().includes('USER'));
});

test('the server name is the host, and absent for a literal address', async (t) => {
  const { certificate: cert, key } = identityOf('trusted');
  const names: unknown[] = [];
  const { port } = await onLoopback(
    t,
    createServer({ cert, key }, (socket) => names.push(socket.servername)),
    () => undefined,
  );
  for (const host of ['localhost', '127.0.0.1']) {
    const channel = await openChannel({ host, port, security: 'implicit', tls: { ca: [ca] } });
    await channel.close();
  }
  // Neither a dot at the end nor what people write of a name goes on the wire.
  for (const host of ['localhost.', 'bücher.test']) {
    const channel = await openChannel({ host: '127.0.0.1', port, security: 'none' });
    const fingerprint = fingerprintOf('trusted');
    await channel.upgrade((plain) => startTls(plain, host, { fingerprint }));
    await channel.close();
  }
  assert.deepEqual(names, ['localhost', false, 'localhost', 'xn--bcher-kva.test']);
});

test('TLS 1.1 is refused', async (t) => {
  const { certificate: cert, key } = identityOf('trusted');
  const old = createServer({ cert, key, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' });
  old.on('tlsClientError', () => undefined);
  const { port } = await onLoopback(t, old, () => undefined);
  await assert.rejects(openChannel({ host: 'localhost', port, security: 'implicit', tls: { ca: [ca] } }), {
    code: 'tls-handshake',
  });
});

test('a handshake that stalls is given up in time', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const [near, far] = duplexPair();
  far.resume();
  const channel = new Channel(near, { role: 'client' });
  const upgrade = channel.upgrade((plain) => startTls(plain, 'mail.example.org', {}, 2000));
  t.mock.timers.tick(1999);
  assert.equal(channel.failure, undefined);
  t.mock.timers.tick(1);
  await assert.rejects(upgrade, { name: 'TimeoutError', code: 'tls-timeout', phase: 'tls' });
  assert.ok(near.destroyed);
});

test('a handshake can be aborted', async () => {
  const [near, far] = duplexPair();
  far.resume();
  const controller = new AbortController();
  const channel = new Channel(near, { role: 'client', signal: controller.signal });
  const upgrade = channel.upgrade((plain) => startTls(plain, 'h', {}, 60_000, controller.signal));
  controller.abort();
  await assert.rejects(upgrade, { code: 'aborted' });
  await channel.closed();
});

test('TLS runs over a pair in memory, both ways, and closes in order', async () => {
  const [near, far] = duplexPair();
  const client = new Channel(near, { role: 'client' });
  const server = new Channel(far, { role: 'server' });
  client.pipelining = true;
  await Promise.all([
    secureServer(server, identityOf('trusted')),
    client.upgrade((plain) => startTls(plain, 'localhost', { ca: [ca] })),
  ]);
  assert.equal(client.pipelining, false, 'what was learned in clear is forgotten');
  const big = Buffer.alloc(1_000_000, 'x');
  const reply = client.exchange(line('CAPA'), new LineParser());
  assert.equal(await server.read(new LineParser()), 'CAPA');
  await server.write(line('+OK'));
  assert.equal(await reply, '+OK');
  const body = server.read(new LineParser('latin1', 2_000_000));
  await client.write(Buffer.concat([big, line('')]));
  assert.equal((await body).length, big.length);
  const end = server.read(new LineParser());
  await client.close();
  await assert.rejects(end, { code: 'connection-lost' });
  await server.closed();
});
