import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { line, reason, settled, withPeer } from '../../test/support/peer.ts';
import { assertNoSecret, PASSWORD, USER } from '../../test/support/secrets.ts';
import { type Cut, CutServer } from '../../test/support/sweep.ts';
import { AbortedError, ConnectionLostError, LimitError, type PosthornError, StoreError } from '../errors.ts';
import { latin1 } from '../wire/bytes.ts';
import { Pop3Client } from './client.ts';

const OPTIONS = { host: 'mail.test', port: 110, security: 'none' } as const;
const BODIES = ['one\r\n', '', '.stuffed\r\n..twice\r\n'];
const ANSWERS: Readonly<Record<string, string>> = {
  CAPA: '+OK\r\nPIPELINING\r\nUSER\r\n.\r\n',
  'RETR 1': '+OK\r\none\r\n.\r\n',
  'RETR 2': '+OK\r\n.\r\n',
  'RETR 3': '+OK\r\n..stuffed\r\n...twice\r\n.\r\n',
};

function server(cut: Cut): CutServer {
  return new CutServer(
    '+OK hello\r\n',
    (received) => {
      const end = received.indexOf('\r\n');
      return end < 0 ? undefined : { answer: ANSWERS[received.slice(0, end)] ?? '+OK\r\n', octets: end + 2 };
    },
    cut,
  );
}

/** A whole session; resolves to the bodies that were said to be complete. */
async function session({ channel }: CutServer): Promise<PromiseSettledResult<string>[]> {
  const client = await Pop3Client.over(channel, OPTIONS);
  await client.login({ user: USER, password: PASSWORD });
  const results = await Promise.allSettled(
    BODIES.map(async (_, at) => {
      const chunks: Uint8Array[] = [];
      const octets = await client.retr(at + 1, (chunk) => void chunks.push(Uint8Array.from(chunk)));
      const body = latin1(Buffer.concat(chunks));
      assert.equal(octets, body.length);
      return body;
    }),
  );
  await client.quit();
  return results;
}

function assertRepeatable(error: unknown): void {
  assert.ok(error instanceof ConnectionLostError);
  assert.equal(error.outcome, 'not-sent');
  assertNoSecret(error);
}

suite('a connection cut after every octet the server says', () => {
  for (const reset of [false, true]) {
    test(reset ? 'by a reset' : 'by a close', async () => {
      const whole = server({});
      assert.deepEqual(
        (await session(whole)).map((result) => result.status === 'fulfilled' && result.value),
        BODIES,
      );
      for (let sent = 0; sent < whole.said.length; sent++) {
        const cut = server({ sent, reset });
        const outcome = await session(cut).then(
          () => undefined,
          (error: unknown) => error,
        );
        // Only QUIT is lost without knowing what it did.
        const quitting = cut.wire.includes('QUIT');
        if (quitting) assert.ok(outcome instanceof ConnectionLostError && outcome.outcome === 'unknown', `at ${sent}`);
        else assertRepeatable(outcome);
      }
    });

    test(`each RETR has all of its octets or fails, ${reset ? 'by a reset' : 'by a close'}`, async () => {
      const stream = Object.values(ANSWERS).slice(1).join('');
      for (let sent = 0; sent <= stream.length; sent++) {
        const { channel, peer } = withPeer();
        const opened = Pop3Client.over(channel, OPTIONS);
        await peer.says('+OK\r\n');
        await peer.says(ANSWERS['CAPA'] ?? '');
        const client = await opened;
        const bodies = BODIES.map(() => '');
        const results = Promise.allSettled(
          BODIES.map((_, at) =>
            client.retr(at + 1, (chunk) => {
              bodies[at] += latin1(chunk);
            }),
          ),
        );
        await settled();
        await peer.says(stream.slice(0, sent));
        if (reset) peer.socket.destroy(new Error('reset'));
        else await peer.ends();
        for (const [at, result] of (await results).entries()) {
          if (result.status === 'fulfilled') assert.equal(bodies[at], BODIES[at]);
          else assertRepeatable(result.reason);
        }
        assert.equal(
          (await results).every(({ status }) => status === 'fulfilled'),
          sent === stream.length,
        );
      }
    });
  }
});

async function connected(): Promise<{ client: Pop3Client } & ReturnType<typeof withPeer>> {
  const ends = withPeer();
  const opened = Pop3Client.over(ends.channel, OPTIONS);
  await ends.peer.says('+OK\r\n');
  await ends.peer.says(ANSWERS['CAPA'] ?? '');
  return { ...ends, client: await opened };
}

test('commands that nobody awaits yet may fail without ending the process', async () => {
  const { client, peer } = await connected();
  const sink = (): void => undefined;
  const asked = [client.stat(), client.list(), client.uidl(), client.retr(1, sink), client.top(1, 1, sink)];
  const more = [client.dele(1), client.noop(), client.rset()];
  await peer.ends();
  await settled();
  for (const each of [...asked, ...more]) assertRepeatable(await reason(each));
});

