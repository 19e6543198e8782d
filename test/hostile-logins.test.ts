/**
 * Servers that break a login, in both protocols alike: SCRAM that proves nothing, was tampered with or wants to cost
 * much; challenges that are none or never end; refusals of a token that go on; offers made to confuse. Each login is
 * tried once, ends at once and in words, and shows no secret.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PosthornError } from '../src/errors.ts';
import type { Channel } from '../src/net/channel.ts';
import { listen } from '../src/net/listen.ts';
import { Pop3Client } from '../src/pop3/client.ts';
import type { LoginOptions } from '../src/sasl/attempt.ts';
import { MECHANISMS } from '../src/sasl/mechanisms.ts';
import { ScramServer } from '../src/sasl/scram.ts';
import { deriveKeys } from '../src/sasl/scram-keys.ts';
import { MAX_ITERATIONS } from '../src/sasl/scram-message.ts';
import { SmtpClient } from '../src/smtp/client.ts';
import { LineParser } from '../src/wire/line.ts';
import { reason } from './support/peer.ts';
import { assertNoSecret, PASSWORD, USER } from './support/secrets.ts';

const base64 = (text: string | Uint8Array): string => Buffer.from(text as string).toString('base64');
const LOGIN = { user: USER, password: PASSWORD };
const TOKEN = { user: USER, token: PASSWORD };
/** What a login may take at the most, were a server to make it long. */
const LIMIT = { timeout: 5000 };

/** What a hostile server does once it has heard AUTH. */
interface Voice {
  /** What the client said first, in clear; with an empty challenge for it where the command held none. */
  first(): Promise<string>;
  /** Says a challenge as it is, and takes the answer. */
  say(challenge: string): Promise<string>;
  accept(): Promise<void>;
  refuse(): Promise<void>;
}
type Talk = (voice: Voice) => Promise<void>;

interface Words {
  connect(port: number): Promise<{ login(options: LoginOptions): Promise<void>; close(): Promise<void> }>;
  greeting: string;
  /** What answers the question for what the server can do. */
  offer(mechanisms: string): string;
  challenge: string;
  accept: string;
  refuse: string;
}

const at = (port: number) => ({ host: '127.0.0.1', port, security: 'none' }) as const;
const PROTOCOLS: Record<string, Words> = {
  pop3: {
    connect: (port) => Pop3Client.connect(at(port)),
    greeting: '+OK',
    offer: (mechanisms) => `+OK\r\nSASL ${mechanisms}\r\n.`,
    challenge: '+ ',
    accept: '+OK',
    refuse: '-ERR [AUTH] no',
  },
  smtp: {
    connect: (port) => SmtpClient.connect(at(port)),
    greeting: '220 mail.test',
    offer: (mechanisms) => `250-mail.test\r\n250 AUTH ${mechanisms}`,
    challenge: '334 ',
    accept: '235 welcome',
    refuse: '535 5.7.8 no',
  },
};

async function serve(channel: Channel, words: Words, mechanisms: string, talk: Talk): Promise<void> {
  const write = (line: string) => channel.write(Buffer.from(`${line}\r\n`));
  const hear = () => channel.read(new LineParser());
  await write(words.greeting);
  await hear();
  await write(words.offer(mechanisms));
  const [, , initial] = (await hear()).split(' ');
  const say = async (challenge: string): Promise<string> => {
    await write(`${words.challenge}${challenge}`);
    return hear();
  };
  await talk({
    first: async () => Buffer.from(initial ?? (await say('')), 'base64').toString(),
    say,
    accept: () => write(words.accept),
    refuse: () => write(words.refuse),
  });
  // What else is said would be a second attempt, or a session that must not begin.
  await assert.rejects(hear(), { name: 'ConnectionLostError' });
}

/** Logs in to such a server, asserts that it fails, and returns why. */
async function failed(words: Words, mechanisms: string, talk: Talk, login: LoginOptions = LOGIN) {
  let served: Promise<unknown> = Promise.resolve();
  const listener = await listen({}, (channel) => {
    served = serve(channel, words, mechanisms, talk).then(
      () => undefined,
      (error: unknown) => error,
    );
  });
  try {
    const client = await words.connect(listener.port);
    const error = await reason(client.login(login));
    await client.close();
    assert.equal(await served, undefined);
    assert.ok(error instanceof PosthornError, String(error));
    assertNoSecret(error);
    return error;
  } finally {
    await listener.close();
  }
}

