import assert from 'node:assert/strict';
import { test } from 'node:test';
import { line, reason, settled, withPeer } from '../../test/support/peer.ts';
import { ConnectionLostError, LimitError, ProtocolError, SmtpReplyError, TimeoutError } from '../errors.ts';
import { LineParser } from '../wire/line.ts';
import type { Channel } from './channel.ts';
import type { RequestOptions } from './requests.ts';

const ask = (channel: Channel, text: string, options?: RequestOptions): Promise<string> =>
  channel.exchange(line(text), new LineParser(), options);

test('requests of one tick leave in one write, and each gets its own reply', async () => {
  const { channel, peer } = withPeer();
  channel.pipelining = true;
  const replies = Promise.all([ask(channel, 'A'), ask(channel, 'B'), ask(channel, 'C')]);
  await settled();
  assert.deepEqual(peer.writes, ['A\r\nB\r\nC\r\n']);
  await peer.says('a\r\nb\r\nc\r\n');
  assert.deepEqual(await replies, ['a', 'b', 'c']);
});

test('replies are matched in order, though they come octet by octet', async () => {
  const { channel, peer } = withPeer();
  channel.pipelining = true;
  const replies = Promise.all(['A', 'B', 'C'].map((text) => ask(channel, text)));
  await settled();
  for (const octet of 'one\r\n\r\nthree\r\n') await peer.says(octet);
  assert.deepEqual(await replies, ['one', '', 'three']);
});

test('without pipelining the next request is held until the reply came', async () => {
  const { channel, peer } = withPeer();
  const replies = [ask(channel, 'A'), ask(channel, 'B'), ask(channel, 'C')];
  await settled();
  assert.deepEqual(peer.writes, ['A\r\n']);
  await peer.says('a\r\n');
  assert.deepEqual(peer.writes, ['A\r\n', 'B\r\n']);
  await peer.says('b');
  assert.deepEqual(peer.writes, ['A\r\n', 'B\r\n'], 'half a reply is none');
  await peer.says('\r\n');
  await peer.says('c\r\n');
  assert.deepEqual(peer.writes, ['A\r\n', 'B\r\n', 'C\r\n']);
  assert.deepEqual(await Promise.all(replies), ['a', 'b', 'c']);
});

test('with pipelining, `last` holds what follows until it is answered', async () => {
  const { channel, peer } = withPeer();
  channel.pipelining = true;
  const replies = [ask(channel, 'MAIL'), ask(channel, 'DATA', { last: true }), ask(channel, 'QUIT')];
  await settled();
  assert.deepEqual(peer.writes, ['MAIL\r\nDATA\r\n']);
  await peer.says('1\r\n');
  assert.equal(peer.writes.length, 1);
  await peer.says('2\r\n');
  assert.deepEqual(peer.writes, ['MAIL\r\nDATA\r\n', 'QUIT\r\n']);
  await peer.says('3\r\n');
  assert.deepEqual(await Promise.all(replies), ['1', '2', '3']);
});

test('bytes written behind a request in the same tick leave behind it', async () => {
  const { channel, peer } = withPeer();
  const reply = ask(channel, 'BDAT 4 LAST');
  await channel.write(Buffer.from('body'));
  await peer.says('250\r\n');
  assert.deepEqual(peer.writes, ['BDAT 4 LAST\r\nbody']);
  assert.equal(await reply, '250');
});

test('what nobody asked for is fatal at the next exchange, and nothing is sent', async () => {
  const { channel, peer } = withPeer();
  const greeting = channel.read(new LineParser());
  await peer.says('+OK hello\r\n1 2\r\n.\r\n');
  assert.equal(await greeting, '+OK hello');
  const [first, second] = await Promise.all([reason(ask(channel, 'A')), reason(ask(channel, 'B'))]);
  assert.ok(first instanceof ProtocolError);
  assert.equal(first.code, 'unsolicited');
  assert.equal(second, first);
  await settled();
  assert.deepEqual(peer.writes, []);
  assert.equal(channel.failure, first);
});

test('two replies to one command: the held command is not sent, nor answered by the second', async () => {
  const { channel, peer } = withPeer();
  const replies = [ask(channel, 'A'), ask(channel, 'B')];
  await settled();
  await peer.says('a\r\na again\r\n');
  assert.equal(await replies[0], 'a');
  await assert.rejects(replies[1] ?? Promise.resolve(), { code: 'unsolicited' });
  assert.deepEqual(peer.writes, ['A\r\n']);
});

test('a protocol may know what an unasked word means', async () => {
  const unsolicited = (bytes: Uint8Array): SmtpReplyError => new SmtpReplyError({ code: 421 }, String(bytes));
  const { channel, peer } = withPeer({ unsolicited });
  await peer.says('421 shutting down\r\n');
  await assert.rejects(ask(channel, 'NOOP'), { code: 'smtp-reply', message: '421 shutting down\r\n', temporary: true });
  assert.deepEqual(peer.writes, []);
});

