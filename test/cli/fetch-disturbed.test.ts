/**
 * A fetch with deletion that others disturb: several at once, signals at any moment, a clock that jumps, a mailbox that
 * vanishes under it. Nothing is lost, nothing comes twice, and the next run completes it.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { FetchScene, messageOf } from '../support/fetch-scene.ts';
import { onlyError } from '../support/mail-home.ts';
import { type Ended, ended, PROGRAM } from '../support/program.ts';
import { random } from '../support/random.ts';

const SEED = Number(process.env['POSTHORN_SEED'] ?? Date.now() % 1_000_000);
const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;
const unmountable = canMount ? false : 'needs root and unshare';

/** What a run told, as the last line of its standard error. */
function toldBy(run: Ended): string {
  return onlyError({ ...run, stderr: run.stderr.trimEnd().split('\n').at(-1) ?? '' }).code;
}

test('of eight fetches at once one works, and the others say that it does', async (t) => {
  const scene = await FetchScene.make(t, { before: () => sleep(100) });
  // The first one makes the mailbox; before there is one, each asks the server first.
  mkdirSync(scene.state, { recursive: true, mode: 0o700 });
  for (const part of ['new', 'cur', 'tmp']) mkdirSync(join(scene.maildir, part), { recursive: true, mode: 0o700 });
  const runs = await Promise.all(Array.from({ length: 8 }, () => scene.home.posthorn(scene.args)));
  const refused = runs.filter(({ code }) => code !== 0);
  t.diagnostic(`${refused.length} of 8 were refused`);
  assert.ok(refused.length >= 4);
  for (const run of refused) {
    assert.equal(run.code, 75, run.stderr);
    assert.equal(toldBy(run), 'mailbox-busy');
  }
  scene.assertComplete();
});

test('the holder of the lock is killed, and eight others find that out at once', async (t) => {
  let reached = Promise.withResolvers<void>();
  let wait = (): Promise<void> => new Promise(() => undefined);
  const scene = await FetchScene.make(t, {
    before: (uid) => {
      if (uid === 'u3') reached.resolve();
      return uid === 'u3' ? wait() : undefined;
    },
  });
  const holder = scene.home.start(scene.args);
  const end = ended(holder);
  await reached.promise;
  const busy = await scene.home.posthorn(scene.args);
  assert.equal(toldBy(busy), 'mailbox-busy');
  assert.match(busy.stderr, new RegExp(`\\(${holder.pid}\\)`));
  holder.kill('SIGKILL');
  await end;
  reached = Promise.withResolvers();
  wait = () => sleep(300);
  const runs = await Promise.all(Array.from({ length: 8 }, () => scene.home.posthorn(scene.args)));
  assert.ok(
    runs.some(({ code }) => code === 0),
    runs[0]?.stderr,
  );
  for (const run of runs.filter(({ code }) => code !== 0)) assert.equal(toldBy(run), 'mailbox-busy');
  scene.assertComplete();
});

test('signals at random moments: the program ends in order, and what it leaves is whole', async (t) => {
  const scene = await FetchScene.make(t, { before: () => sleep(30) });
  const next = random(SEED);
  t.diagnostic(`seed ${SEED}`);
  const ends = new Map<string, number>();
  for (let run = 0; run < 18; run += 1) {
    scene.reset();
    const child = scene.home.start(scene.args);
    const end = ended(child);
    const signal = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const)[run % 3] ?? 'SIGINT';
    await Promise.race([sleep(100 + next() * 400), end]);
    child.kill(signal);
    const { code, stderr } = await end;
    ends.set(`${signal} ${code}`, (ends.get(`${signal} ${code}`) ?? 0) + 1);
    assert.ok([0, 130, -1].includes(code), stderr);
    if (code === 130) assert.deepEqual(scene.files('tmp'), []);
    scene.assertNothingLost();
    await scene.assertMended();
  }
  t.diagnostic([...ends].map(([what, count]) => `${what}: ${count}`).join(', '));
});

test('nobody reads what it says', async (t) => {
  const scene = await FetchScene.make(t, { before: () => sleep(30) });
  const child = scene.home.start(scene.args);
  child.stdout?.destroy();
  child.stderr?.destroy();
  await ended(child);
  scene.assertNothingLost();
  await scene.assertMended();
});

/** A fetch that is stopped (Ctrl-Z) in the middle, and goes on so much later. */
async function stopped(scene: FetchScene, reached: Promise<void>, milliseconds: number): Promise<Ended> {
  const child = scene.home.start(scene.args);
  const end = ended(child);
  await reached;
  child.kill('SIGTSTP');
  await sleep(milliseconds);
  assertStopped(child);
  child.kill('SIGCONT');
  return end;
}

function assertStopped({ pid }: ChildProcess): void {
  assert.match(readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, ''), /^T/);
}

test('stopped by Ctrl-Z and continued, and stopped for longer than the server waits', async (t) => {
  for (const [autologout, code] of [
    [60_000, 0],
    [300, 75],
  ] as const) {
    const reached = Promise.withResolvers<void>();
    const scene = await FetchScene.make(t, {
      autologout,
      before: (uid) => {
        if (uid === 'u3') reached.resolve();
        // What it asked for piles up meanwhile.
        return uid === 'u4' ? sleep(100) : undefined;
      },
    });
    const run = await stopped(scene, reached.promise, 900);
    assert.equal(run.code, code, run.stderr);
    scene.assertNothingLost();
    await scene.assertMended();
  }
});

