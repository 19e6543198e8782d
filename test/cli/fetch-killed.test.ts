/**
 * A fetch with deletion, killed by strace before each of its system calls in turn: after the next run there is exactly
 * one copy of each message, none was deleted on the server that is not here, and nothing half done is left.
 *
 * In every run a part of the points is visited; `POSTHORN_KILLS=all` visits all of them.
 */
import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type CallPoint, callPoints, COUNTED, KEPT, SAID } from '../support/call-points.ts';
import { FetchScene, PLACES } from '../support/fetch-scene.ts';
import { canTrace, type Traced } from '../support/traced.ts';

const skip = canTrace() ? false : 'needs strace';
/** Of all points one in so many; a prime, so that each kind of call has its turn. */
const STEP = process.env['POSTHORN_KILLS'] === 'all' ? 1 : 5;

function killedAt(scene: FetchScene, { threads, call, at }: CallPoint): Promise<Traced> {
  const options = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${at}`];
  return scene.traced({ threads, options });
}

/** Visits the points of a fetch that begins with what `prepare` leaves. */
async function sweep(t: TestContext, scene: FetchScene, prepare: () => void): Promise<void> {
  prepare();
  const whole = await scene.traced({ threads: 'all', options: COUNTED });
  assert.equal(whole.code, 0, whole.stderr);
  const points = callPoints(whole, KEPT, SAID);
  const visited = points.filter((_, at) => at % STEP === 0);
  let kills = 0;
  for (const point of visited) {
    prepare();
    const { killed, code, stderr } = await killedAt(scene, point);
    assert.ok(killed || code === 0, stderr);
    if (killed) kills += 1;
    try {
      scene.assertNothingLost();
      await scene.assertMended();
    } catch (error) {
      throw new Error(`killed before ${point.call} ${point.at} of the ${point.threads} thread`, { cause: error });
    }
  }
  t.diagnostic(`${points.length} points, ${visited.length} visited, ${kills} times killed`);
  assert.ok(kills > visited.length / 2, `only ${kills} points were reached`);
}

test('killed at any call of its first fetch', { skip }, async (t) => {
  const scene = await FetchScene.make(t);
  await sweep(t, scene, () => scene.reset());
});

test('killed at any call of the fetch that mends what a kill has left', { skip }, async (t) => {
  const scene = await FetchScene.make(t);
  // Some files have their names, none is in the journal as stored, and the lock is the dead one's.
  const { killed } = await killedAt(scene, { threads: 'pool', call: 'link', at: 3 });
  assert.ok(killed && scene.files('new').length === 2 && scene.files('tmp').length > 2);
  const { folder } = scene.home;
  for (const place of PLACES) cpSync(join(folder, place), join(folder, `${place}.left`), { recursive: true });
  await sweep(t, scene, () => {
    for (const place of PLACES) {
      rmSync(join(folder, place), { recursive: true, force: true });
      cpSync(join(folder, `${place}.left`), join(folder, place), { recursive: true });
    }
    scene.drop.refill();
  });
});