test('a server reads commands of one segment one by one, and its replies leave in one write', async () => {
  const { channel, peer } = withPeer({ role: 'server' });
  await peer.says('A\r\nB\r\nC');
  for (const expected of ['A', 'B']) {
    assert.equal(await channel.read(new LineParser()), expected);
    await channel.write(line(`ok ${expected}`));
  }
  const third = channel.read(new LineParser());
  await settled();
  assert.deepEqual(peer.writes, ['ok A\r\nok B\r\n']);
  await peer.says('\r\n');
  assert.equal(await third, 'C');
});

test('a server that asks back takes what is already there', async () => {
  const { channel, peer } = withPeer({ role: 'server' });
  await peer.says('AUTH LOGIN\r\nYW5u\r\n');
  assert.equal(await channel.read(new LineParser()), 'AUTH LOGIN');
  assert.equal(await ask(channel, '334 '), 'YW5u');
  await settled();
  assert.deepEqual(peer.writes, ['334 \r\n']);
});

test('an expected reply holds every later request back, and its clock starts when it is told to', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { channel, peer } = withPeer();
  channel.pipelining = true;
  const expected = channel.expect(new LineParser(), { phase: 'data', timeout: 1 });
  const quit = ask(channel, 'QUIT');
  await channel.write(Buffer.from('body'));
  await settled();
  t.mock.timers.tick(1_000_000);
  assert.deepEqual([channel.failure, expected.settled, peer.writes], [undefined, false, ['body']]);
  expected.within(500);
  t.mock.timers.tick(499);
  assert.equal(expected.settled, false);
  t.mock.timers.tick(1);
  const error = await reason(expected.value);
  assert.ok(error instanceof TimeoutError);
  assert.deepEqual([error.code, error.phase, expected.settled], ['timeout', 'data', true]);
  assert.equal(await reason(quit), error);
});

test('an expected reply that comes early is seen while the body is still on its way', async () => {
  const { channel, peer } = withPeer();
  const expected = channel.expect(new LineParser());
  const noop = ask(channel, 'NOOP');
  await channel.write(Buffer.from('half'));
  await settled();
  assert.equal(expected.settled, false);
  await peer.says('552 too much\r\n');
  assert.equal(expected.settled, true);
  assert.equal(await expected.value, '552 too much');
  expected.within(1);
  await settled();
  assert.deepEqual(peer.writes, ['half', 'NOOP\r\n']);
  await peer.says('250\r\n');
  assert.equal(await noop, '250');
});

test('an expected reply keeps its place behind requests that are still held', async () => {
  const { channel, peer } = withPeer();
  const replies = [ask(channel, 'A'), ask(channel, 'B')];
  const expected = channel.expect(new LineParser());
  await settled();
  await peer.says('a\r\n');
  await peer.says('b\r\n');
  await peer.says('c\r\n');
  assert.deepEqual([await replies[0], await replies[1], await expected.value], ['a', 'b', 'c']);
});

test('a timeout counts from when a request is the next to be answered', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { channel, peer } = withPeer();
  const first = ask(channel, 'A', { timeout: 100 });
  const second = ask(channel, 'B', { timeout: 100, phase: 'b' });
  await settled();
  t.mock.timers.tick(99);
  await peer.says('a\r\n');
  assert.equal(await first, 'a');
  t.mock.timers.tick(99);
  assert.equal(channel.failure, undefined);
  t.mock.timers.tick(1);
  await assert.rejects(second, { name: 'TimeoutError', code: 'timeout', phase: 'b' });
});

test('the transcript shows what is said to be said, and the end of it rides on every error', async () => {
  const { channel, peer } = withPeer();
  const reply = channel.exchange(line('PASS secret'), new LineParser('latin1', 10), {
    said: 'PASS ****',
    phase: 'pass',
  });
  await settled();
  await peer.says('a line beyond the bound\r\n');
  const error = await reason(reply);
  assert.ok(error instanceof LimitError);
  assert.deepEqual([error.code, error.phase, error.transcript], ['line-too-long', 'pass', ['C: PASS ****']]);
  assert.equal(channel.failure, error);
  assert.ok(peer.socket.destroyed);
  assert.ok(!JSON.stringify(error).includes('secret'));
});

test('a server’s own words are S:, and what a parser says about the bytes it broke on is kept', async () => {
  const { channel, peer } = withPeer({ role: 'server' });
  await channel.write(line('250 hello'), '250 hello');
  const said: string[] = [];
  const parser = {
    result: undefined,
    said,
    push(): number {
      said.push('AUTH ****');
      throw new ProtocolError('bad-command', 'No.');
    },
  };
  const command = reason(channel.read(parser));
  await peer.says('AUTH PLAIN AGFubgBzZWNyZXQ=\r\n');
  assert.ok(!((await command) instanceof ConnectionLostError));
  assert.deepEqual(channel.failure?.transcript, ['S: 250 hello', 'C: AUTH ****']);
});