test('a clock that is set back by a day and on by ten years, again and again', async (t) => {
  const scene = await FetchScene.make(t, { before: () => sleep(30) });
  const clock = join(scene.home.folder, 'clock.cjs');
  const jumps = 'const real = Date.now; const jumps = [0, -864e5, 3.15e11]; let at = 0;';
  writeFileSync(clock, `${jumps} Date.now = () => real() + jumps[at++ % 3];`);
  const env = { NODE_OPTIONS: `--require=${clock}` };
  for (const keep of ['--delete', '--keep=14d']) {
    scene.reset();
    const args = scene.args.map((arg) => (arg === '--delete' ? keep : arg));
    const started = performance.now();
    const { code, stderr } = await scene.home.posthorn(args, { env });
    assert.equal(code, 0, stderr);
    assert.ok(performance.now() - started < 30_000, 'the clock was waited for');
    scene.assertNothingLost();
    assert.equal(new Set(scene.files('new')).size, scene.contents.length);
    assert.equal((await scene.home.posthorn(args, { env })).code, 0);
    scene.assertNothingLost();
    await scene.assertMended();
  }
});

test('a Maildir that is renamed in the middle: nothing is made in its place, nothing is erased', async (t) => {
  let away = false;
  const scene: FetchScene = await FetchScene.make(t, {
    before: (uid) => {
      if (uid !== 'u3' || away) return;
      away = true;
      renameSync(scene.maildir, `${scene.maildir}.away`);
    },
  });
  const run = await scene.home.posthorn(scene.args);
  assert.equal(run.code, 74, run.stderr);
  assert.equal(toldBy(run), 'mailbox-missing');
  assert.ok(!existsSync(scene.maildir));
  assert.equal(scene.drop.left().length, scene.contents.length);
  // And so it is as long as it is away.
  const again = await scene.home.posthorn(scene.args);
  assert.equal(toldBy(again), 'mailbox-missing');
  assert.ok(!existsSync(scene.maildir));
  renameSync(`${scene.maildir}.away`, scene.maildir);
  await scene.assertMended();
});

/** Runs a script in which `$FETCH` is the fetch, and `small SIZE FOLDER` mounts a small disk. */
function withMounts(scene: FetchScene, script: string): Promise<Ended> {
  const words = [process.execPath, PROGRAM, ...scene.args].map((word) => `'${word}'`).join(' ');
  const small = 'small() { mkdir -p "$2"; mount -t tmpfs -o size=$1,mode=0700 none "$2"; }';
  const child = spawn('unshare', ['-m', 'sh', '-c', `${small}; fetch() { ${words}; }; ${script}`], {
    cwd: scene.home.folder,
    env: scene.home.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return ended(child);
}

test('a disk that is unmounted in the middle, or read-only', { skip: unmountable }, async (t) => {
  const scene: FetchScene = await FetchScene.make(t, {
    before: async (uid) => {
      if (uid !== 'u3') return;
      writeFileSync(join(scene.home.folder, 'reached'), '');
      for (let wait = 0; wait < 500 && !existsSync(join(scene.home.folder, 'unmounted')); wait += 1) await sleep(10);
    },
  });
  const flip =
    'small 8m data; fetch >&2 & until [ -e reached ]; do sleep 0.01; done; umount -l data; : >unmounted; wait $!; echo $?; find data';
  const unmounted = await withMounts(scene, flip);
  assert.deepEqual(unmounted.stdout.split('\n'), ['74', 'data', ''], unmounted.stderr);
  assert.equal(toldBy(unmounted), 'mailbox-missing');
  assert.equal(scene.drop.left().length, scene.contents.length);

  scene.reset();
  const readOnly = await withMounts(scene, 'small 8m data; mount -o remount,ro data; fetch >&2; echo $?; find data');
  assert.deepEqual(readOnly.stdout.split('\n'), ['73', 'data', ''], readOnly.stderr);
  assert.equal(toldBy(readOnly), 'read-only');
  assert.equal(scene.drop.left().length, scene.contents.length);
  scene.reset();
  await scene.assertMended();
});

test('a real disk that is too small for twenty messages, until it is made larger', { skip: unmountable }, async (t) => {
  const contents = Array.from({ length: 20 }, (_, at) => messageOf(at, 40));
  const scene = await FetchScene.make(t, {}, contents);
  const script =
    'small 512k disk; export XDG_DATA_HOME=$PWD/disk/data XDG_STATE_HOME=$PWD/disk/state; fetch >&2; echo $?; find disk -path "*/tmp/*"; mount -o remount,size=8m disk; fetch >/dev/null 2>second; echo $?; cp -a disk/data disk/state .';
  const { stdout, stderr } = await withMounts(scene, script);
  assert.deepEqual(
    stdout.split('\n'),
    ['74', '0', ''],
    `${stderr}${readFileSync(join(scene.home.folder, 'second'), 'utf8')}`,
  );
  assert.equal(toldBy({ code: 74, stdout: '', stderr }), 'disk-full');
  scene.assertComplete();
});
