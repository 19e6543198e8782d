import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { reason, settled } from '../../test/support/peer.ts';
import { AllFailed, ATTEMPT_DELAY, interleave, race } from './race.ts';

/** Attempts that end when and as a test says. */
function track(t: TestContext, candidates: readonly string[], signal = new AbortController().signal) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const begun: string[] = [];
  const discarded: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  let over: AbortSignal | undefined;
  const winner = race(
    candidates,
    (candidate, isOver) => {
      begun.push(candidate);
      over = isOver;
      const end = Promise.withResolvers<string>();
      ends.set(candidate, end);
      return end.promise;
    },
    (late) => discarded.push(late),
    signal,
  );
  winner.catch(() => undefined);
  const connects = (candidate: string) => ends.get(candidate)?.resolve(candidate);
  const fails = async (candidate: string) => {
    ends.get(candidate)?.reject(new Error(candidate));
    await settled();
  };
  const wait = (milliseconds: number) => t.mock.timers.tick(milliseconds);
  return { winner, begun, discarded, connects, fails, wait, isOver: () => over?.aborted };
}

test('the families take turns, each in its own order', () => {
  const addresses = (text: string) => text.split(' ').map((name) => ({ name, family: name.includes(':') ? 6 : 4 }));
  const order = (text: string) =>
    interleave(addresses(text))
      .map(({ name }) => name)
      .join(' ');
  assert.equal(order('::1 ::2 ::3 1 2'), '::1 1 ::2 2 ::3');
  assert.equal(order('1 2 ::1'), '1 ::1 2');
  assert.equal(order('1 2 3'), '1 2 3');
  assert.equal(order('::1'), '::1');
  assert.deepEqual(interleave([]), []);
});

test('the next attempt begins after its delay, beside the one before', async (t) => {
  const { winner, begun, discarded, connects, wait, isOver } = track(t, ['a', 'b', 'c']);
  assert.deepEqual(begun, ['a']);
  wait(ATTEMPT_DELAY - 1);
  assert.deepEqual(begun, ['a']);
  wait(1);
  assert.deepEqual(begun, ['a', 'b']);
  assert.equal(isOver(), false);
  connects('a');
  assert.equal(await winner, 'a');
  assert.equal(isOver(), true);
  wait(10 * ATTEMPT_DELAY);
  assert.deepEqual(begun, ['a', 'b'], 'nothing begins once one has won');
  connects('b');
  await settled();
  assert.deepEqual(discarded, ['b'], 'whoever comes second is discarded');
});

test('a failure lets the next one begin at once, and the last one may take its time', async (t) => {
  const { winner, begun, connects, fails, wait } = track(t, ['a', 'b', 'c']);
  await fails('a');
  await fails('b');
  assert.deepEqual(begun, ['a', 'b', 'c']);
  wait(100 * ATTEMPT_DELAY);
  connects('c');
  assert.equal(await winner, 'c');
});

test('where all fail, each reason is told, in the order of the candidates', async (t) => {
  const { winner, fails, wait } = track(t, ['a', 'b', 'c']);
  wait(ATTEMPT_DELAY);
  await fails('b');
  await fails('c');
  await fails('a');
  const error = await reason(winner);
  assert.ok(error instanceof AllFailed);
  assert.deepEqual(
    error.errors.map((each) => (each as Error).message),
    ['a', 'b', 'c'],
  );
});

test('a signal ends the race: its reason is that of all who had not failed', async (t) => {
  const controller = new AbortController();
  const { winner, begun, discarded, connects, fails, wait } = track(t, ['a', 'b', 'c'], controller.signal);
  await fails('a');
  controller.abort('enough');
  const error = await reason(winner);
  assert.ok(error instanceof AllFailed);
  assert.deepEqual(error.errors, [new Error('a'), 'enough', 'enough']);
  wait(10 * ATTEMPT_DELAY);
  assert.deepEqual(begun, ['a', 'b']);
  connects('b');
  await settled();
  assert.deepEqual(discarded, ['b']);
});

test('a race that is over before it begins tries nothing', async (t) => {
  const { winner, begun } = track(t, ['a'], AbortSignal.abort('enough'));
  const error = await reason(winner);
  assert.ok(error instanceof AllFailed);
  assert.deepEqual([error.errors, begun], [['enough'], []]);
});
