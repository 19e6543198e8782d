/**
 * A move, and its undoing, killed by strace before each of their system calls in turn, and cut off by a power failure at
 * every moment: no message is ever nowhere, each is one to whoever looks, and the next change leaves one file of each.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Changes } from '../../src/store/changes.ts';
import { KEPT } from '../support/call-points.ts';
import { FILE_CALLS, readCalls } from '../support/file-calls.ts';
import { keepPlaces, PLACES } from '../support/fetch-scene.ts';
import { type Fate, ForgetfulDisk, writeTree } from '../support/forgetful-disk.ts';
import { runHere } from '../support/here.ts';
import { sweepKills } from '../support/kill-sweep.ts';
import { putMessages } from '../support/maildir.ts';
import { type Home, makeHome } from '../support/program.ts';
import { changesSize, recordManyChanges } from '../support/many-changes.ts';
import { random } from '../support/random.ts';
import { canTrace, runTraced, type Tracing } from '../support/traced.ts';

const skip = canTrace() ? false : 'needs strace';
const SEED = Number(process.env['POSTHORN_SEED'] ?? Date.now() % 1_000_000);
const MAILDIR = 'data/posthorn/ann@example.org';
const COUNT = 3;

interface Scene {
  readonly home: Home;
  /** Puts everything back to where the command begins. */
  reset(): void;
}

/** A mailbox of three messages, one of them new to it, after these commands. */
async function makeScene(t: TestContext, before: readonly (readonly string[])[]): Promise<Scene> {
  const home = await makeHome(t);
  await putMessages(
    home,
    Array.from({ length: COUNT }, (_, at) => `Subject: ${at}\n\ntext ${at}\n`),
  );
  for (const args of [['flag', '1-2', 'seen'], ...before]) await home.json(args);
  return { home, reset: keepPlaces(home) };
}

/** The base names of all files in `cur` and `new` of all folders. */
function basesIn({ folder }: Home): string[] {
  const files = readdirSync(join(folder, MAILDIR), { recursive: true }) as string[];
  return files.flatMap((file) => /(?:^|\/)(?:cur|new)\/([^:/]+)/.exec(file)?.[1] ?? []).sort();
}

async function assertMended(home: Home): Promise<void> {
  assert.equal(new Set(basesIn(home)).size, COUNT, 'a message is lost');
  const { stdout } = await runHere(home.env, ['list', 'is:read or is:unread', '--json']);
  assert.equal((JSON.parse(stdout) as { count: number }).count, COUNT, 'a message is shown twice, or not');
  // The lock of a dead one is taken over; one that died in the middle of that is cleared for the run behind the next one.
  let next = await runHere(home.env, ['tag', '1', 'x']);
  if (next.code === 75) next = await runHere(home.env, ['tag', '1', 'x']);
  assert.equal(next.code, 0, next.stderr);
  assert.equal(basesIn(home).length, COUNT, 'a message has two files');
}

const COMMANDS: readonly (readonly [name: string, before: readonly (readonly string[])[], args: readonly string[]])[] =
  [
    ['a move into a new folder', [], ['move', '1-3', 'Archive']],
    ['an undo', [['move', '1-3', 'Archive']], ['undo']],
  ];

for (const [name, before, args] of COMMANDS) {
  test(`${name}, killed at any call`, { skip }, async (t) => {
    const { home, reset } = await makeScene(t, before);
    const run = (tracing: Tracing) => runTraced(home, args, tracing);
    await sweepKills(t, { prepare: reset, run, check: () => assertMended(home), points: [KEPT], step: 3 });
  });

  test(`${name}, and the power fails at any moment`, { skip }, async (t) => {
    const scene = await makeScene(t, before);
    await failPower(t, scene, args, () => assertMended(scene.home));
  });
}

/** Every disk that a power cut at any moment of a command can leave, but for what chance leaves out; the last has what is safe. */
async function failPower(
  t: TestContext,
  { home, reset }: Scene,
  args: readonly string[],
  check: () => Promise<void>,
): Promise<void> {
  reset();
  const disk = seeded(home.folder);
  const { code, trace, stderr } = await runTraced(home, args, { threads: 'all', options: FILE_CALLS });
  assert.equal(code, 0, stderr);
  const next = random(SEED);
  const fates: (() => Fate)[] = [
    () => 'lost',
    () => 'kept',
    ...Array.from({ length: 4 }, () => () => (next() < 0.5 ? 'lost' : 'kept')),
  ];
  const seen = new Set<string>();
  for (const [at, call] of readCalls(trace).entries()) {
    disk.apply(call);
    for (const fate of fates) {
      const tree = disk.survivors(fate);
      const key = [...tree].map(([path, data]) => `${path} ${data?.toString('base64')}`).join('\n');
      if (seen.has(key)) continue;
      seen.add(key);
      putTree(home, tree);
      await check().catch((cause: unknown) => {
        throw new Error(`seed ${SEED}, behind call ${at}, ${call.call}`, { cause });
      });
    }
  }
  putTree(
    home,
    disk.survivors(() => 'lost'),
  );
  t.diagnostic(`${seen.size} different disks, seed ${SEED}`);
  assert.ok(seen.size > 20);
}

