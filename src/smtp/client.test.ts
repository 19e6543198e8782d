import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Peer, reason, settled, withPeer } from '../../test/support/peer.ts';
import { assertNoSecret, PASSWORD, USER } from '../../test/support/secrets.ts';
import { chunksOf, smtpWithPeer } from '../../test/support/sessions.ts';
import { type Cut, CutServer } from '../../test/support/sweep.ts';
import { AbortedError, ConnectionLostError, type PosthornError, StoreError, TimeoutError } from '../errors.ts';
import { SmtpClient } from './client.ts';
import type { SendResult } from './envelope.ts';

const OPTIONS = { host: 'mail.test', port: 25, security: 'none' } as const;
const ENVELOPE = { from: 'a@example.org', recipients: ['b@example.org'] };
const TERMINATOR = '\r\n.\r\n';

function server(cut: Cut, pipelining: boolean): CutServer {
  let inMessage = false;
  const answers: Readonly<Record<string, string>> = {
    EHLO: `250-mail.test\r\n${pipelining ? '250-PIPELINING\r\n' : ''}250 AUTH PLAIN\r\n`,
    AUTH: '235 welcome\r\n',
    DATA: '354 go on\r\n',
    QUIT: '221 bye\r\n',
  };
  return new CutServer(
    '220 mail.test\r\n',
    (received) => {
      const end = received.indexOf(inMessage ? TERMINATOR : '\r\n');
      if (end < 0) return undefined;
      const octets = end + (inMessage ? TERMINATOR.length : 2);
      const verb = inMessage ? '' : received.slice(0, 4);
      inMessage = verb === 'DATA';
      return { answer: answers[verb] ?? '250 ok\r\n', octets };
    },
    cut,
  );
}

/** A source that gives the wire time between its chunks. */
async function* slowly(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    yield Buffer.from(text);
    await settled();
  }
}

async function session({ channel }: CutServer): Promise<SendResult> {
  const client = await SmtpClient.over(channel, OPTIONS);
  await client.login({ user: USER, password: PASSWORD });
  const result = await client.send(ENVELOPE, {
    chunks: () => slowly('Subject: x\r\n', '\r\n', '.a', 'b\r', '\nend\r\n'),
  });
  await client.quit();
  return result;
}

suite('a connection cut after every octet the client says', () => {
  for (const pipelining of [true, false]) {
    for (const reset of [true, false]) {
      const how = `${reset ? 'reset' : 'closed'}, ${pipelining ? 'with' : 'without'} pipelining`;
      test(how, async () => {
        const whole = server({}, pipelining);
        assert.equal((await session(whole)).outcome, 'sent');
        const end = whole.wire.indexOf(TERMINATOR) + TERMINATOR.length;
        const seen = new Set<string>();
        for (let received = 0; received <= whole.wire.length; received++) {
          const cut = server({ received, reset }, pipelining);
          const outcome = await session(cut).catch((error: unknown) => error);
          const said = outcome instanceof ConnectionLostError ? outcome.outcome : (outcome as SendResult).outcome;
          // The whole message may have left the client although the server broke off before it had read it.
          const complete = cut.wire.includes(TERMINATOR);
          const possible = !complete ? ['not-sent'] : received < end ? ['unknown'] : ['sent', 'unknown'];
          assert.ok(possible.includes(said), `at ${received} of ${end}: ${said}`);
          if (received >= end && !reset) assert.equal(said, 'sent');
          if (outcome instanceof Error) assertNoSecret(outcome);
          seen.add(said);
        }
        assert.deepEqual([...seen].sort(), ['not-sent', 'sent', 'unknown']);
      });
    }
  }
});

const PIPELINING = '250-mail.test\r\n250 PIPELINING\r\n';
const CHUNKING = '250-mail.test\r\n250-CHUNKING\r\n250 PIPELINING\r\n';

/** A client whose server has shown, with a message before, that it knows BDAT. */
async function inChunks(options: Parameters<typeof smtpWithPeer>[1] = {}) {
  const { client, peer } = await smtpWithPeer(CHUNKING, options);
  const first = client.send(ENVELOPE, { chunks: () => chunksOf('hi\r\n'), size: 4, exactLines: true });
  await settled();
  for (const answer of ['250 ok\r\n250 ok\r\n250 1 octet\r\n', '250 queued\r\n']) await peer.says(answer);
  await first;
  return { client, peer };
}

const connected = (signal?: AbortSignal) => smtpWithPeer(PIPELINING, { timeout: 1000, signal });

