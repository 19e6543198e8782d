import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { test } from 'node:test';
import { reason, settled, withPeer } from '../../test/support/peer.ts';
import { TimeoutError } from '../errors.ts';
import { DotDecoder } from '../wire/dot.ts';
import { LineParser } from '../wire/line.ts';
import { Channel } from './channel.ts';

const KILOBYTES_64 = Buffer.alloc(64 * 1024, 'x');

test('a busy sink stops the peer, and the peer goes on when it is ready', async () => {
  const [near, far] = duplexPair();
  const gate = Promise.withResolvers<void>();
  let taken = 0;
  const channel = new Channel(near, { role: 'client' });
  const body = channel.read(
    new DotDecoder((chunk) => {
      taken += chunk.length;
      return taken === chunk.length ? gate.promise : undefined;
    }),
  );
  const writer = new Channel(far, { role: 'server' });
  let written = 0;
  const writing = (async () => {
    for (; written < 100; written++) await writer.write(KILOBYTES_64);
    await writer.write(Buffer.from('\r\n.\r\n'));
  })();
  for (let turn = 0; turn < 50; turn++) await settled();
  assert.ok(far.writableNeedDrain);
  assert.ok(near.isPaused());
  assert.equal(taken, KILOBYTES_64.length);
  assert.ok(written < 10, `${written} chunks were let go`);
  gate.resolve();
  await writing;
  assert.equal(await body, 100 * KILOBYTES_64.length + 2);
  channel.fail(new TimeoutError('timeout', 'The test is over.'));
  writer.fail(new TimeoutError('timeout', 'The test is over.'));
});

test('what nobody reads is not taken: 10 MB stay with the peer', async () => {
  const [near, far] = duplexPair();
  const channel = new Channel(near, { role: 'server' });
  const command = Buffer.from('NOOP\r\n'.repeat(10_000));
  let sent = 0;
  for (let turn = 0; turn < 1000 && sent < 10_000_000; turn++) {
    if (!far.writableNeedDrain) {
      far.write(command);
      sent += command.length;
    }
    await settled();
  }
  assert.ok(sent < 512 * 1024, `${sent} octets were taken`);
  assert.ok(near.isPaused());
  for (let count = 0; count < sent / 6; count++) assert.equal(await channel.read(new LineParser()), 'NOOP');
  await settled();
  assert.ok(!near.isPaused());
  assert.ok(!far.writableNeedDrain);
  near.destroy();
  await channel.closed();
});

test('write waits while the peer takes nothing, however small the pieces are', async () => {
  const { channel, peer } = withPeer({ role: 'server' });
  peer.sticks();
  let written = 0;
  const writing = (async () => {
    for (; written < 1000; written++) {
      await channel.write(Buffer.alloc(1024));
      await settled();
    }
  })();
  for (let turn = 0; turn < 500; turn++) await settled();
  assert.ok(written < 200, `${written} KB were taken`);
  peer.takes();
  await writing;
});

test('bytes of a tick that are more than a batch leave at once and in order', async () => {
  const { channel, peer } = withPeer();
  for (let letter = 0; letter < 26; letter++) await channel.write(Buffer.alloc(10_000, 97 + letter));
  await settled();
  const all = peer.writes.join('');
  assert.equal(all.length, 260_000);
  assert.ok(peer.writes.length < 10);
  assert.equal(all, [...all].sort().join(''));
});

test('a peer that takes nothing for too long is given up', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { channel, peer } = withPeer({ stall: 5000 });
  peer.sticks();
  const writing = reason(channel.write(Buffer.alloc(1_000_000)));
  await settled();
  t.mock.timers.tick(4999);
  assert.equal(channel.failure, undefined);
  t.mock.timers.tick(1);
  const error = await writing;
  assert.ok(error instanceof TimeoutError);
  assert.equal(error.code, 'stalled');
  assert.ok(peer.socket.destroyed);
});

test('a connection that breaks while a write waits says so', async () => {
  const { channel, peer } = withPeer();
  peer.sticks();
  const writing = channel.write(Buffer.alloc(1_000_000));
  await settled();
  await peer.ends();
  await assert.rejects(writing, { code: 'connection-lost', outcome: 'unknown' });
});

test('a peer that takes a large write slowly is not one that takes nothing', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { channel, peer } = withPeer({ stall: 5000 });
  const writing = channel.write(Buffer.alloc(1_000_000));
  for (let second = 0; second < 60; second += 4) {
    peer.sticks();
    t.mock.timers.tick(4000);
    peer.takes();
    await settled();
  }
  await writing;
  assert.equal(peer.writes.join('').length, 1_000_000);
});