/** SCRAM as it should be, but for what is made of the server's messages; `cancelled` where the client had enough. */
async function scram({ first, say }: Voice, edit: { first?: Edit; final?: Edit }): Promise<'cancelled' | 'proven'> {
  const server = new ScramServer('sha256', async () => PASSWORD);
  let heard = await first();
  for (const change of [edit.first, edit.final]) {
    const step = await server.step(Buffer.from(heard));
    assert.ok('challenge' in step);
    const message = Buffer.from(step.challenge).toString();
    const answer = await say(base64(change === undefined ? message : change(message)));
    if (answer === '*') return 'cancelled';
    heard = Buffer.from(answer, 'base64').toString();
  }
  return 'proven';
}
type Edit = (message: string) => string;

const WITHOUT_PROOF: Record<string, Talk> = {
  'a wrong signature': async (voice) => {
    const end = await scram(voice, { final: () => `v=${base64(Buffer.alloc(32))}` });
    assert.equal(end, 'cancelled');
    await voice.refuse();
  },
  'an empty signature': async (voice) => {
    assert.equal(await scram(voice, { final: () => 'v=' }), 'cancelled');
    await voice.refuse();
  },
  'a success in place of the last message': async ({ first, say, accept }) => {
    const step = await new ScramServer('sha256', async () => PASSWORD).step(Buffer.from(await first()));
    assert.ok('challenge' in step);
    assert.notEqual(await say(base64(step.challenge)), '*');
    await accept();
  },
  'a success at once': async ({ first, accept }) => {
    await first();
    await accept();
  },
};

const TAMPERED: Record<string, Edit> = {
  'a nonce that is not ours': (text) => text.replace(/^r=./, 'r=_'),
  'an extension that must be understood': (text) => `m=x,${text}`,
  'no salt': (text) => text.replace(/,s=[^,]*/, ''),
  'no iterations': (text) => text.replace(/,i=\d+/, ''),
  'a salt that is not base64': (text) => text.replace(/,s=[^,]*/, ',s=***'),
  'a salt of 2 KB': (text) => text.replace(/,s=[^,]*/, `,s=${base64(Buffer.alloc(2000))}`),
  ...Object.fromEntries(
    ['1', '2147483647', '4096abc', '-1', '0x1000', ' 4096'].map((count): [string, Edit] => [
      `i=${count}`,
      (text) => text.replace(/i=\d+$/, `i=${count}`),
    ]),
  ),
};

