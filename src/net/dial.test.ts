/** Dialling, with look-ups made up by the test and connections over loopback, or of no network at all. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, connect, type NetConnectOpts, Socket, type TcpNetConnectOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { onLoopback } from '../../test/support/loopback.ts';
import { reason, settled } from '../../test/support/peer.ts';
import { ConnectError, UsageError } from '../errors.ts';
import { dial, type System } from './dial.ts';

const HOST = 'mail.example.org';

/** A look-up that knows one host. */
function names(...addresses: readonly string[]): System {
  return {
    lookup: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    connect,
  };
}

/** A network in which each address connects, fails by the system's word, or stays silent; and whom it saw. */
function network(answers: Readonly<Record<string, 'connects' | 'silent' | `E${string}`>>) {
  const tried: string[] = [];
  const sockets: Socket[] = [];
  const connectTo = (options: NetConnectOpts): Socket => {
    const { host = '' } = options as TcpNetConnectOpts;
    tried.push(host);
    const socket = new Socket();
    sockets.push(socket);
    const answer = answers[host];
    if (answer === 'connects') setImmediate(() => socket.emit('connect'));
    else if (answer !== 'silent')
      setImmediate(() => socket.destroy(Object.assign(new Error(answer), { code: answer })));
    return socket;
  };
  return { system: { ...names(...Object.keys(answers)), connect: connectTo }, tried, sockets };
}

async function refusal(dialled: Promise<Socket>, code: string): Promise<ConnectError> {
  const error = await reason(dialled);
  assert.ok(error instanceof ConnectError, String(error));
  assert.equal(error.code, code);
  assert.ok(error.hint);
  return error;
}

test('the address on which somebody listens is found behind those where nobody does', async (t) => {
  const { port } = await onLoopback(t, createServer(), () => undefined);
  const socket = await dial({ host: HOST, port }, 5000, undefined, names('127.0.0.9', '::1', '127.0.0.1'));
  assert.equal(socket.remoteAddress, '127.0.0.1');
  socket.destroy();
});

test('an address that swallows everything costs a quarter of a second, and is given up once another answers', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { system, tried, sockets } = network({ '2001:db8::1': 'silent', '192.0.2.1': 'connects' });
  const dialled = dial({ host: HOST, port: 995 }, 30_000, undefined, system);
  await settled();
  assert.deepEqual(tried, ['2001:db8::1']);
  t.mock.timers.tick(250);
  const socket = await dialled;
  assert.deepEqual(tried, ['2001:db8::1', '192.0.2.1']);
  assert.deepEqual(
    sockets.map(({ destroyed }) => destroyed),
    [true, false],
  );
  socket.destroy();
});

test('a slow address wins over one that was begun later and is slower', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { system, sockets } = network({ '2001:db8::1': 'silent', '192.0.2.1': 'silent' });
  const dialled = dial({ host: HOST, port: 995 }, 30_000, undefined, system);
  await settled();
  t.mock.timers.tick(10_000);
  sockets[0]?.emit('connect');
  assert.equal(await dialled, sockets[0]);
  assert.deepEqual(
    sockets.map(({ destroyed }) => destroyed),
    [false, true],
  );
});

test('of all that failed the most telling comes first, and the others are named', async () => {
  const { system } = network({
    '2001:db8::1': 'ENETUNREACH',
    '192.0.2.1': 'ECONNREFUSED',
    '2001:db8::2': 'ENETUNREACH',
    '192.0.2.2': 'ETIMEDOUT',
  });
  const error = await refusal(dial({ host: HOST, port: 995 }, 5000, undefined, system), 'refused');
  assert.equal(
    error.message,
    `Cannot connect to ${HOST}, port 995: nothing listens on that port (192.0.2.1; ` +
      '2001:db8::1: the network cannot be reached; 2001:db8::2: the network cannot be reached; 192.0.2.2: nobody answered).',
  );
});

test('a reason that all share is said once, and of many addresses only a few are named', async () => {
  const four = network({ '192.0.2.1': 'EHOSTUNREACH', '192.0.2.2': 'EHOSTUNREACH' });
  const same = await refusal(dial({ host: HOST, port: 1 }, 5000, undefined, four.system), 'unreachable');
  assert.equal(same.message, `Cannot connect to ${HOST}, port 1: the host cannot be reached.`);
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`192.0.2.${at}`, 'ETIMEDOUT' as const]));
  const { system } = network({ ...many, '192.0.2.99': 'ECONNREFUSED' });
  const error = await refusal(dial({ host: HOST, port: 1 }, 5000, undefined, system), 'refused');
  assert.ok(error.message.length < 300, error.message);
  assert.match(error.message, /…\)\.$/);
});

