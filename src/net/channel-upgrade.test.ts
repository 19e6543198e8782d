import assert from 'node:assert/strict';
import { test } from 'node:test';
import { line, Peer, reason, settled, withPeer } from '../../test/support/peer.ts';
import { ProtocolError, TlsError } from '../errors.ts';
import { LineParser } from '../wire/line.ts';
import type { Channel } from './channel.ts';
import type { TlsInfo } from './tls.ts';

const TLS: TlsInfo = { protocol: 'TLSv1.3', cipher: 'X', subject: '', issuer: '', validTo: '', fingerprint: '' };
const ask = (channel: Channel, text: string): Promise<string> => channel.exchange(line(text), new LineParser());

test('a request made while TLS starts leaves under TLS and not before', async () => {
  const { channel, peer } = withPeer();
  const under = new Peer();
  const gate = Promise.withResolvers<void>();
  const upgrade = channel.upgrade(async () => {
    await gate.promise;
    return { socket: under.socket, tls: TLS };
  });
  const reply = ask(channel, 'EHLO me');
  await settled();
  assert.deepEqual([peer.writes, under.writes], [[], []]);
  gate.resolve();
  await upgrade;
  await settled();
  assert.deepEqual([peer.writes, under.writes], [[], ['EHLO me\r\n']]);
  await under.says('250 you\r\n');
  assert.equal(await reply, '250 you');
  assert.equal(channel.tls, TLS);
});

test('bytes still lying in the socket count as injected', async () => {
  const { channel, peer } = withPeer();
  peer.socket.pause();
  await peer.says('+OK injected\r\n');
  await assert.rejects(
    channel.upgrade(() => Promise.reject(new Error('is not reached'))),
    { code: 'tls-injection', phase: 'starttls' },
  );
});

test('an unanswered or a held request forbids the upgrade', async () => {
  const { channel } = withPeer();
  const replies = [ask(channel, 'STLS'), ask(channel, 'CAPA')];
  const error = await reason(channel.upgrade(() => Promise.reject(new Error('is not reached'))));
  assert.ok(error instanceof ProtocolError);
  for (const reply of replies) assert.equal(await reason(reply), error);
});

test('a channel that failed during the handshake does not come back to life', async () => {
  const { channel, peer } = withPeer();
  const under = new Peer();
  const gate = Promise.withResolvers<void>();
  const upgrade = channel.upgrade(async () => {
    await gate.promise;
    return { socket: under.socket, tls: TLS };
  });
  const error = channel.fail(new TlsError('tls-handshake', 'No.'));
  gate.resolve();
  assert.equal(await reason(upgrade), error);
  assert.ok(under.socket.destroyed);
  assert.ok(peer.socket.destroyed);
});

test('a TLS session that ended before it was taken over counts as lost', async () => {
  const { channel } = withPeer();
  const under = new Peer();
  under.socket.destroy();
  await settled();
  await assert.rejects(
    channel.upgrade(async () => ({ socket: under.socket, tls: TLS })),
    { code: 'connection-lost' },
  );
  await channel.closed();
});

test('a channel that is closed during a handshake that then fails is closed', async () => {
  const { channel } = withPeer();
  const handshake = Promise.withResolvers<never>();
  const upgrade = reason(channel.upgrade(() => handshake.promise));
  const closing = channel.close();
  handshake.reject(new TlsError('tls-handshake', 'No.'));
  assert.equal(await upgrade, channel.failure);
  await closing;
});
