/**
 * A fetch with deletion whose disk fails at each of its calls in turn: it stops and says why, with the exit code of the
 * fault; nothing is erased that is not durable, nothing half done stays, and the next run completes it. What failed to
 * be synced is never synced again as if that could help.
 *
 * In every run a part of the points is visited; `POSTHORN_FAULTS=all` visits all of them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CallPoint, callPoints, COUNTED, KEPT } from '../support/call-points.ts';
import { FetchScene } from '../support/fetch-scene.ts';
import { onlyError } from '../support/mail-home.ts';
import { canTrace, type Traced } from '../support/traced.ts';

const skip = canTrace() ? false : 'needs strace';
const STEP = process.env['POSTHORN_FAULTS'] === 'all' ? 1 : 3;

/** What the system can say to each kind of call. */
const FAULTS: Readonly<Record<string, readonly string[]>> = {
  openat: ['EMFILE', 'ENOSPC', 'EIO', 'EROFS'],
  mkdir: ['ENOSPC', 'EROFS', 'EACCES'],
  pwrite64: ['ENOSPC', 'EDQUOT', 'EIO', 'EFBIG'],
  fsync: ['EIO', 'ENOSPC', 'EDQUOT'],
  fdatasync: ['EIO', 'ENOSPC'],
  link: ['ENOSPC', 'EIO', 'EDQUOT'],
  rename: ['EIO'],
};

/** What the program says to it: the exit code, and the code of the error. */
const TOLD: Readonly<Record<string, readonly [exit: number, code: string]>> = {
  EMFILE: [74, 'too-many-files'],
  ENOSPC: [74, 'disk-full'],
  EDQUOT: [74, 'disk-full'],
  EIO: [74, 'io-error'],
  EFBIG: [74, 'file-too-large'],
  EROFS: [73, 'read-only'],
  EACCES: [73, 'not-permitted'],
};

function failedAt(scene: FetchScene, { threads, call, at }: CallPoint, errno: string): Promise<Traced> {
  const traced = call.includes('sync') ? 'fsync,fdatasync' : call;
  return scene.traced({
    threads,
    options: ['-e', `trace=${traced}`, '-e', `inject=${call}:error=${errno}:when=${at}`],
  });
}

function assertTold(ran: Traced, errno: string): void {
  const [exit, code] = TOLD[errno] ?? [];
  assert.equal(ran.code, exit, ran.stderr);
  const last = ran.stderr.trimEnd().split('\n').at(-1) ?? '';
  assert.equal(onlyError({ ...ran, stderr: last }).code, code);
}

/** What was to be synced when that failed is not synced once more. */
function assertNotRetried(trace: string): void {
  const [, failed] = /^(?:\d+ +)?f(?:data)?sync\(\d+<(.*?)>\).*\(INJECTED\)$/m.exec(trace) ?? [];
  assert.ok(failed !== undefined, trace);
  const behind = trace.slice(trace.indexOf('(INJECTED)'));
  assert.ok(!behind.includes(`<${failed}>`), 'it was synced again');
}

test('a disk that fails at any call', { skip }, async (t) => {
  const scene = await FetchScene.make(t);
  const whole = await scene.traced({ threads: 'all', options: COUNTED });
  assert.equal(whole.code, 0, whole.stderr);
  const points = callPoints(whole, KEPT).filter(({ call }) => call in FAULTS);
  const visited = points.filter((_, at) => at % STEP === 0);
  const told = new Map<string, number>();
  for (const [row, point] of visited.entries()) {
    scene.reset();
    const errno = FAULTS[point.call]?.[row % (FAULTS[point.call]?.length ?? 1)] ?? '';
    try {
      const ran = await failedAt(scene, point, errno);
      if (ran.code !== 0) assertTold(ran, errno);
      if (ran.code === 0) assert.deepEqual(scene.drop.left(), []);
      if (ran.code !== 0 && point.call.includes('sync')) assertNotRetried(ran.trace);
      assert.deepEqual(scene.files('tmp'), []);
      scene.assertNothingLost();
      await scene.assertMended();
      told.set(errno, (told.get(errno) ?? 0) + (ran.code === 0 ? 0 : 1));
    } catch (cause) {
      throw new Error(`${errno} from ${point.call} ${point.at} of the ${point.threads} thread`, { cause });
    }
  }
  t.diagnostic(`${points.length} calls, ${visited.length} failed; told: ${[...told].join(' ')}`);
  assert.ok([...told.values()].reduce((sum, count) => sum + count) > visited.length * 0.7);
});
