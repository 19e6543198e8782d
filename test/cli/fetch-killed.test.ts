/**
 * A fetch with deletion, killed by strace before each of its system calls in turn: after the next run there is exactly
 * one copy of each message, none was deleted on the server that is not here, and nothing half done is left.
 *
 * In every run a part of the points is visited; `POSTHORN_KILLS=all` visits all of them.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runHere } from '../support/here.ts';
import { COUNTED, type KillPoint, killPoints } from '../support/kill-points.ts';
import { MAILDROP_PASSWORD, type RefillableMaildrop, startMaildrop } from '../support/maildrop.ts';
import { type Home, makeHome } from '../support/program.ts';
import { canTrace, runTraced, type Traced } from '../support/traced.ts';

const skip = canTrace() ? false : 'needs strace';
/** Of all points one in so many; a prime, so that each kind of call has its turn. */
const STEP = process.env['POSTHORN_KILLS'] === 'all' ? 1 : 5;

/** One of them is longer than what is gathered before a write. */
const CONTENTS = [10, 1, 300, 5, 20].map((lines, at) =>
  Buffer.from(`Subject: message ${at}\r\n\r\n${`.${'x'.repeat(990)}\r\n`.repeat(lines)}`),
);

interface Scene {
  readonly home: Home;
  readonly drop: RefillableMaildrop;
}

async function makeScene(t: TestContext): Promise<Scene> {
  return { home: await makeHome(t, { POSTHORN_PASSWORD: MAILDROP_PASSWORD }), drop: await startMaildrop(t, CONTENTS) };
}

const FETCH = ['fetch', '--delete', '--pop3'];
const traced = ({ home, drop }: Scene, threads: KillPoint['threads'] | 'all', options: readonly string[]) =>
  runTraced(home, [...FETCH, drop.url], { threads, options });

function killedAt(scene: Scene, { threads, call, at }: KillPoint): Promise<Traced> {
  return traced(scene, threads, ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${at}`]);
}

/** The files of a part of the Maildir. */
function filesIn({ home, drop }: Scene, part: 'new' | 'cur' | 'tmp'): string[] {
  const folder = join(home.folder, 'data/posthorn', drop.mailbox, part);
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}

const sorted = (messages: readonly Buffer[]): string[] => messages.map((bytes) => bytes.toString('latin1')).sort();

/** What has a name in the mailbox is a whole message, and what is not on the server any more is here. */
function assertNothingLost(scene: Scene): void {
  const here = sorted(filesIn(scene, 'new').map((path) => readFileSync(path)));
  for (const text of here) assert.ok(sorted(CONTENTS).includes(text), 'a message is here in part');
  const left = new Set(scene.drop.left());
  for (const [at, content] of CONTENTS.entries())
    assert.ok(left.has(`u${at + 1}`) || here.includes(content.toString('latin1')), `message ${at} is lost`);
}

async function assertMended(scene: Scene): Promise<void> {
  const { home, drop } = scene;
  let next = await runHere(home.env, [...FETCH, drop.url]);
  // Killed within the four calls of a takeover, it leaves a lock that is cleared for the run behind the next one.
  if (/using this mailbox/.test(next.stderr)) next = await runHere(home.env, [...FETCH, drop.url]);
  assert.equal(next.code, 0, next.stderr);
  assert.deepEqual(drop.left(), []);
  assert.deepEqual(sorted(await home.stored()), sorted(CONTENTS));
  assert.deepEqual(filesIn(scene, 'tmp'), []);
  const state = readdirSync(join(home.folder, 'state/posthorn', drop.mailbox));
  assert.deepEqual(state, ['journal'], 'something is left over');
}

/** Visits the points of a fetch that begins with what `prepare` leaves; returns how many of them were reached. */
async function sweep(t: TestContext, scene: Scene, prepare: () => void): Promise<void> {
  prepare();
  const whole = await traced(scene, 'all', COUNTED);
  assert.equal(whole.code, 0, whole.stderr);
  const points = killPoints(whole.trace, whole.pid, /\/(?:data|state)\/posthorn/);
  const visited = points.filter((_, at) => at % STEP === 0);
  let kills = 0;
  for (const point of visited) {
    prepare();
    const { killed, code, stderr } = await killedAt(scene, point);
    assert.ok(killed || code === 0, stderr);
    if (killed) kills += 1;
    try {
      assertNothingLost(scene);
      await assertMended(scene);
    } catch (error) {
      throw new Error(`killed before ${point.call} ${point.at} of the ${point.threads} thread`, { cause: error });
    }
  }
  t.diagnostic(`${points.length} points, ${visited.length} visited, ${kills} times killed`);
  assert.ok(kills > visited.length / 2, `only ${kills} points were reached`);
}

const PLACES = ['data', 'state'];

test('killed at any call of its first fetch', { skip }, async (t) => {
  const scene = await makeScene(t);
  await sweep(t, scene, () => {
    for (const place of PLACES) rmSync(join(scene.home.folder, place), { recursive: true, force: true });
    scene.drop.refill();
  });
});

test('killed at any call of the fetch that mends what a kill has left', { skip }, async (t) => {
  const scene = await makeScene(t);
  // Some files have their names, none is in the journal as stored, and the lock is the dead one's.
  const { killed } = await killedAt(scene, { threads: 'pool', call: 'link', at: 3 });
  assert.ok(killed && filesIn(scene, 'new').length === 2 && filesIn(scene, 'tmp').length > 2);
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