test('a sink that fails ends the connection, with its own error', async () => {
  const { client, peer } = await connected();
  const full = new StoreError('disk-full', 'No room.');
  const retr = reason(
    client.retr(1, () => {
      throw full;
    }),
  );
  const next = reason(client.retr(2, () => undefined));
  await settled();
  await peer.says('+OK\r\nbody\r\n');
  assert.equal(await retr, full);
  assert.equal(await next, full);
  assert.ok(peer.socket.destroyed);
});

test('a slow sink is waited for, and the message is complete only then', async () => {
  const { client, peer } = await connected();
  const { promise, resolve } = Promise.withResolvers<void>();
  let done = false;
  const retr = client
    .retr(1, () => promise)
    .then(() => {
      done = true;
    });
  await settled();
  await peer.says('+OK\r\nbody\r\n.\r\n');
  assert.equal(done, false);
  resolve();
  await retr;
});

test('a message past the bound ends the connection', async () => {
  const { channel, peer } = withPeer();
  const opened = Pop3Client.over(channel, { ...OPTIONS, maxMessage: 10 });
  await peer.says('+OK\r\n');
  await peer.says('-ERR\r\n');
  const retr = reason((await opened).retr(1, () => undefined));
  await settled();
  await peer.says(`+OK\r\n${'a'.repeat(11)}`);
  const error = await retr;
  assert.ok(error instanceof LimitError);
  assert.deepEqual([error.code, error.phase], ['body-too-long', 'retr']);
});

test('capabilities without end are refused', async () => {
  const { channel, peer } = withPeer();
  const opened = reason(Pop3Client.over(channel, OPTIONS));
  await peer.says('+OK\r\n');
  await peer.says(`+OK\r\n${'X\r\n'.repeat(101)}`);
  assert.equal(((await opened) as PosthornError).code, 'listing-too-long');
});

test('silence ends in a TimeoutError that names the command, and an abort in an AbortedError', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { client } = await connected();
  const stat = reason(client.stat());
  await settled();
  t.mock.timers.tick(120_000);
  const error = (await stat) as PosthornError;
  assert.deepEqual([error.code, error.phase, error.temporary], ['timeout', 'stat', true]);

  const controller = new AbortController();
  const { channel, peer } = withPeer({ signal: controller.signal });
  const opened = reason(Pop3Client.over(channel, OPTIONS));
  await peer.says('+OK\r\n');
  controller.abort();
  assert.ok((await opened) instanceof AbortedError);
});

test('nothing is said to keep the session alive while an answer is awaited, after a word, or when the work is done', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const { client, peer } = await connected();
  const noops = () => peer.writes.join('').split('NOOP\r\n').length - 1;
  const wait = async (milliseconds: number) => {
    t.mock.timers.tick(milliseconds);
    await settled();
  };
  const { promise, resolve } = Promise.withResolvers<void>();
  const work = client.keepAlive(() => promise, 1000);
  const stat = client.stat();
  for (let time = 0; time < 5; time++) await wait(1000);
  assert.equal(noops(), 0);
  await peer.says('+OK 0 0\r\n');
  await stat;
  await wait(1000);
  assert.equal(noops(), 1);
  // It is not answered, so no second one is said.
  await wait(5000);
  assert.equal(noops(), 1);
  await peer.says('-ERR what?\r\n');
  resolve();
  await work;
  await wait(10_000);
  assert.equal(noops(), 1);
});

test('credentials that could begin another command are refused before anything is said', async () => {
  const { client, peer } = await connected();
  const before = peer.writes.length;
  for (const password of [`${PASSWORD}\r\nDELE 1`, `${PASSWORD}\n`, `a\0${PASSWORD}`, '']) {
    const error = await reason(client.login({ user: USER, password }));
    assert.equal((error as PosthornError).code, 'bad-credentials');
    assertNoSecret(error);
  }
  await settled();
  assert.equal(peer.writes.length, before);
});

test('what the server says may hold the password, and no error shows it as ours', async () => {
  const { client, peer } = await connected();
  const login = reason(client.login({ user: USER, password: PASSWORD }));
  await settled();
  await peer.says('+OK\r\n');
  await peer.says('-ERR [AUTH] no\r\n');
  const error = await login;
  assertNoSecret(error);
  assert.deepEqual((error as { cause?: PosthornError }).cause?.message, 'no');
  assert.equal(peer.writes.at(-1), line(`PASS ${PASSWORD}`).toString());
});

test('nothing gets into the middle of a login', async () => {
  const { channel, peer } = withPeer();
  const opened = Pop3Client.over(channel, OPTIONS);
  for (const answer of ['+OK hello\r\n', '-ERR what?\r\n']) await peer.says(answer);
  const client = await opened;
  const done = Promise.all([client.login({ user: USER, password: PASSWORD }), client.stat()]);
  await settled();
  for (const answer of ['+OK\r\n', '+OK\r\n', '+OK 0 0\r\n', '-ERR what?\r\n']) await peer.says(answer);
  await done;
  assert.deepEqual(peer.writes.slice(1), [`USER ${USER}\r\n`, `PASS ${PASSWORD}\r\n`, 'STAT\r\n', 'CAPA\r\n']);
});
