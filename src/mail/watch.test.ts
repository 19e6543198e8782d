import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AbortedError, AuthError, ConfigError, ConnectError, type PosthornError } from '../errors.ts';
import { pauseAfter, watch } from './watch.ts';

const MINUTE = 60_000;
const down = () => new ConnectError('refused', 'Nobody answers.');

/** Runs the loop over these outcomes, one a fetch, and stops it then. @returns how long it slept before each but the first. */
async function paced(every: number, outcomes: readonly (number | undefined | Error)[]) {
  const slept: number[] = [];
  const told: [string, number | undefined][] = [];
  let run = 0;
  const end = watch({
    every,
    fetch: async () => {
      const outcome = outcomes[run++];
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    failed: (error, again) => void told.push([(error as PosthornError).code, again]),
    clock: {
      sleep: async (milliseconds) => {
        slept.push(milliseconds);
        if (slept.length === outcomes.length) throw new AbortedError('aborted', 'Stopped.');
      },
      random: () => 0.5,
    },
  });
  return { slept, told, end: await end.catch((error: unknown) => error), runs: run };
}

test('at a fixed pace while all is well, slower while it is not, and at once at the old pace again', async () => {
  const { slept, told, end } = await paced(5 * MINUTE, [undefined, down(), down(), down(), undefined, undefined]);
  assert.deepEqual(
    slept.map((each) => each / MINUTE),
    [5, 5, 10, 20, 5, 5],
  );
  assert.deepEqual(told, [
    ['refused', 5 * MINUTE],
    ['refused', 10 * MINUTE],
    ['refused', 20 * MINUTE],
  ]);
  assert.ok(end instanceof AbortedError);
});

test('a server that asks for a pause between logins gets it', async () => {
  const early = new AuthError('auth-unavailable', 'Too early.', { temporary: true, retryAfter: 900 });
  const { slept } = await paced(MINUTE, [600, 30, early]);
  assert.deepEqual(
    slept.map((each) => each / MINUTE),
    [10, 1, 15],
  );
});

test('what only a person can mend is not tried again', async () => {
  for (const error of [
    new AuthError('auth-rejected', 'No.'),
    new ConfigError('no-password', 'None.'),
    new TypeError('a fault'),
  ]) {
    const { end, runs, slept, told } = await paced(MINUTE, [undefined, error, undefined]);
    assert.equal(end, error);
    assert.deepEqual([runs, slept.length, told.length], [2, 1, 1]);
    assert.equal(told[0]?.[1], undefined);
  }
});

test('the pause doubles up to an hour, or the pace itself, and chance moves it by a tenth', () => {
  assert.equal(pauseAfter(1, MINUTE, down(), 0), 0.9 * MINUTE);
  assert.equal(pauseAfter(1, MINUTE, down(), 0.999), Math.round(1.0998 * MINUTE));
  assert.equal(pauseAfter(100, MINUTE, down(), 0.5), 60 * MINUTE);
  assert.equal(pauseAfter(100, 120 * MINUTE, down(), 0.5), 120 * MINUTE);
});
