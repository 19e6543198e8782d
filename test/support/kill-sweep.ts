/**
 * A run of the program killed by strace before each of its system calls in turn, and what must be true after each.
 *
 * In every run of the tests a part of the points is visited; `POSTHORN_KILLS=all` visits all of them.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type CallPoint, callPoints, COUNTED } from './call-points.ts';
import type { Traced, Tracing } from './traced.ts';

export interface KillSweep {
  /** Puts everything back to where the run begins. */
  prepare(): void;
  run(tracing: Tracing): Promise<Traced>;
  /** Throws where something was lost, or is not mended. */
  check(killed: CallPoint): Promise<void>;
  /** Which calls are points. */
  readonly points: readonly RegExp[];
  /** Of all points one in so many; a prime, so that each kind of call has its turn. */
  readonly step: number;
}

/** The run, dead before a call. */
export function killedAt(run: KillSweep['run'], { threads, call, at }: CallPoint): Promise<Traced> {
  const options = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${at}`];
  return run({ threads, options });
}

/** Visits the points, and prints how many there are. */
export async function sweepKills(t: TestContext, { prepare, run, check, points, step }: KillSweep): Promise<void> {
  prepare();
  const whole = await run({ threads: 'all', options: COUNTED });
  assert.equal(whole.code, 0, whole.stderr);
  const all = callPoints(whole, ...points);
  const every = process.env['POSTHORN_KILLS'] === 'all' ? 1 : step;
  const visited = all.filter((_, at) => at % every === 0);
  let kills = 0;
  for (const point of visited) {
    prepare();
    const { killed, code, stderr } = await killedAt(run, point);
    assert.ok(killed || code === 0, stderr);
    if (killed) kills += 1;
    await check(point).catch((cause: unknown) => {
      throw new Error(`killed before ${point.call} ${point.at} of the ${point.threads} thread`, { cause });
    });
  }
  t.diagnostic(`${all.length} points, ${visited.length} visited, ${kills} times killed`);
  assert.ok(kills > visited.length / 2, `only ${kills} points were reached`);
}
