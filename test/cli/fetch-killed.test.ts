/**
 * A fetch with deletion, killed by strace before each of its system calls in turn: after the next run there is exactly
 * one copy of each message, none was deleted on the server that is not here, and nothing half done is left.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { KEPT, SAID } from '../support/call-points.ts';
import { FetchScene } from '../support/fetch-scene.ts';
import { killedAt, sweepKills } from '../support/kill-sweep.ts';
import { canTrace } from '../support/traced.ts';

const skip = canTrace() ? false : 'needs strace';

/** Visits the points of a fetch that begins with what `prepare` leaves. */
function sweep(t: TestContext, scene: FetchScene, prepare: () => void): Promise<void> {
  const check = async (): Promise<void> => {
    scene.assertNothingLost();
    await scene.assertMended();
  };
  return sweepKills(t, { prepare, run: (tracing) => scene.traced(tracing), check, points: [KEPT, SAID], step: 5 });
}

test('killed at any call of its first fetch', { skip }, async (t) => {
  const scene = await FetchScene.make(t);
  await sweep(t, scene, () => scene.reset());
});

test('killed at any call of the fetch that mends what a kill has left', { skip }, async (t) => {
  const scene = await FetchScene.make(t);
  // Some files have their names, none is in the journal as stored, and the lock is the dead one's.
  const { killed } = await killedAt((tracing) => scene.traced(tracing), { threads: 'pool', call: 'link', at: 3 });
  assert.ok(killed && scene.files('new').length === 2 && scene.files('tmp').length > 2);
  await sweep(t, scene, scene.keep());
});
