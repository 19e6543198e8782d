import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { onLoopback } from '../../test/support/loopback.ts';
import { reason } from '../../test/support/peer.ts';
import { AbortedError, ConnectError, UsageError } from '../errors.ts';
import { LineParser } from '../wire/line.ts';
import { openChannel } from './connect.ts';
import { listen } from './listen.ts';
import type { Security } from './security.ts';

/** What every failure to connect owes to the person who reads it. */
function assertPlain(error: unknown, code: string, reasonGiven: RegExp): void {
  assert.ok(error instanceof ConnectError, String(error));
  assert.equal(error.code, code);
  assert.equal(error.phase, 'connect');
  assert.equal(error.temporary, true);
  assert.match(error.message, /^Cannot connect to \S+, port \d+: .*\.$/);
  assert.match(error.message, reasonGiven);
  assert.doesNotMatch(error.message, /E[A-Z]{4}|getaddrinfo|connect E/);
  assert.ok(error.hint);
}

test('an unknown host', async () => {
  const error = await reason(openChannel({ host: 'mail.example.invalid', port: 995, security: 'implicit' }));
  assertPlain(error, 'unknown-host', /no such host|cannot be looked up/);
});

test('a port where nothing listens, by address and by name', async () => {
  const server = await listen({}, () => undefined);
  await server.close();
  for (const host of ['127.0.0.1', 'localhost']) {
    const error = await reason(openChannel({ host, port: server.port, security: 'none' }));
    assertPlain(error, 'refused', /nothing listens on that port/);
  }
});

test('a connection that does not come about in time', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const server = await listen({}, () => undefined);
  t.after(() => server.close());
  const opening = reason(openChannel({ host: '127.0.0.1', port: server.port, security: 'none', timeout: 5000 }));
  t.mock.timers.tick(5000);
  assertPlain(await opening, 'unreachable', /nobody answered/);
});

test('abort before and during the connection', async (t) => {
  const server = await listen({}, () => undefined);
  t.after(() => server.close());
  const where = { host: '127.0.0.1', port: server.port, security: 'none' as const };
  const controller = new AbortController();
  const opening = reason(openChannel({ ...where, signal: controller.signal }));
  controller.abort();
  for (const error of [await opening, await reason(openChannel({ ...where, signal: controller.signal }))]) {
    assert.ok(error instanceof AbortedError, String(error));
    assert.deepEqual([error.code, error.phase], ['aborted', 'connect']);
  }
});

test('abort afterwards ends the channel', async (t) => {
  const { port } = await onLoopback(t, createServer(), () => undefined);
  const controller = new AbortController();
  const channel = await openChannel({ host: '127.0.0.1', port, security: 'none', signal: controller.signal });
  const greeting = reason(channel.read(new LineParser()));
  controller.abort();
  assert.ok((await greeting) instanceof AbortedError);
  await channel.closed();
});

test('without TLS the channel is plain, says so, and traces where it went', async (t) => {
  const { port } = await onLoopback(t, createServer(), (socket) => socket.write('+OK\r\n'));
  const traced: string[] = [];
  const trace = (line: string): void => void traced.push(line);
  const channel = await openChannel({ host: 'localhost', port, security: 'none', trace });
  assert.equal(channel.tls, undefined);
  assert.equal(await channel.read(new LineParser()), '+OK');
  assert.deepEqual(traced, [`*: connected to localhost, port ${port}`]);
  channel.fail(new AbortedError('aborted', 'The test is over.'));
});

test('the last words of a server that hangs up at once are read', async (t) => {
  const { port } = await onLoopback(t, createServer(), (socket) => socket.end('-ERR [SYS/TEMP] busy\r\n'));
  const channel = await openChannel({ host: '127.0.0.1', port, security: 'none' });
  await channel.closed();
  assert.equal(await channel.read(new LineParser()), '-ERR [SYS/TEMP] busy');
});

test('a policy that is none, or is missing, does not pass for plain text', async (t) => {
  let connections = 0;
  const server = await listen({}, () => void connections++);
  t.after(() => server.close());
  for (const security of ['tls', 'IMPLICIT', '', undefined] as unknown as Security[]) {
    const error = await reason(openChannel({ host: server.host, port: server.port, security }));
    assert.ok(error instanceof UsageError, String(error));
    assert.equal(error.code, 'bad-security');
  }
  assert.equal(connections, 0);
});

test('a port that is none is our own mistake, and no trouble of the network that may pass', async () => {
  for (const port of [0, -1, 65_536, 1.5, Number.NaN, undefined] as number[]) {
    const error = await reason(openChannel({ host: '127.0.0.1', port, security: 'none' }));
    assert.ok(error instanceof UsageError, String(error));
    assert.deepEqual([error.code, error.temporary], ['bad-port', false]);
    if (port !== 0 && port !== undefined)
      await assert.rejects(
        listen({ port }, () => undefined),
        { code: 'bad-port' },
      );
  }
});

test('why the caller stopped the work is the cause of the error', async (t) => {
  const server = await listen({}, () => undefined);
  t.after(() => server.close());
  const why = new RangeError('of the caller');
  const stop = new AbortController();
  const options = { host: server.host, port: server.port, security: 'none', signal: stop.signal } as const;
  const channel = await openChannel(options);
  stop.abort(why);
  assert.equal(channel.failure?.cause, why);
  assert.equal(((await reason(openChannel(options))) as Error).cause, why);
});