/** A message on its way: `ends` settles with its fate, as a value. */
async function sending(chunks: AsyncIterable<Uint8Array>, signal?: AbortSignal) {
  const { client, peer, channel } = await connected(signal);
  const fate = client.send(ENVELOPE, { chunks: () => chunks }).catch((error: unknown) => error);
  await settled();
  await peer.says('250 ok\r\n250 ok\r\n354 go on\r\n');
  return { client, peer, channel, fate, wire: () => peer.writes.join('') };
}

suite('behind the final dot', () => {
  test('a late answer counts, however short the other times are', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { peer, fate } = await sending(chunksOf('hi\r\n'));
    t.mock.timers.tick(599_999);
    await peer.says('250 at last\r\n');
    assert.equal(((await fate) as SendResult).outcome, 'sent');
  });

  for (const [how, recipients, size] of [
    ['travels with its commands', ['b@example.org'], 4],
    ['follows its commands', ['b@example.org', 'c@example.org'], 4],
    ['has a size that is not known', ['b@example.org'], undefined],
  ] as const) {
    test(`the same by BDAT, where the message ${how}`, async (t) => {
      t.mock.timers.enable({ apis: ['setTimeout'] });
      const { client, peer } = await inChunks({ timeout: 1000 });
      const message = { chunks: () => chunksOf('hi\r\n'), size, exactLines: true };
      const fate = client.send({ from: '', recipients }, message);
      await settled();
      for (let answers = -1; answers < recipients.length; answers++) await peer.says('250 ok\r\n');
      assert.ok(peer.writes.join('').endsWith('BDAT 4 LAST\r\nhi\r\n'));
      t.mock.timers.tick(599_999);
      await peer.says('250 at last\r\n');
      assert.equal((await fate).outcome, 'sent');
    });
  }

  test('ten minutes of silence leave the outcome unknown (RFC 5321 §4.5.3.2.6)', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { fate } = await sending(chunksOf('hi\r\n'));
    t.mock.timers.tick(600_000);
    const error = (await fate) as ConnectionLostError;
    assert.deepEqual([error.code, error.outcome, error.temporary], ['connection-lost', 'unknown', false]);
    assert.ok(error.cause instanceof TimeoutError);
    assert.deepEqual(error.transcript.slice(-2), ['C: (4 octets)', 'C: .']);
  });

  test('LMTP: each recipient’s answer has ten minutes of its own', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { client, peer } = await smtpWithPeer(PIPELINING, { protocol: 'lmtp', timeout: 1000 });
    const recipients = ['b@example.org', 'c@example.org', 'd@example.org'];
    const sent = client.send({ from: '', recipients }, { chunks: () => chunksOf('hi\r\n') });
    const fate = sent.catch((error: unknown) => error);
    await settled();
    await peer.says('250\r\n250\r\n250\r\n250\r\n354\r\n');
    for (const answer of ['250 first\r\n', '552 second\r\n']) {
      t.mock.timers.tick(599_999);
      await peer.says(answer);
    }
    t.mock.timers.tick(600_000);
    const { outcome, recipients: fates, message } = (await fate) as ConnectionLostError;
    assert.equal(outcome, 'unknown');
    assert.deepEqual(
      fates.map(({ fate: each }) => each),
      ['sent', 'refused', 'unknown'],
    );
    assert.match(message, /b@example.org got it. c@example.org did not get it.$/);
  });

  test('an abort leaves the outcome unknown', async () => {
    const controller = new AbortController();
    const { fate } = await sending(chunksOf('hi\r\n'), controller.signal);
    controller.abort();
    const error = (await fate) as ConnectionLostError;
    assert.equal(error.outcome, 'unknown');
    assert.ok(error.cause instanceof AbortedError);
  });
});

