import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { type Mood, type MoodyServer, type Moods, startMoodyServer } from '../../test/support/moody-server.ts';
import { reason } from '../../test/support/peer.ts';
import { random } from '../../test/support/random.ts';
import { assertNoSecret, PASSWORD, USER } from '../../test/support/secrets.ts';
import { chunksOf } from '../../test/support/sessions.ts';
import { AuthError, ConnectionLostError, PosthornError, UsageError } from '../errors.ts';
import type { Outgoing, SendResult } from './envelope.ts';
import { type PoolOptions, SmtpPool } from './pool.ts';

const ENVELOPE = { from: 'a@example.org', recipients: ['b@example.org'] };
const ALWAYS = { mood: (): Mood => 'ok' };

function mail(text: string, sized = true): Outgoing {
  const whole = `Subject: ${text}\r\n`;
  return { chunks: () => chunksOf(whole), size: sized ? whole.length : undefined, exactLines: true };
}

async function poolFor(
  t: TestContext,
  moods: Moods,
  options: Partial<PoolOptions> = {},
): Promise<{ pool: SmtpPool; server: MoodyServer }> {
  const server = await startMoodyServer(t, moods);
  const pool = new SmtpPool({ host: '127.0.0.1', port: server.port, security: 'none', pause: 1, ...options });
  return { pool, server };
}

function sendAll(pool: SmtpPool, count: number): Promise<PromiseSettledResult<SendResult>[]> {
  return Promise.allSettled(Array.from({ length: count }, (_, at) => pool.send(ENVELOPE, mail(String(at)))));
}

/** What a caller is told of a message. */
function told(result: PromiseSettledResult<SendResult>): 'sent' | 'not-sent' | 'unknown' {
  if (result.status === 'fulfilled') return result.value.outcome === 'sent' ? 'sent' : 'not-sent';
  assert.ok(result.reason instanceof PosthornError, String(result.reason));
  return result.reason instanceof ConnectionLostError ? result.reason.outcome : 'not-sent';
}

/** A server that is in a bad mood once in `rarity` turns. */
function moodsOf(seed: number, rarity: number): Moods['mood'] {
  const bad: readonly Mood[] = ['421', 'close', 'reset', 'later', 'lose'];
  const fraction = random(seed);
  const next = (bound: number): number => Math.floor(fraction() * bound);
  return (verb) => {
    if (next(rarity) > 0) return 'ok';
    const mood = bad[next(bad.length)] ?? 'ok';
    return mood === 'lose' && verb !== '.' ? 'close' : mood;
  };
}

const OFFERS = [[], ['PIPELINING'], ['CHUNKING'], ['PIPELINING', 'CHUNKING']];

test('whatever the server does: what is sent is there once, what is not sent is not, and nothing is there twice', async (t) => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.integer({ min: 3, max: 30 }),
      fc.constantFrom(...OFFERS),
      fc.integer({ min: 1, max: 4 }),
      async (seed, rarity, capabilities, connections) => {
        const { pool, server } = await poolFor(t, { mood: moodsOf(seed, rarity), capabilities }, { connections });
        const results = await sendAll(pool, 25);
        await pool.close();
        for (const [at, result] of results.entries()) {
          const times = server.taken.filter((text) => text === `Subject: ${at}\r\n`).length;
          const fate = told(result);
          seen.add(fate);
          if (fate === 'sent') assert.equal(times, 1, `${at} is sent`);
          if (fate === 'not-sent') assert.equal(times, 0, `${at} is not sent`);
          if (fate === 'unknown') assert.ok(times <= 1, `${at} is there twice`);
        }
      },
    ),
    { numRuns: 120 },
  );
  assert.deepEqual([...seen].sort(), ['not-sent', 'sent', 'unknown']);
});

