import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { line, Peer, reason, settled, withPeer } from '../../test/support/peer.ts';
import { AbortedError, ConnectionLostError, InternalError, ProtocolError, StoreError } from '../errors.ts';
import { DotDecoder } from '../wire/dot.ts';
import { LineParser } from '../wire/line.ts';
import type { Parser } from '../wire/parser.ts';
import { Channel } from './channel.ts';
import type { RequestOptions } from './requests.ts';

const ask = (channel: Channel, text: string, options?: RequestOptions): Promise<string> =>
  channel.exchange(line(text), new LineParser(), options);

/** Complete with the first octet, but for the time it asks for. */
class Slow implements Parser<string> {
  result: { readonly value: string } | undefined;
  readonly wait: Promise<void>;

  constructor(wait: Promise<void>) {
    this.wait = wait;
  }

  push(bytes: Uint8Array): number {
    this.result = { value: 'all of it' };
    return bytes.length;
  }
}

/** What became of a request when the connection was lost. */
async function outcome(promise: Promise<unknown>): Promise<string> {
  const error = await reason(promise);
  assert.ok(error instanceof ConnectionLostError, String(error));
  return error.outcome;
}

test('when the connection is lost, what was sent may have had its effect, what was held has not', async () => {
  const { channel, peer } = withPeer();
  const requests = [ask(channel, 'A', { phase: 'a' }), ask(channel, 'B')];
  await settled();
  await peer.ends();
  assert.deepEqual(await Promise.all(requests.map(outcome)), ['unknown', 'not-sent']);
  assert.equal(channel.failure?.phase, 'a');
  await channel.closed();
  const [later, later2] = [ask(channel, 'C'), ask(channel, 'D')];
  assert.equal(await outcome(later), 'not-sent');
  await settled();
  assert.equal(await outcome(later2), 'not-sent', 'and nobody was told of an unhandled rejection meanwhile');
  await assert.rejects(channel.write(Buffer.from('x')), { code: 'connection-lost' });
});

test('what was gathered for a write that was never made had no effect', async () => {
  const { channel, peer } = withPeer();
  channel.pipelining = true;
  const left = ask(channel, 'A');
  await settled();
  const gathered = ask(channel, 'B');
  channel.write(line('a body')).catch(() => undefined);
  const end = peer.ends();
  assert.equal(await outcome(left), 'unknown');
  assert.equal(await outcome(gathered), 'not-sent');
  await end;
  assert.deepEqual(peer.writes, ['A\r\n']);
});

test('a body is without effect until it is complete, and in doubt from then on', async () => {
  for (const [complete, expected] of [
    [false, 'not-sent'],
    [true, 'unknown'],
  ] as const) {
    const { channel, peer } = withPeer();
    const reply = channel.expect(new LineParser());
    await channel.write(line('all but the end'));
    if (complete) {
      await channel.write(line('.'));
      reply.complete();
    }
    await settled();
    await peer.ends();
    assert.equal(await outcome(reply.value), expected);
  }
});

test('a connection that breaks before we said anything is safe to try again', async () => {
  const { channel, peer } = withPeer();
  const greeting = channel.read(new LineParser());
  await peer.says('+OK hel');
  await peer.ends();
  await assert.rejects(greeting, { outcome: 'not-sent', temporary: true });
});

test('what the system reports is the cause', async () => {
  const { channel, peer } = withPeer();
  const reply = ask(channel, 'A');
  await settled();
  const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  peer.socket.destroy(cause);
  assert.equal(await outcome(reply), 'unknown');
  assert.equal(channel.failure?.cause, cause);
});

test('the last words of a peer that closes can be read afterwards', async () => {
  const { channel, peer } = withPeer();
  await peer.says('-ERR too many connections\r\n');
  await peer.ends();
  assert.equal(await channel.read(new LineParser()), '-ERR too many connections');
  await assert.rejects(channel.read(new LineParser()), { outcome: 'not-sent' });
});

test('a server carries out every command that came before the end', async () => {
  const { channel, peer } = withPeer({ role: 'server' });
  await peer.says('DELE 1\r\nQUIT\r\n');
  const dele = channel.read(new LineParser());
  await peer.ends();
  assert.equal(await dele, 'DELE 1');
  assert.equal(await channel.read(new LineParser()), 'QUIT');
});

test('a peer that ends while the sink is busy: all input is delivered first', async () => {
  const { channel, peer } = withPeer();
  const gates: PromiseWithResolvers<void>[] = [];
  let body = '';
  const decoder = new DotDecoder((chunk) => {
    body += String(chunk);
    const gate = Promise.withResolvers<void>();
    gates.push(gate);
    return gate.promise;
  });
  const octets = channel.read(decoder);
  const next = channel.read(new LineParser());
  await peer.says('one\r\n..two\r\n');
  await peer.says('three\r\n.\r\n+OK');
  await peer.ends();
  assert.equal(channel.failure, undefined);
  for (let gate = gates.shift(); gate !== undefined; gate = gates.shift()) {
    gate.resolve();
    await settled();
  }
  assert.equal(await octets, body.length);
  assert.equal(body, 'one\r\n.two\r\nthree\r\n');
  await assert.rejects(next, { code: 'connection-lost' });
});

test('a value that is complete but for its sink survives the end of the connection', async () => {
  const { channel, peer } = withPeer();
  const gate = Promise.withResolvers<void>();
  const value = channel.read(new Slow(gate.promise));
  await peer.says('x');
  await peer.ends();
  assert.equal(channel.failure, undefined);
  gate.resolve();
  assert.equal(await value, 'all of it');
});