suite('before the final dot', () => {
  test('an abort is an abort, and the message never ends', async () => {
    const controller = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('first\r\n');
      await promise;
      yield Buffer.from('second\r\n');
    }
    const { fate, wire } = await sending(source(), controller.signal);
    controller.abort();
    resolve();
    assert.ok((await fate) instanceof AbortedError);
    assert.ok(!wire().includes('second') && !wire().includes('.\r\n'));
  });

  for (const error of [
    new Error('the file is gone'),
    new StoreError('damaged', 'It is damaged.'),
    new ConnectionLostError('unknown', 'The other line.'),
  ]) {
    test(`a source that fails with ${error.name}: its error surfaces, and the message never ends`, async () => {
      async function* source(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('first\r\n');
        await settled();
        throw error;
      }
      const { client, peer, fate, wire } = await sending(source());
      const thrown = (await fate) as PosthornError;
      if (error instanceof ConnectionLostError) assert.equal((thrown as ConnectionLostError).outcome, 'not-sent');
      else assert.equal(thrown, error);
      await settled();
      assert.ok(wire().endsWith('first\r\n'));
      assert.ok(peer.socket.destroyed);
      assert.equal(client.open, false);
    });
  }

  test('a source that never goes on holds nobody once the connection is over, or the server has answered', async () => {
    const ends = {
      abort: (_: Peer, controller: AbortController) => controller.abort(),
      loss: (peer: Peer) => peer.ends(),
      refusal: (peer: Peer) => peer.says('552 too much\r\n'),
    };
    const fates = await Promise.all(
      Object.values(ends).map(async (end) => {
        const source = {
          left: false,
          next: () => new Promise<never>(() => undefined),
          return: async () => {
            source.left = true;
            return { value: undefined, done: true } as const;
          },
        };
        const controller = new AbortController();
        const { peer, fate, wire } = await sending({ [Symbol.asyncIterator]: () => source }, controller.signal);
        await end(peer, controller);
        const { name, temporary } = (await fate) as PosthornError;
        assert.ok(source.left);
        assert.ok(!wire().includes('.\r\n'));
        return [name, temporary];
      }),
    );
    assert.deepEqual(fates, [
      ['AbortedError', false],
      ['ConnectionLostError', true],
      ['SmtpReplyError', false],
    ]);
  });

  test('a progress meter that fails is a source that fails', async () => {
    const { client, peer } = await connected();
    const error = new Error('no meter');
    const fate = reason(
      client.send(
        ENVELOPE,
        { chunks: () => chunksOf('first\r\n') },
        {
          progress: () => {
            throw error;
          },
        },
      ),
    );
    await settled();
    await peer.says('250 ok\r\n250 ok\r\n354 go on\r\n');
    assert.equal(await fate, error);
    assert.ok(!peer.writes.join('').endsWith('.\r\n'));
  });

  for (const size of [300_000, undefined]) {
    test(`250 while the last piece is still on its way is no acceptance (size ${size})`, async () => {
      const { client, peer } = await inChunks();
      const message = { chunks: () => chunksOf('x'.repeat(300_000)), size, exactLines: true };
      const fate = reason(client.send(ENVELOPE, message));
      await settled();
      peer.sticks();
      await peer.says('250 ok\r\n250 ok\r\n');
      await peer.says('250 taken\r\n');
      peer.takes();
      assert.equal(((await fate) as PosthornError).code, 'premature-reply');
      await settled();
      assert.ok(peer.writes.join('').length < 300_000);
    });
  }

  test('a server that stops answering is a timeout, and can be tried again', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { client } = await connected();
    const fate = reason(client.send(ENVELOPE, { chunks: () => chunksOf('hi\r\n') }));
    await settled();
    t.mock.timers.tick(1000);
    assert.deepEqual(
      [((await fate) as PosthornError).code, ((await fate) as PosthornError).temporary],
      ['timeout', true],
    );
  });
});

test('nothing gets into the middle of a message: what is asked for meanwhile comes behind it', async () => {
  const { client, peer } = await connected();
  const done = Promise.all([
    client.send(ENVELOPE, { chunks: () => chunksOf('one\r\n') }),
    client.noop(),
    client.send(ENVELOPE, { chunks: () => chunksOf('two\r\n') }),
    client.quit(),
  ]);
  const group = 'MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n';
  await settled();
  for (const answer of ['250\r\n250\r\n354\r\n', '250\r\n', '250\r\n', '250\r\n250\r\n354\r\n', '250\r\n'])
    await peer.says(answer);
  await peer.says('221\r\n');
  await peer.ends();
  await done;
  // What comes behind the final dot does not wait for the answer to it (RFC 2920 §3.1).
  assert.deepEqual(peer.writes.slice(1), [group, 'one\r\n.\r\nNOOP\r\n', group, 'two\r\n.\r\nQUIT\r\n']);
});

test('what was asked for behind a message that failed is still tried, and says that it was not sent', async () => {
  const { client, peer } = await connected();
  const first = reason(client.send(ENVELOPE, { chunks: () => chunksOf('one\r\n') }));
  const second = reason(client.send(ENVELOPE, { chunks: () => chunksOf('two\r\n') }));
  const rset = reason(client.rset());
  await settled();
  await peer.ends();
  for (const error of [await first, await second, await rset]) {
    assert.ok(error instanceof ConnectionLostError);
    assert.equal(error.outcome, 'not-sent');
  }
});