suite('a server that wants a new connection now and then gets it, and every message', () => {
  const wishes: Readonly<Record<string, Moods['mood']>> = {
    '421 behind the second message': (verb, carried) => (verb === 'MAIL' && carried === 2 ? '421' : 'ok'),
    'no third MAIL on one connection': (verb, carried) => (verb === 'MAIL' && carried === 2 ? 'later' : 'ok'),
    'hangs up behind the second message': (verb, carried) => (verb === 'MAIL' && carried === 2 ? 'close' : 'ok'),
    'breaks off behind the second message': (verb, carried) => (verb === 'RCPT' && carried === 2 ? 'reset' : 'ok'),
  };
  for (const [name, mood] of Object.entries(wishes)) {
    test(name, async (t) => {
      for (const capabilities of OFFERS) {
        // A message that travels with its commands is in doubt as soon as one of them meets a closed connection.
        const doubtful = capabilities.length === 2 && /hangs|breaks/.test(name);
        const { pool, server } = await poolFor(t, { mood, capabilities }, { connections: 1 });
        const results = await sendAll(pool, 9);
        await pool.close();
        const expected = results.map((_, at) => (doubtful && at % 3 === 2 ? 'unknown' : 'sent'));
        assert.deepEqual(results.map(told), expected);
        if (!doubtful) assert.equal(server.connections.total, 5);
      }
    });
  }

  test('or says so beforehand', async (t) => {
    const { pool, server } = await poolFor(t, ALWAYS, { connections: 1, messagesPerConnection: 4 });
    await sendAll(pool, 9);
    await pool.close();
    assert.deepEqual([server.taken.length, server.connections.total], [9, 3]);
    assert.equal(server.commands.filter((line) => line === 'QUIT').length, 3);
  });
});

test('a server that takes fewer connections gets all messages over those', async (t) => {
  let standing = 0;
  const mood = (verb: string): Mood => {
    if (verb !== 'connect') return 'ok';
    standing += 1;
    return standing > 2 ? '421' : 'ok';
  };
  const { pool, server } = await poolFor(t, { mood }, { connections: 5 });
  const results = await sendAll(pool, 30);
  await pool.close();
  assert.ok(results.every((result) => told(result) === 'sent'));
  assert.equal(server.taken.length, 30);
  assert.ok(server.connections.total <= 6);
});

test('a server that cannot be reached is tried so often, and fails all that waits', async (t) => {
  const { pool, server } = await poolFor(t, { mood: () => '421' }, { attempts: 2 });
  const results = await sendAll(pool, 10);
  assert.deepEqual(new Set(results.map(told)), new Set(['not-sent']));
  assert.equal(server.connections.total, 4);
  assert.equal(((await reason(pool.send(ENVELOPE, mail('again')))) as PosthornError).code, 'smtp-reply');
  await pool.close();
  assert.equal(server.taken.length, 0);
});

test('a message whose connection always breaks is given up, and the next one is begun', async (t) => {
  const { pool, server } = await poolFor(
    t,
    {
      mood: (verb) => (verb === 'DATA' && server.taken.length === 0 && server.connections.total < 4 ? 'close' : 'ok'),
    },
    { connections: 1 },
  );
  const results = await sendAll(pool, 3);
  await pool.close();
  assert.deepEqual(results.map(told), ['not-sent', 'sent', 'sent']);
  assert.equal(server.connections.total, 4);
});

test('a wrong password is tried once, whatever waits, and never again', async (t) => {
  const { pool, server } = await poolFor(
    t,
    { ...ALWAYS, capabilities: ['AUTH PLAIN'], answers: { AUTH: '535 no' } },
    { connections: 5, login: { user: USER, password: PASSWORD } },
  );
  const results = await sendAll(pool, 20);
  const late = await reason(pool.send(ENVELOPE, mail('late')));
  for (const error of [...results.map((result) => (result.status === 'rejected' ? result.reason : undefined)), late]) {
    assert.ok(error instanceof AuthError);
    assertNoSecret(error);
  }
  await pool.ready();
  await pool.close();
  assert.equal(server.commands.filter((line) => line.startsWith('AUTH')).length, 1);
});

/** A pool whose server answers the first login and all others like this; and how many there were. */
async function poolWithLogins(t: TestContext, first: string, others: string, connections: number) {
  let logins = 0;
  const answers = {
    get AUTH(): string {
      logins += 1;
      return logins === 1 ? first : others;
    },
  };
  const moods = { ...ALWAYS, capabilities: ['AUTH PLAIN'], answers };
  const { pool, server } = await poolFor(t, moods, { connections, login: { user: USER, password: PASSWORD } });
  return { pool, server, logins: () => logins };
}

test('a server that lets nobody else in for now gets all messages over the connections that stand', async (t) => {
  const limit = '432 4.3.2 Concurrent connections limit exceeded';
  const { pool, server, logins } = await poolWithLogins(t, '235 welcome', limit, 3);
  assert.ok((await sendAll(pool, 20)).every((result) => told(result) === 'sent'));
  await pool.close();
  assert.equal(server.taken.length, 20);
  assert.ok(logins() <= 3);
});