test('the time is for all addresses together, and what failed before is still told', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { system, sockets } = network({ '2001:db8::1': 'ECONNREFUSED', '192.0.2.1': 'silent', '192.0.2.2': 'silent' });
  const dialled = refusal(dial({ host: HOST, port: 995 }, 1000, undefined, system), 'refused');
  await settled();
  t.mock.timers.tick(1000);
  const error = await dialled;
  assert.match(error.message, /nothing listens on that port \(2001:db8::1; 192\.0\.2\.1: nobody answered/);
  assert.ok(sockets.every(({ destroyed }) => destroyed));
});

test('a look-up that takes too long, finds nothing, or fails', async (t) => {
  const never: System = { lookup: () => new Promise(() => undefined), connect };
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const dialled = refusal(dial({ host: HOST, port: 995 }, 1000, undefined, never), 'unknown-host');
  t.mock.timers.tick(1000);
  assert.match((await dialled).message, /cannot be looked up now/);
  t.mock.timers.reset();
  await refusal(dial({ host: HOST, port: 995 }, 1000, undefined, names()), 'unknown-host');
});

test('abort is heard while a name is looked up, and while addresses are tried', async () => {
  const controller = new AbortController();
  const never: System = { lookup: () => new Promise(() => undefined), connect };
  const { system, sockets } = network({ '192.0.2.1': 'silent' });
  const both = [never, system].map((each) => reason(dial({ host: HOST, port: 995 }, 30_000, controller.signal, each)));
  await settled();
  controller.abort();
  for (const error of await Promise.all(both)) assert.equal((error as ConnectError).code, 'aborted');
  assert.ok(sockets.every(({ destroyed }) => destroyed));
});

test('with a source address only its family is tried, and the server sees it', async (t) => {
  const seen: (string | undefined)[] = [];
  const { port } = await onLoopback(t, createServer(), (socket) => seen.push(socket.remoteAddress));
  const place = { host: HOST, port, sourceAddress: '127.0.0.7' };
  const socket = await dial(place, 5000, undefined, names('::1', '127.0.0.1'));
  socket.destroy();
  assert.deepEqual(seen, ['127.0.0.7']);
  const { system, tried } = network({ '2001:db8::1': 'connects', '192.0.2.1': 'connects' });
  (await dial({ host: HOST, port: 1, sourceAddress: '::1' }, 5000, undefined, system)).destroy();
  assert.deepEqual(tried, ['2001:db8::1']);
});

test('a source address that cannot be used is said in plain words', async () => {
  const other = await refusal(
    dial({ host: HOST, port: 1, sourceAddress: '::1' }, 5000, undefined, names('127.0.0.1')),
    'wrong-family',
  );
  assert.match(other.message, /it has no IPv6 address, and the source address is one/);
  await refusal(dial({ host: '::1', port: 1, sourceAddress: '127.0.0.1' }), 'wrong-family');
  await refusal(dial({ host: '127.0.0.1', port: 1, sourceAddress: '203.0.113.9' }), 'bad-source-address');
  const nonsense = await reason(dial({ host: '127.0.0.1', port: 1, sourceAddress: 'eth0' }));
  assert.ok(nonsense instanceof UsageError);
  assert.equal(nonsense.code, 'bad-source-address');
});

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'dial-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

test('a socket of this machine', async (t) => {
  const path = join(await folder(t), 'mail.sock');
  const server = createServer((socket) => socket.end('+OK\r\n'));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => server.close());
  const socket = await dial({ host: 'localhost', port: 0, path });
  assert.equal(String(await socket.toArray()), '+OK\r\n');
});

test('a socket that is not there, or is none, or has too long a name', async (t) => {
  const parent = await folder(t);
  await writeFile(join(parent, 'file'), '');
  const cases: [string, RegExp][] = [
    [join(parent, 'missing'), /there is no such socket/],
    [join(parent, 'file', 'x'), /there is no such socket/],
    [join(parent, 'file'), /nothing listens on that socket/],
    [join(parent, 'x'.repeat(200)), /so long a name/],
  ];
  for (const [path, says] of cases) {
    const error = await refusal(dial({ host: 'localhost', port: 0, path }), 'refused');
    assert.match(error.message, says);
    assert.ok(error.message.includes(path));
  }
});
