/**
 * A power cut at every moment of a fetch with deletion, on a disk that keeps nothing but what was synced: after the next
 * run there is exactly one copy of each message, and none was deleted on the server that did not survive.
 *
 * The calls are the program's own, as strace wrote them down; what survives of them is decided by a model.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FetchScene } from '../support/fetch-scene.ts';
import { FILE_CALLS, type FileCall, readCalls } from '../support/file-calls.ts';
import { type Fate, ForgetfulDisk, type Survivors, writeTree } from '../support/forgetful-disk.ts';
import { random } from '../support/random.ts';
import { canTrace } from '../support/traced.ts';

const skip = canTrace() ? false : 'needs strace';
const RANDOM_FATES: readonly Fate[] = ['lost', 'kept', 'kept', 'torn', 'zeros'];
/** Random survivals of each moment, beside nothing and everything. */
const DRAWS = Number(process.env['POSTHORN_DRAWS'] ?? 5);
const SEED = Number(process.env['POSTHORN_SEED'] ?? Date.now() % 1_000_000);

/** The calls of a fetch, to its end or to what strace makes of it; what they do to its caches is of no account. */
async function recorded(scene: FetchScene, options: readonly string[] = []): Promise<FileCall[]> {
  const run = await scene.traced({ threads: 'all', options: [...FILE_CALLS, ...options] });
  assert.ok(options.length > 0 ? run.killed : run.code === 0, run.stderr);
  const cache = join(scene.home.folder, 'cache');
  return readCalls(run.trace).filter((call) => !('path' in call && call.path.startsWith(cache)));
}

/** All that a power cut can leave of a fetch, each once, with whether the server may have erased by then. */
function* outcomes(disk: ForgetfulDisk, calls: readonly FileCall[]): Generator<[Survivors, boolean, string]> {
  const next = random(SEED);
  const drawn = (): Fate => RANDOM_FATES[Math.floor(next() * RANDOM_FATES.length)] ?? 'lost';
  const fates: (() => Fate)[] = [() => 'lost', () => 'kept', ...Array.from({ length: DRAWS }, () => drawn)];
  const seen = new Set<string>();
  /** What the server may have: all, or nothing once it was told QUIT, or nothing for sure as the program has its answer. */
  let erasures = [false];
  for (const [at, call] of calls.entries()) {
    disk.apply(call);
    if (call.call === 'send' && call.text.includes('QUIT')) erasures = [false, true];
    else if (call.call === 'write' && erasures.length > 1) erasures = [true];
    for (const fate of fates) {
      const tree = disk.survivors(fate);
      for (const erased of erasures) {
        const key = digest(tree, erased);
        if (seen.has(key)) continue;
        seen.add(key);
        yield [tree, erased, `behind call ${at}, ${call.call}`];
      }
    }
  }
}

function digest(tree: Survivors, erased: boolean): string {
  const hash = createHash('sha256').update(String(erased));
  for (const [path, data] of tree) hash.update(`${path} ${data?.length}\n`).update(data ?? '');
  return hash.digest('hex');
}

async function assertMended(scene: FetchScene, tree: Survivors, erased: boolean): Promise<void> {
  scene.reset();
  writeTree(scene.home.folder, tree);
  if (erased) scene.drop.refill([]);
  await scene.assertMended();
}

/** Cuts the power behind each call of a fetch on this disk. */
async function cutEverywhere(t: TestContext, scene: FetchScene, disk: ForgetfulDisk): Promise<void> {
  const calls = await recorded(scene);
  assert.deepEqual(scene.drop.left(), []);
  let count = 0;
  for (const [tree, erased, where] of outcomes(disk, calls)) {
    count += 1;
    await assertMended(scene, tree, erased).catch((cause: unknown) => {
      throw new Error(`seed ${SEED}, ${where}, ${erased ? 'erased' : 'kept'} on the server`, { cause });
    });
  }
  t.diagnostic(`${calls.length} calls, ${count} different disks afterwards, seed ${SEED}`);
  assert.ok(count > calls.length / 4, `only ${count} disks`);
}

test('the power fails at any moment of a first fetch', { skip }, async (t) => {
  const scene = await FetchScene.make(t);
  await cutEverywhere(t, scene, new ForgetfulDisk(scene.home.folder));
});

test('the power fails at any moment of the fetch that mends what a kill has left', { skip }, async (t) => {
  const scene = await FetchScene.make(t);
  const disk = new ForgetfulDisk(scene.home.folder);
  // What the killed one did not sync is not safe yet either.
  for (const call of await recorded(scene, ['-e', 'inject=link:signal=SIGKILL:when=3'])) disk.apply(call);
  disk.restart();
  await cutEverywhere(t, scene, disk);
});