test('a sink that fails ends the connection with its own reason', async () => {
  const full = new StoreError('disk-full', 'The disk is full.');
  for (const sink of [
    () => Promise.reject(full),
    () => {
      throw full;
    },
  ]) {
    const { channel, peer } = withPeer();
    const reply = channel.exchange(line('RETR 1'), new DotDecoder(sink), { phase: 'retr' });
    await settled();
    await peer.says('body\r\n');
    assert.equal(await reason(reply), full);
    assert.equal(full.phase, 'retr');
    assert.ok(peer.socket.destroyed);
  }
});

test('a fault of a sink that has no name of ours is wrapped', async () => {
  const { channel, peer } = withPeer();
  const bug = new RangeError('bug');
  const body = channel.read(new DotDecoder(() => Promise.reject(bug)));
  await peer.says('body\r\n');
  const error = await reason(body);
  assert.ok(error instanceof InternalError);
  assert.equal(error.cause, bug);
});

test('fail ends everything with one error, and the first error wins', async () => {
  const { channel, peer } = withPeer();
  channel.pipelining = true;
  const requests = [ask(channel, 'A'), ask(channel, 'B')];
  const error = new ProtocolError('bad-reply', 'No.');
  assert.equal(channel.fail(error), error);
  assert.equal(channel.fail(new ProtocolError('other', 'No.')), error);
  for (const request of requests) assert.equal(await reason(request), error);
  await channel.closed();
  await settled();
  assert.deepEqual(peer.writes, []);
});

test('close lets the last bytes out and settles what was waiting', async () => {
  const { channel, peer } = withPeer();
  const waiting = ask(channel, 'A');
  const held = ask(channel, 'B');
  await settled();
  await channel.write(line('221 bye'));
  const closing = channel.close();
  assert.deepEqual(await Promise.all([waiting, held].map(outcome)), ['unknown', 'not-sent']);
  await peer.says('what nobody waits for any more\r\n');
  await peer.ends();
  await closing;
  assert.deepEqual(peer.writes, ['A\r\n', '221 bye\r\n']);
  assert.ok(peer.socket.writableFinished);
  assert.equal(await outcome(ask(channel, 'C')), 'not-sent');
  await channel.close();
});

test('close does not wait for ever for the peer to do the same', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { channel } = withPeer();
  const closing = channel.close();
  await settled();
  t.mock.timers.tick(1000);
  await closing;
});

test('an AbortSignal ends it: before it began, and in the middle', async () => {
  assert.ok(withPeer({ signal: AbortSignal.abort() }).channel.failure instanceof AbortedError);
  const controller = new AbortController();
  const { channel, peer } = withPeer({ signal: controller.signal });
  const requests = [ask(channel, 'A'), ask(channel, 'B')];
  await settled();
  controller.abort();
  for (const request of requests) await assert.rejects(request, { code: 'aborted' });
  assert.ok(peer.socket.destroyed);
});

test('a reply must be complete in time, though octets drip; a body must go on', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { channel, peer } = withPeer();
  const body = channel.read(new DotDecoder(() => undefined), { timeout: 1000 });
  for (let second = 0; second < 5; second++) {
    await peer.says('x'.repeat(100));
    t.mock.timers.tick(1000);
    assert.equal(channel.failure, undefined);
  }
  await peer.says('\r\n.\r\n');
  assert.equal(await body, 502);

  const reply = channel.read(new LineParser(), { timeout: 1000 });
  for (let second = 0; second < 4; second++) {
    await peer.says('x'.repeat(1000));
    t.mock.timers.tick(250);
  }
  await assert.rejects(reply, { code: 'timeout' });
});

test('a body below the floor is as good as silence', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { channel, peer } = withPeer();
  const body = channel.read(new DotDecoder(() => undefined), { timeout: 1000 });
  await peer.says('x'.repeat(99));
  t.mock.timers.tick(1000);
  await assert.rejects(body, { name: 'TimeoutError' });
});

test('a sink may close or write: what it was given is not given again', async () => {
  const { channel, peer } = withPeer();
  const seen: string[] = [];
  const body = channel.exchange(
    line('RETR 1'),
    new DotDecoder((chunk) => {
      seen.push(String(chunk));
      if (seen.length === 1) void channel.write(line('x'));
      else void channel.close();
    }),
  );
  await settled();
  await peer.says('one\r\n');
  await peer.says('two\r\n');
  assert.equal(await outcome(body), 'unknown');
  assert.deepEqual(seen, ['one\r\n', 'two\r\n']);
});

test('a channel over a socket that is gone already is lost, and can be closed', async () => {
  const { socket } = new Peer();
  socket.destroy();
  await settled();
  const channel = new Channel(socket, { role: 'client' });
  assert.equal(await outcome(channel.read(new LineParser())), 'not-sent');
  await channel.close();
});

test('a close settles, in a program with nothing else to do, also where the other end of a pair stays open', async () => {
  const program = `
    import { duplexPair } from 'node:stream';
    import { Channel } from '${import.meta.resolve('./channel.ts')}';
    const [here] = duplexPair();
    await new Channel(here, { role: 'client' }).close();
    console.log('closed');
  `;
  // A process with nothing left to wait for ends with 13, and this fails.
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  assert.equal(stdout, 'closed\n');
});
