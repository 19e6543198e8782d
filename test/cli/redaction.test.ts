/**
 * What a login holds in secret is nowhere in the output, whatever the mechanism and wherever it fails: the server here
 * breaks each login off after each of its steps, and repeats all that it was told.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Channel } from '../../src/net/channel.ts';
import { listen } from '../../src/net/listen.ts';
import { findMechanism } from '../../src/sasl/mechanisms.ts';
import { LineParser } from '../../src/wire/line.ts';
import { type Home, makeHome } from '../support/program.ts';

const USER = 'ann@example.org';
/** What a token may hold, too; its base64 and its form in a URL are other than itself. */
const PASSWORD = 'tops3cret/+%~';
const MECHANISMS = ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'OAUTHBEARER', 'XOAUTH2'];
const MOST_STEPS = 3;

/** The ways in which the secret could show; and whatever the server was told of it. */
function forms(told: readonly string[]): string[] {
  const bytes = Buffer.from(PASSWORD);
  return [
    PASSWORD,
    bytes.toString('base64'),
    Buffer.from(`\0${USER}\0${PASSWORD}`).toString('base64'),
    bytes.toString('hex'),
    encodeURIComponent(PASSWORD),
    Buffer.from(PASSWORD, 'utf16le').toString('latin1'),
    ...told.filter((line) => line.length > 8),
  ];
}

interface Words {
  readonly greeting: string;
  readonly offer: string;
  readonly challenge: string;
  readonly refuse: string;
}

const PROTOCOLS: Record<'pop3' | 'smtp', Words> = {
  pop3: {
    greeting: '+OK',
    offer: `+OK\r\nUSER\r\nSASL ${MECHANISMS.join(' ')}\r\n.`,
    challenge: '+ ',
    refuse: '-ERR [AUTH] ',
  },
  smtp: {
    greeting: '220 mail.test',
    offer: `250-mail.test\r\n250 AUTH ${MECHANISMS.join(' ')}`,
    challenge: '334 ',
    refuse: '535 5.7.8 ',
  },
};

/** Answers as a server does, for so many steps; then it refuses, with all that it has heard. */
async function serve(channel: Channel, words: Words, steps: number, told: string[]): Promise<void> {
  const write = (line: string) => channel.write(Buffer.from(`${line}\r\n`));
  const hear = () => channel.read(new LineParser());
  await write(words.greeting);
  await hear();
  await write(words.offer);
  const [verb, argument = '', initial] = (await hear()).split(' ');
  if (verb === 'USER') {
    await write('+OK');
    told.push((await hear()).slice('PASS '.length));
  }
  if (initial !== undefined) told.push(initial);
  const half = findMechanism(argument)?.server({ password: async () => PASSWORD, token: async () => false });
  let message = initial === undefined ? undefined : Buffer.from(initial, 'base64');
  for (let step = 0; step < steps && half !== undefined; step += 1) {
    const next = await half.step(message);
    if (!('challenge' in next)) break;
    await write(`${words.challenge}${Buffer.from(next.challenge).toString('base64')}`);
    const answer = await hear();
    told.push(answer);
    message = Buffer.from(answer, 'base64');
  }
  await write(`${words.refuse}I heard ${told.join(' and ')}, of ${PASSWORD}`);
  // QUIT, or nothing.
  await hear();
}

/** Runs the program against such a server, as a person and as a script do. */
async function run(t: TestContext, home: Home, protocol: 'pop3' | 'smtp', auth: string, steps: number): Promise<void> {
  let told: string[] = [];
  const words = PROTOCOLS[protocol];
  const listener = await listen({}, (channel) => {
    told = [];
    void serve(channel, words, steps, told)
      .catch(() => undefined)
      .then(() => channel.close());
  });
  t.after(() => listener.close());
  const url = `${protocol}+insecure://${encodeURIComponent(USER)}@127.0.0.1:${listener.port}`;
  const command = protocol === 'pop3' ? ['fetch', '--pop3', url] : ['send', '-t', USER, '--body', 'x', '--smtp', url];
  for (const how of [
    ['--trace', '-v'],
    ['--trace', '--json'],
  ]) {
    const { code, stdout, stderr } = await home.posthorn([...command, '--auth', auth, ...how]);
    const what = `${protocol}, ${auth}, after ${steps} steps: ${stdout}${stderr}`;
    assert.equal(code, 77, what);
    assert.match(stderr, /I heard \*{4}/, what);
    for (const form of forms(told)) assert.ok(!(stdout + stderr).includes(form), `${form} in ${what}`);
  }
  assert.ok(told.length > 0);
}

for (const auth of [...MECHANISMS, 'USER']) {
  test(`${auth}: refused after each step by a server that repeats what it heard`, async (t) => {
    const home = await makeHome(t, { POSTHORN_PASSWORD: PASSWORD });
    for (const protocol of auth === 'USER' ? (['pop3'] as const) : (['pop3', 'smtp'] as const)) {
      // Where the client speaks first a refusal may come at once.
      const first = auth === 'LOGIN' || auth === 'CRAM-MD5' ? 1 : 0;
      for (let steps = first; steps <= (auth === 'USER' ? 0 : MOST_STEPS); steps += 1)
        await run(t, home, protocol, auth, steps);
    }
  });
}
