import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerAuthentication } from './answer.ts';
import type { ServerMechanism, ServerStep } from './mechanism.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function mechanism(...steps: ServerStep[]): ServerMechanism & { heard: (string | undefined)[] } {
  const heard: (string | undefined)[] = [];
  return {
    name: 'TEST',
    heard,
    step: async (message) => {
      heard.push(message === undefined ? undefined : Buffer.from(message).toString());
      return steps.shift() ?? { challenge: Buffer.from('more') };
    },
  };
}

function client(...lines: string[]) {
  const asked: string[] = [];
  return Object.assign(
    async (challenge: string) => {
      asked.push(challenge);
      return lines.shift() ?? base64('again');
    },
    { asked },
  );
}

test('steps go back and forth until the verdict', async () => {
  const server = mechanism({ challenge: Buffer.from('who?') }, { user: 'ann' });
  const line = client(base64('me'));
  assert.deepEqual(await answerAuthentication(server, undefined, line), { user: 'ann' });
  assert.deepEqual([server.heard, line.asked], [[undefined, 'me'], [base64('who?')]]);
});

test('an initial response, and an empty one (RFC 4954 §4)', async () => {
  const server = mechanism({ failed: 'x' });
  assert.deepEqual(await answerAuthentication(server, base64('me'), client()), { failed: 'rejected' });
  const empty = mechanism({ failed: 'x' });
  assert.deepEqual(await answerAuthentication(empty, '=', client()), { failed: 'rejected' });
  assert.deepEqual([...server.heard, ...empty.heard], ['me', '']);
});

test('a cancellation, what is not base64, and a client that goes on for ever', async () => {
  assert.deepEqual(await answerAuthentication(mechanism(), undefined, client('*')), { failed: 'cancelled' });
  for (const text of ['no!', 'YQ', ' YQ==', '=']) {
    assert.deepEqual(await answerAuthentication(mechanism(), undefined, client(text)), { failed: 'malformed' }, text);
  }
  assert.deepEqual(await answerAuthentication(mechanism(), 'no!', client()), { failed: 'malformed' });
  const endless = client();
  assert.deepEqual(await answerAuthentication(mechanism(), undefined, endless), { failed: 'malformed' });
  assert.equal(endless.asked.length, 8);
});