function putTree({ folder }: Home, tree: ReturnType<ForgetfulDisk['survivors']>): void {
  for (const place of PLACES) rmSync(join(folder, place), { recursive: true, force: true });
  writeTree(folder, tree);
}

/** A disk on which everything that is there now is safe. */
function seeded(root: string): ForgetfulDisk {
  const disk = new ForgetfulDisk(root);
  const fd = 1_000;
  const sync = (path: string) => {
    disk.apply({ call: 'open', path, fd, truncates: false });
    disk.apply({ call: 'sync', fd });
    disk.apply({ call: 'close', fd });
  };
  for (const place of PLACES) {
    const names = (readdirSync(join(root, place), { recursive: true }) as string[]).sort();
    const paths = [join(root, place), ...names.map((name) => join(root, place, name))];
    for (const path of paths) {
      assert.ok(!relative(root, path).startsWith('..'));
      if (statSync(path).isDirectory()) disk.apply({ call: 'folder', path });
      else {
        disk.apply({ call: 'open', path, fd, truncates: false });
        disk.apply({ call: 'write', fd, bytes: readFileSync(path), offset: 0 });
        disk.apply({ call: 'close', fd });
      }
    }
    for (const path of [...paths, root]) sync(path);
  }
  return disk;
}

test('a list that follows what another program moved, killed at any call', { skip }, async (t) => {
  const home = await makeHome(t);
  const maildir = join(home.folder, MAILDIR);
  await putMessages(home, []);
  const letter = join(home.folder, 'letter.eml');
  writeFileSync(letter, 'Subject: moved\r\n\r\ntext\r\n');
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runHere(home.env, args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  await run('import', letter);
  await run('tag', '1', 'work');
  await run('move', '1', 'Archive');
  const [name = ''] = readdirSync(join(maildir, '.Archive/new'));
  renameSync(join(maildir, '.Archive/new', name), join(maildir, 'cur/1.other.name:2,S'));
  const reset = keepPlaces(home);
  const check = async (): Promise<void> => {
    const list = JSON.parse(await run('list', '--json')) as { messages: { number: number; tags: string[] }[] };
    assert.deepEqual(
      list.messages.map(({ number, tags }) => [number, ...tags]),
      [[1, 'work']],
    );
    await run('undo');
    assert.deepEqual(basesIn(home), ['1.other.name']);
  };
  const listing = (tracing: Tracing) => runTraced(home, ['list'], tracing);
  await sweepKills(t, { prepare: reset, run: listing, check, points: [KEPT], step: 3 });
});

/** A mailbox whose journal of changes is large; what must be so whatever becomes of the next change, which makes it short. */
async function makeLarge(t: TestContext): Promise<Scene & { readonly check: () => Promise<void> }> {
  const scene = await makeScene(t, [['tag', '2', 'first']]);
  const { home } = scene;
  const state = join(home.folder, 'state/posthorn/ann@example.org');
  await recordManyChanges(state, basesIn(home)[0] ?? '', 'work');
  const before = await Changes.read(state);
  const large = changesSize(state);
  const check = async (): Promise<void> => {
    const log = await Changes.read(state);
    const isMade = log.nextId > before.nextId;
    assert.ok(isMade || log.equals(before), 'it says something else');
    const { stdout } = await runHere(home.env, ['list', 'tag:work or tag:first', '--json']);
    const { messages } = JSON.parse(stdout) as { messages: { tags: string[] }[] };
    const tags = messages.map((each) => each.tags.filter((tag) => tag !== 'x'));
    assert.deepEqual(tags, [['first'], ['work']]);
    await assertMended(home);
    assert.ok(changesSize(state) < large / 20, 'it is not short');
    // Everything from before can be taken back, but for the oldest that the new ones have pushed out.
    const pushed = isMade ? 2 : 1;
    for (let times = 0; times < pushed; times++) assert.equal((await runHere(home.env, ['undo'])).code, 0);
    const { lastUndoable, oldestUndoable = 0 } = await Changes.read(state);
    assert.deepEqual(lastUndoable, before.lastUndoable);
    assert.equal(oldestUndoable, (before.oldestUndoable ?? 0) + pushed);
  };
  return { home, reset: keepPlaces(home), check };
}

test('a tag that makes a large journal short, killed at any call', { skip }, async (t) => {
  const { home, reset, check } = await makeLarge(t);
  const run = (tracing: Tracing) => runTraced(home, ['tag', '3', 'x'], tracing);
  await sweepKills(t, { prepare: reset, run, check, points: [KEPT], step: 3 });
});

test('a tag that makes a large journal short, and the power fails at any moment', { skip }, async (t) => {
  const scene = await makeLarge(t);
  await failPower(t, scene, ['tag', '3', 'x'], scene.check);
  const { stdout } = await runHere(scene.home.env, ['list', 'tag:x', '--json']);
  assert.equal((JSON.parse(stdout) as { count: number }).count, 1, 'it ended well, and is lost');
});