test('a server that lets nobody in for now fails what waits, and is asked again for the next message', async (t) => {
  const { pool, logins } = await poolWithLogins(t, '454 4.7.0 not now', '235 welcome', 1);
  for (const result of await sendAll(pool, 3)) {
    assert.ok(result.status === 'rejected' && result.reason instanceof AuthError && result.reason.temporary);
  }
  assert.equal(logins(), 1, 'a server that has had enough of logins is not asked at once');
  assert.equal((await pool.send(ENVELOPE, mail('later'))).outcome, 'sent');
  await pool.close();
});

test('what is wrong with one message harms no other', async (t) => {
  const { pool, server } = await poolFor(t, ALWAYS, { connections: 1 });
  const bad = { from: 'a@example.org', recipients: ['no address'] };
  const [first, wrong, second] = await Promise.allSettled([
    pool.send(ENVELOPE, mail('1')),
    pool.send(bad, mail('2')),
    pool.send(ENVELOPE, mail('3')),
  ]);
  assert.deepEqual([first, second].map(told), ['sent', 'sent']);
  assert.ok(wrong.status === 'rejected' && wrong.reason instanceof UsageError);
  await pool.close();
  assert.equal(server.connections.total, 1);
});

suite('the queue of a pool', () => {
  test('is bounded, and says when there is room', async (t) => {
    const { pool, server } = await poolFor(t, ALWAYS, { connections: 1, queue: 2 });
    const sent: Promise<SendResult>[] = [];
    const producer = async (): Promise<void> => {
      for (let count = 0; count < 10; count++) {
        await pool.ready();
        sent.push(pool.send(ENVELOPE, mail(`${count}`)));
      }
    };
    await Promise.all([producer(), producer(), producer()]);
    assert.ok((await Promise.allSettled(sent)).every((result) => told(result) === 'sent'));
    assert.equal(server.taken.length, 30);
    const hasty = await sendAll(pool, 10);
    const refused = hasty.flatMap((result) =>
      result.status === 'rejected' ? [(result.reason as PosthornError).code] : [],
    );
    assert.deepEqual(
      refused,
      Array.from({ length: 7 }, () => 'pool-full'),
    );
    await pool.close();
  });

  test('is emptied before the pool closes, and takes nothing then', async (t) => {
    const { pool, server } = await poolFor(t, ALWAYS, { connections: 2 });
    const results = sendAll(pool, 20);
    await pool.close();
    assert.deepEqual([server.taken.length, server.connections.most], [20, 2]);
    assert.ok((await results).every((result) => told(result) === 'sent'));
    await pool.ready();
    assert.equal(((await reason(pool.send(ENVELOPE, mail('late')))) as PosthornError).code, 'pool-closed');
    assert.equal(server.commands.filter((line) => line === 'QUIT').length, server.connections.total);
  });

  test('ends with the signal', async (t) => {
    const controller = new AbortController();
    const mood = (verb: string): Mood => {
      if (verb === '.') controller.abort();
      return 'ok';
    };
    const { pool, server } = await poolFor(t, { mood }, { connections: 1, signal: controller.signal });
    const results = await sendAll(pool, 3);
    assert.deepEqual(results.map(told), ['unknown', 'not-sent', 'not-sent']);
    assert.equal(((await reason(pool.send(ENVELOPE, mail('late')))) as PosthornError).code, 'aborted');
    await pool.close();
    assert.equal(server.taken.length, 1);
  });
});

test('a connection that nobody uses is left after a time, and another one opened when it is needed', async (t) => {
  const { pool, server } = await poolFor(t, ALWAYS, { idle: 20 });
  await pool.send(ENVELOPE, mail('1'));
  await pool.send(ENVELOPE, mail('2'));
  assert.equal(server.connections.total, 1);
  for (let turn = 0; turn < 200 && server.connections.now > 0; turn++) await sleep(10);
  assert.equal(server.commands.at(-1), 'QUIT');
  await pool.send(ENVELOPE, mail('3'));
  assert.equal(server.connections.total, 2);
  await pool.close();
  assert.equal(server.connections.now, 0);
});

test('a queue of none holds one message: whoever waits for room gets it', async (t) => {
  const { pool, server } = await poolFor(t, ALWAYS, { queue: 0 });
  await pool.ready();
  await pool.send(ENVELOPE, mail('x'));
  await pool.close();
  assert.equal(server.taken.length, 1);
});