test('credentials that could begin another command are refused before anything is said', async () => {
  const { client, peer } = await connected();
  for (const password of [`${PASSWORD}\r\nDATA`, `a\0${PASSWORD}`]) {
    const error = await reason(client.login({ user: USER, password }));
    assertNoSecret(error);
  }
  await settled();
  assert.deepEqual(peer.writes, ['EHLO [127.0.0.1]\r\n']);
});

test('nothing gets into the middle of a login', async () => {
  const { client, peer } = await smtpWithPeer('250-mail.test\r\n250 AUTH CRAM-MD5\r\n');
  const done = Promise.all([client.login({ user: USER, password: PASSWORD }), client.noop()]);
  await settled();
  for (const answer of ['334 PGE=\r\n', '235 welcome\r\n', '250 ok\r\n']) await peer.says(answer);
  await done;
  const [auth, response, noop] = peer.writes.slice(1);
  assert.deepEqual([auth, noop], ['AUTH CRAM-MD5\r\n', 'NOOP\r\n']);
  assert.match(response ?? '', /^[A-Za-z0-9+/=]+\r\n$/);
});

test('a server that knows only HELO has no capabilities, whatever it adds to its name', async () => {
  const { channel, peer } = withPeer();
  const opened = SmtpClient.over(channel, OPTIONS);
  for (const answer of ['220 mail.test\r\n', '502 what?\r\n', '250-mail.test\r\n250 PIPELINING\r\n'])
    await peer.says(answer);
  assert.equal((await opened).capabilities.size, 0);
  assert.equal(channel.pipelining, false);
});

test('a small message that never comes holds nobody once the connection is over', async () => {
  const { client, peer } = await inChunks();
  const source = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) };
  const fate = reason(client.send(ENVELOPE, { chunks: () => source, size: 4, exactLines: true }));
  await settled();
  await peer.ends();
  assert.equal(((await fate) as ConnectionLostError).outcome, 'not-sent');
});

test('a message in chunks of unknown number is lost with its connection', async () => {
  const { client, peer } = await inChunks();
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield Buffer.alloc(2 ** 20);
  }
  const fate = reason(client.send(ENVELOPE, { chunks: endless }));
  await settled();
  await peer.says('250 ok\r\n250 ok\r\n');
  await peer.ends();
  assert.equal(((await fate) as ConnectionLostError).outcome, 'not-sent');
});

suite('a message that left with its commands, before any of them is answered', () => {
  const ends = {
    loss: (peer: Peer) => peer.ends(),
    abort: (_: Peer, controller: AbortController) => controller.abort(),
    garbage: (peer: Peer) => peer.says('what?\r\n'),
  };
  for (const [name, end] of Object.entries(ends)) {
    test(`${name}: nobody knows whether it was taken`, async () => {
      const controller = new AbortController();
      const { client, peer } = await inChunks({ signal: controller.signal });
      const fate = reason(client.send(ENVELOPE, { chunks: () => chunksOf('hi\r\n'), size: 4, exactLines: true }));
      await settled();
      assert.ok(peer.writes.join('').endsWith('BDAT 4 LAST\r\nhi\r\n'));
      await end(peer, controller);
      const error = (await fate) as ConnectionLostError;
      assert.deepEqual([error.code, error.outcome, error.temporary], ['connection-lost', 'unknown', false]);
    });
  }
});

test('a hundred messages are under way, and each answer lets one more go out', async () => {
  const { client, peer } = await inChunks();
  const message = { chunks: () => chunksOf('hi\r\n'), size: 4, exactLines: true };
  const fates = Array.from({ length: 103 }, () => client.send(ENVELOPE, message));
  const begun = () => peer.writes.join('').match(/^BDAT 4 LAST\r$/gm)?.length;
  await settled();
  assert.equal(begun(), 100);
  await peer.says('250 ok\r\n250 ok\r\n250 taken\r\n');
  await settled();
  assert.deepEqual([begun(), (await fates[0])?.outcome], [101, 'sent']);
  await peer.says('250 reset\r\n250 ok\r\n250 ok\r\n250 taken\r\n'.repeat(2));
  await settled();
  assert.equal(begun(), 103);
  await peer.says('250 reset\r\n250 ok\r\n250 ok\r\n250 taken\r\n'.repeat(100));
  assert.ok((await Promise.all(fates)).every(({ outcome }) => outcome === 'sent'));
});
