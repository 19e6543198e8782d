import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { line, reason } from '../../test/support/peer.ts';
import { ConnectError } from '../errors.ts';
import { LineParser } from '../wire/line.ts';
import type { Channel } from './channel.ts';
import { openChannel } from './connect.ts';
import { listen } from './listen.ts';

async function answer(channel: Channel): Promise<void> {
  for (;;) {
    const command = await channel.read(new LineParser());
    await channel.write(line(`+OK ${command}`), `+OK ${command}`);
    if (command === 'QUIT') return channel.close();
  }
}

test('each connection becomes a channel, on loopback and a free port by default', async (t) => {
  const traced: string[] = [];
  const server = await listen({ trace: (text) => traced.push(text) }, (channel) => {
    answer(channel).catch(() => undefined);
  });
  t.after(() => server.close());
  assert.equal(server.host, '127.0.0.1');
  assert.ok(server.port > 0);
  const channels = [1, 2].map(() => openChannel({ host: server.host, port: server.port, security: 'none' }));
  for (const channel of await Promise.all(channels)) {
    assert.equal(await channel.exchange(line('NOOP'), new LineParser()), '+OK NOOP');
    assert.equal(await channel.exchange(line('QUIT'), new LineParser()), '+OK QUIT');
    await channel.closed();
    await assert.rejects(channel.exchange(line('NOOP'), new LineParser()), { outcome: 'not-sent' });
  }
  assert.deepEqual(traced.toSorted(), ['S: +OK NOOP', 'S: +OK NOOP', 'S: +OK QUIT', 'S: +OK QUIT']);
});

test('close stops listening and ends every connection', async () => {
  const ended: Promise<void>[] = [];
  const server = await listen({}, (channel) => ended.push(channel.closed()));
  const where = { host: server.host, port: server.port, security: 'none' as const };
  const channel = await openChannel(where);
  const greeting = reason(channel.read(new LineParser()));
  while (ended.length === 0) await new Promise((resolve) => setImmediate(resolve));
  await server.close();
  await Promise.all(ended);
  assert.ok(await greeting);
  await assert.rejects(openChannel(where), { code: 'refused' });
});

test('a port in use, and an address that is not ours, are said in plain words', async (t) => {
  const server = await listen({}, () => undefined);
  t.after(() => server.close());
  const taken = await reason(listen({ port: server.port }, () => undefined));
  assert.ok(taken instanceof ConnectError);
  assert.equal(taken.code, 'port-in-use');
  assert.ok(taken.hint);
  const foreign = await reason(listen({ host: '203.0.113.1' }, () => undefined));
  assert.ok(foreign instanceof ConnectError);
  assert.equal(foreign.code, 'cannot-listen');
  assert.match(foreign.message, /^Cannot listen on 203\.0\.113\.1, port 0: the address is not one of this machine\.$/);
});

test('a Unix socket, which is gone when the listener is closed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'listen-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'mail.sock');
  const server = await listen({ path }, (channel) => {
    answer(channel).catch(() => undefined);
  });
  t.after(() => server.close());
  assert.equal(server.port, 0);
  const where = { host: 'localhost', port: 0, path, security: 'none' as const };
  const traced: string[] = [];
  const channel = await openChannel({ ...where, trace: (text) => traced.push(text) });
  assert.equal(await channel.exchange(line('NOOP'), new LineParser()), '+OK NOOP');
  await channel.close();
  assert.deepEqual(traced, [`*: connected to ${path}`]);
  const cases: [string, string, RegExp][] = [
    [path, 'port-in-use', /there is something of that name/],
    [join(folder, 'missing', 'x'), 'cannot-listen', /its folder is missing/],
    [join(folder, 'x'.repeat(200)), 'cannot-listen', /so long a name/],
  ];
  for (const [taken, code, says] of cases) {
    const error = await reason(listen({ path: taken }, () => undefined));
    assert.ok(error instanceof ConnectError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, says);
  }
  await server.close();
  await assert.rejects(openChannel(where), { code: 'refused' });
});

test('a client that talks plain text to an implicit TLS port is dropped before anything is served', async (t) => {
  let served = 0;
  const identity = { certificate: '', key: '' };
  const server = await listen({ implicit: identity }, () => {
    served += 1;
  });
  t.after(() => server.close());
  const socket = connect(server.port, server.host);
  socket.on('error', () => undefined).resume();
  socket.write('EHLO me\r\n');
  await once(socket, 'close');
  assert.equal(served, 0);
});
