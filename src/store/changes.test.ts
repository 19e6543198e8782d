import assert from 'node:assert/strict';
import { link, mkdir, mkdtemp, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { changesSize, recordManyChanges } from '../../test/support/many-changes.ts';
import { StoreError } from '../errors.ts';
import type { Step, Verb } from './change-log.ts';
import { Changes, changesIn } from './changes.ts';
import { Folders } from './folders.ts';
import { Lock } from './lock.ts';
import { Maildir } from './maildir.ts';

let folder: string;
let root: string;
let state: string;
let folders: Folders;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthorn-changes-'));
  root = join(folder, 'mail');
  state = join(folder, 'state');
  folders = new Folders(await Maildir.open(root, { create: true }));
  for (const base of ['1.a.x', '2.b.x', '3.c.x']) await writeFile(join(root, 'cur', `${base}:2,`), base);
});
afterEach(() => rm(folder, { recursive: true }));

async function changes<T>(work: (changes: Changes) => Promise<T>): Promise<T> {
  const opened = await Changes.open(state, folders);
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

const make = (verb: Verb, ...steps: Step[]) => changes((opened) => opened.make(folders, verb, steps));
const undo = () =>
  changes(async (opened) => {
    const last = opened.log.lastUndoable;
    return last && [last.verb, ...(await opened.undo(folders, last))];
  });
const tagsOf = async (base: string) => [...(await Changes.read(state)).tagsOf(base)];
const where = async () => (await folders.list()).entries.map(({ folder, base, flags }) => `${folder}/${base}:${flags}`);

test('flags, tags and moves in one go, and each taken back, the last one first', async () => {
  const before = await where();
  await make('flag', { base: '1.a.x', set: 'FS' }, { base: '2.b.x', set: 'S' });
  await make('tag', { base: '1.a.x', tag: ['work', 'urgent'] });
  await make('tag', { base: '1.a.x', tag: ['later'], untag: ['urgent'] });
  await make('filter', { base: '1.a.x', from: 'inbox', to: 'Lists/dev', clear: 'S', tag: ['list'] });
  assert.deepEqual(await where(), ['inbox/2.b.x:S', 'inbox/3.c.x:', 'Lists/dev/1.a.x:F']);
  assert.deepEqual(await tagsOf('1.a.x'), ['work', 'later', 'list']);
  assert.deepEqual(await undo(), ['filter', '1.a.x']);
  assert.deepEqual((await where()).sort(), ['inbox/1.a.x:FS', 'inbox/2.b.x:S', 'inbox/3.c.x:']);
  assert.deepEqual(await tagsOf('1.a.x'), ['work', 'later']);
  await undo();
  assert.deepEqual(new Set(await tagsOf('1.a.x')), new Set(['work', 'urgent']));
  await undo();
  assert.deepEqual(await undo(), ['flag', '2.b.x', '1.a.x']);
  assert.deepEqual((await where()).sort(), before.sort());
  assert.deepEqual(await tagsOf('1.a.x'), []);
  assert.equal(await undo(), undefined);
});

test('what others did to the same message meanwhile stays', async () => {
  await make('flag', { base: '1.a.x', set: 'S' });
  await rename(join(root, 'cur/1.a.x:2,S'), join(root, 'cur/1.a.x:2,RS'));
  await undo();
  assert.ok((await where()).includes('inbox/1.a.x:R'));
  await make('move', { base: '1.a.x', from: 'inbox', to: 'A' }, { base: '2.b.x', from: 'inbox', to: 'A' });
  const other = await folders.open('B');
  await rename(join(root, '.A/cur/1.a.x:2,R'), join(other.path, 'cur/1.a.x:2,R'));
  assert.deepEqual(await undo(), ['move', '2.b.x'], 'the other one is no longer where the move left it');
  assert.deepEqual((await where()).sort(), ['B/1.a.x:R', 'inbox/2.b.x:', 'inbox/3.c.x:']);
});

test('a change that a crash cut short: recorded and not made, half made, made and not recorded as done', async () => {
  const steps = [
    { base: '1.a.x', from: 'inbox', to: 'A' },
    { base: '2.b.x', from: 'inbox', to: 'A' },
    { base: '3.c.x', from: 'inbox', to: 'A' },
  ];
  await make('move', ...steps);
  // As a crash would have left it: 1 was moved, 2 has both names, 3 was not touched, and nothing says it is done.
  const { truncate, readFile } = await import('node:fs/promises');
  const journal = await readFile(changesIn(state));
  await truncate(changesIn(state), journal.subarray(0, -1).lastIndexOf('\n') + 1);
  await link(join(root, '.A/cur/2.b.x:2,'), join(root, 'cur/2.b.x:2,'));
  await rename(join(root, '.A/cur/3.c.x:2,'), join(root, 'cur/3.c.x:2,'));
  assert.equal((await where()).length, 3, 'each is one message');
  await changes(async ({ log }) => assert.equal(log.unfinished, undefined));
  assert.deepEqual(await readdir(join(root, 'cur')), ['3.c.x:2,']);
  assert.deepEqual((await undo())?.sort(), ['1.a.x', '2.b.x', '3.c.x', 'move']);
  assert.deepEqual((await where()).sort(), ['inbox/1.a.x:', 'inbox/2.b.x:', 'inbox/3.c.x:']);
});

test('a purge removes for good, with the tags, and is the end of what can be taken back', async () => {
  await make('tag', { base: '1.a.x', tag: ['work'] });
  assert.deepEqual([...(await make('purge', { base: '1.a.x' }, { base: 'gone' }))], ['1.a.x']);
  assert.deepEqual(await where(), ['inbox/2.b.x:', 'inbox/3.c.x:']);
  assert.deepEqual(await tagsOf('1.a.x'), []);
  await changes(async ({ log }) => assert.equal(log.lastUndoable?.verb, 'purge'));
});

test('two changes at once wait for each other; a reader waits for nobody', async () => {
  const lists = Array.from({ length: 10 }, (_, at) => make('tag', { base: '1.a.x', tag: [`t${at}`] }));
  await Promise.all(lists);
  assert.equal((await tagsOf('1.a.x')).length, 10);
  const held = Lock.acquire(join(state, 'changes.lock'));
  const busy = (error: unknown) => error instanceof StoreError && error.code === 'mailbox-busy';
  await assert.rejects(Changes.open(state, folders, 50), busy);
  assert.equal((await tagsOf('1.a.x')).length, 10);
  held.release();
});

test('a large journal becomes short: tags and what can be taken back are as before, and readers are not disturbed', async () => {
  await make('tag', { base: '2.b.x', tag: ['first'] });
  await recordManyChanges(state, '1.a.x', 'work');
  const large = changesSize(state);
  assert.ok(large > 1024 * 1024);
  const reader = await open(changesIn(state));
  assert.deepEqual([await tagsOf('1.a.x'), await tagsOf('2.b.x')], [['work'], ['first']]);
  const before = await changes(async ({ log }) => log.lastUndoable);
  assert.ok(changesSize(state) < 30_000, `${changesSize(state)} of ${large}`);
  assert.equal((await reader.readFile()).length, large);
  await reader.close();
  assert.deepEqual(await readdir(state), ['changes']);
  assert.deepEqual([await tagsOf('1.a.x'), await tagsOf('2.b.x')], [['work'], ['first']]);
  assert.deepEqual(await changes(async ({ log }) => log.lastUndoable), before);
  for (let times = 0; times < 100; times++) assert.equal((await undo())?.[0], 'flag');
  assert.equal(await undo(), undefined);
});

test('a large journal stays as it is where another cannot be written', async () => {
  await make('flag', { base: '1.a.x', set: 'S' });
  await recordManyChanges(state, '1.a.x', 'work');
  const large = changesSize(state);
  await mkdir(`${changesIn(state)}.new`);
  await make('tag', { base: '1.a.x', tag: ['later'] });
  assert.ok(changesSize(state) > large);
  assert.deepEqual(await tagsOf('1.a.x'), ['work', 'later']);
});

test('a journal that contradicts itself stops us loudly', async () => {
  await make('tag', { base: '1.a.x', tag: ['work'] });
  const { Journal } = await import('./journal.ts');
  const journal = await Journal.open(changesIn(state), (value) => value);
  await journal.append([{ step: 99, base: 'x' }]);
  await journal.close();
  const damaged = (error: unknown) => error instanceof StoreError && error.code === 'journal-damaged';
  await assert.rejects(Changes.read(state), damaged);
  await assert.rejects(Changes.open(state, folders), damaged);
  assert.ok(!(await readdir(state)).includes('changes.lock'), 'the lock was given back');
});