for (const [protocol, words] of Object.entries(PROTOCOLS)) {
  suite(protocol, { concurrency: true }, () => {
    for (const [what, talk] of Object.entries(WITHOUT_PROOF)) {
      test(`SCRAM with ${what} is no login`, LIMIT, async () => {
        assert.equal((await failed(words, 'SCRAM-SHA-256', talk)).code, 'auth-server-not-proven');
      });
    }

    for (const [what, edit] of Object.entries(TAMPERED)) {
      test(`SCRAM with ${what} is cancelled`, LIMIT, async () => {
        const error = await failed(words, 'SCRAM-SHA-256', async (voice) => {
          assert.equal(await scram(voice, { first: edit }), 'cancelled');
          await voice.refuse();
        });
        assert.equal(error.code, 'auth-protocol');
      });
    }

    test('SCRAM with an error that is not in the RFC is a refusal, and not repeated', LIMIT, async () => {
      const error = await failed(words, 'SCRAM-SHA-256', async (voice) => {
        assert.equal(await scram(voice, { first: () => 'e=Other \x1b[2J' }), 'cancelled');
        await voice.refuse();
      });
      assert.equal(error.code, 'auth-rejected');
      assert.ok(!error.message.includes('\x1b'));
    });

    test('SCRAM that is dear, within the bound, leaves time for everything else', async () => {
      let ticks = 0;
      const clock = setInterval(() => (ticks += 1), 5);
      const error = await failed(words, 'SCRAM-SHA-256', async ({ first, say, refuse }) => {
        await say(base64(`r=${/r=(.*)$/.exec(await first())?.[1]}x,s=${base64('salt')},i=300000`));
        await refuse();
      });
      clearInterval(clock);
      assert.equal(error.code, 'auth-rejected');
      assert.ok(ticks > 3, `${ticks} ticks`);
    });

    test('a challenge that is not base64 is cancelled', LIMIT, async () => {
      for (const challenge of ['what?', 'YQ', 'YQ==\t', 'Y Q==', '=']) {
        const error = await failed(words, 'LOGIN', async ({ say, refuse }) => {
          assert.equal(await say(challenge), '*');
          await refuse();
        });
        assert.equal(error.code, 'auth-protocol');
      }
    });

    test('a challenge of a megabyte ends the connection long before its end', LIMIT, async () => {
      const error = await failed(words, 'LOGIN', async ({ say }) => {
        await assert.rejects(say('A'.repeat(1 << 20)), { name: 'ConnectionLostError' });
      });
      assert.deepEqual([error.name, error.code], ['LimitError', 'line-too-long']);
    });

    test('challenges without end are cut off', LIMIT, async () => {
      let asked = 0;
      const error = await failed(words, 'LOGIN', async ({ say, refuse }) => {
        while ((await say(base64('and?'))) !== '*') asked += 1;
        await refuse();
      });
      assert.equal(error.code, 'auth-protocol');
      // The name and the password; more than that no server may ask for.
      assert.equal(asked, 2);
    });

    for (const mechanism of ['OAUTHBEARER', 'XOAUTH2']) {
      const acknowledged = mechanism === 'OAUTHBEARER' ? base64('\x01') : '';
      /** Refuses a token with these reasons, one behind the other, and hears these answers. */
      const refused = async (reasons: readonly object[], answers: readonly string[]): Promise<PosthornError> => {
        const talk: Talk = async ({ first, say, refuse }) => {
          await first();
          const heard: string[] = [];
          for (const each of reasons) heard.push(await say(base64(JSON.stringify(each))));
          assert.deepEqual(heard, answers);
          await refuse();
        };
        return failed(words, mechanism, talk, TOKEN);
      };

      test(`${mechanism}: a refused token is tried once, and the answer to the refusal is fixed`, LIMIT, async () => {
        const error = await refused([{ status: '\x1b[2J', scope: 'mail', token: PASSWORD }], [acknowledged]);
        assert.equal(error.code, 'auth-rejected');
        assert.match(error.message, /refused the token of ann: .*scope mail/);
        assert.ok(!error.message.includes('\x1b'));
      });

      test(`${mechanism}: a refusal that goes on for ever is cut off`, LIMIT, async () => {
        const error = await refused([{}, {}], [acknowledged, '*']);
        assert.equal(error.code, 'auth-protocol');
      });

      test(`${mechanism}: a reason that repeats the token does not show it`, LIMIT, async () => {
        const error = await refused([{ status: `bad ${PASSWORD}` }], [acknowledged]);
        assert.match(error.message, /\(bad \*{4}\)/);
      });
    }

    test('among names of every kind the strongest that is known is taken', LIMIT, async () => {
      const zoo = Array.from({ length: 600 }, (_, number) => `X-ZOO-${number}`).join(' ');
      const offer = `${zoo} plain scram-sha-1 Plain PLAIN constructor __proto__ scram-sha-256-plus`;
      const error = await failed(words, offer, async ({ first, refuse }) => {
        // Of SCRAM-SHA-1, and not of PLAIN.
        assert.match(await first(), /^n,,n=ann,r=/);
        await refuse();
      });
      assert.equal(error.code, 'auth-rejected');
    });

    test('credentials that could begin another command are refused, and nothing is said of them', LIMIT, async () => {
      const mechanisms = MECHANISMS.filter(({ binds, proof }) => !binds && proof !== 'certificate');
      const offer = mechanisms.map(({ name }) => name).join(' ');
      let begun = false;
      const listener = await listen({}, (channel) => {
        void serve(channel, words, offer, async () => void (begun = true)).catch(() => undefined);
      });
      const client = await words.connect(listener.port);
      for (const { name: mechanism } of mechanisms) {
        for (const evil of ['a\r\nDELE 1', 'a\nb', 'a\rb', 'a\0b', '', '\ud800']) {
          for (const login of [
            { ...LOGIN, user: evil },
            { ...LOGIN, password: evil },
          ]) {
            const error = await reason(client.login({ ...login, mechanism }));
            assert.equal((error as PosthornError).code, 'bad-credentials', `${mechanism} ${JSON.stringify(evil)}`);
          }
        }
      }
      await client.close();
      await listener.close();
      assert.ok(!begun);
    });

    test('names of 64 KB are a line too long, and nothing is said to whoever sent it', LIMIT, async () => {
      const listener = await listen({}, (channel) => {
        void serve(channel, words, 'X '.repeat(32 << 10), async () => assert.fail('no login was begun')).catch(
          () => undefined,
        );
      });
      const error = await reason(words.connect(listener.port));
      await listener.close();
      assert.equal((error as PosthornError).code, 'line-too-long');
    });
  });
}

test('the dearest SCRAM there may be is worked out beside everything else', { timeout: 60_000 }, async () => {
  let ticks = 0;
  const clock = setInterval(() => (ticks += 1), 5);
  await deriveKeys('sha256', PASSWORD, Buffer.from('salt'), MAX_ITERATIONS);
  clearInterval(clock);
  assert.ok(ticks > 20, `${ticks} ticks`);
});
