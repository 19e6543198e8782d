import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuthError, Pop3ReplyError, UsageError } from '../errors.ts';
import { authenticate, type SaslReply } from './exchange.ts';
import type { ClientMechanism } from './mechanism.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A carrier that gives the replies it is told to, and notes what was said. */
function carrier(replies: (SaslReply | Error)[], maxInitial = 100, cancel = new Error('cancelled')) {
  const said: string[] = [];
  const next = async (line: string): Promise<SaslReply> => {
    said.push(line);
    const reply = replies.shift() ?? { success: true };
    if (reply instanceof Error) throw reply;
    return reply;
  };
  return {
    said,
    maxInitial,
    start: (mechanism: string, initial: string | undefined) => next(`${mechanism} ${initial}`),
    answer: next,
    cancel: async () => {
      said.push('*');
      throw cancel;
    },
    abandon: () => {
      said.push('(abandoned)');
    },
  };
}

function mechanism(
  initial: string | undefined,
  respond: (challenge: string) => string,
  finish = () => {},
): ClientMechanism {
  return {
    name: 'TEST',
    initial: async () => (initial === undefined ? undefined : Buffer.from(initial)),
    respond: async (challenge) => Buffer.from(respond(Buffer.from(challenge).toString())),
    finish,
  };
}

const never = (): string => assert.fail('nothing was asked');
const challenge = (text: string): SaslReply => ({ challenge: base64(text) });

test('an initial response travels with the command, an empty one as an equals sign (RFC 5034 §4)', async () => {
  const full = carrier([{ success: true }]);
  await authenticate(mechanism('hi', never), full);
  const empty = carrier([{ success: true }]);
  await authenticate(mechanism('', never), empty);
  assert.deepEqual([...full.said, ...empty.said], [`TEST ${base64('hi')}`, 'TEST =']);
});

test('one that does not fit answers the first, empty challenge; a challenge with content is refused', async () => {
  const long = carrier([{ challenge: '' }, { success: true }], 3);
  await authenticate(mechanism('hi', never), long);
  assert.deepEqual(long.said, ['TEST undefined', base64('hi')]);
  const odd = carrier([challenge('you first')], 3);
  await assert.rejects(authenticate(mechanism('hi', never), odd), { code: 'auth-protocol' });
  assert.deepEqual(odd.said, ['TEST undefined', '*']);
});

test('challenges are answered until the success, which is checked', async () => {
  const asked = carrier([challenge('a'), challenge('b'), { success: true }]);
  let finished = false;
  await authenticate(
    mechanism(
      undefined,
      (text) => text.toUpperCase(),
      () => {
        finished = true;
      },
    ),
    asked,
  );
  assert.deepEqual(asked.said, ['TEST undefined', base64('A'), base64('B')]);
  assert.ok(finished);
});

test('challenges that are endless, too long, or not base64 are cancelled', async () => {
  const endless = carrier(Array.from({ length: 100 }, () => challenge('more')));
  for (const bad of [
    endless,
    carrier([{ challenge: 'A'.repeat(8196) }]),
    carrier([{ challenge: 'no!' }]),
    carrier([{ challenge: 'YQ' }]),
  ]) {
    await assert.rejects(
      authenticate(
        mechanism(undefined, () => 'x'),
        bad,
      ),
      { name: 'AuthError', code: 'auth-protocol' },
    );
    assert.equal(bad.said.at(-1), '*');
    assert.ok(bad.said.length <= 10);
  }
});

test('whatever the mechanism refuses is cancelled, and its reason survives a failing cancellation', async () => {
  for (const error of [new AuthError('auth-server-not-proven', 'No.'), new UsageError('bad-credentials', 'No.')]) {
    const lost = carrier([challenge('a')], 100, new Error('the line is dead'));
    const failing = mechanism(undefined, () => {
      throw error;
    });
    await assert.rejects(authenticate(failing, lost), (thrown) => thrown === error);
    assert.equal(lost.said.at(-1), '*');
  }
});

test('a refusal of the server is its own error, and nothing is cancelled', async () => {
  const refusal = new Pop3ReplyError('AUTH', 'no');
  const refused = carrier([challenge('a'), refusal]);
  await assert.rejects(
    authenticate(
      mechanism(undefined, () => 'x'),
      refused,
    ),
    (thrown) => thrown === refusal,
  );
  assert.ok(!refused.said.includes('*'));
});

test('a success that comes too early is not believed', async () => {
  const early = mechanism(undefined, never, () => {
    throw new AuthError('auth-protocol', 'Too early.');
  });
  const believing = carrier([{ success: true }]);
  await assert.rejects(authenticate(early, believing), { code: 'auth-protocol' });
  assert.deepEqual(believing.said, ['TEST undefined', '(abandoned)']);
});

test('a success before the client has spoken is not believed, whatever the mechanism thinks it said', async () => {
  const early = carrier([{ success: true }], 3);
  await assert.rejects(authenticate(mechanism('hi', never), early), { code: 'auth-protocol' });
  assert.deepEqual(early.said, ['TEST undefined', '(abandoned)']);
});
