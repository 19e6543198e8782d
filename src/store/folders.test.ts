import assert from 'node:assert/strict';
import { link, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Folders } from './folders.ts';
import { Maildir } from './maildir.ts';
import { moveAll, removeAll } from './move.ts';

let root: string;
let folders: Folders;
beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), 'posthorn-folders-')), 'mail');
  folders = new Folders(await Maildir.open(root, { create: true }));
});
afterEach(() => rm(join(root, '..'), { recursive: true }));

const put = (name: string, content = name) => writeFile(join(root, name), content);
const where = async () => (await folders.list()).entries.map(({ folder, base, flags }) => `${folder}/${base}:${flags}`);
const at = async (...bases: string[]) => folders.locate(new Set(bases));

test('a folder is made for us alone, and marked as a part of the mailbox', async () => {
  await folders.open('Entwürfe');
  const path = join(root, '.Entw&APw-rfe');
  assert.deepEqual((await readdir(path)).sort(), ['cur', 'maildirfolder', 'new', 'tmp']);
  assert.equal(((await stat(path)).mode & 0o777).toString(8), '700');
  assert.deepEqual(
    (await folders.all()).map(({ name }) => name),
    ['inbox', 'Entwürfe'],
  );
  await folders.open('Entwürfe');
  assert.equal(await folders.named('entwürfe'), 'Entwürfe');
  assert.equal(await folders.named('New'), 'New');
});

test('folders of other programs are seen at once; what is none, and links, are left alone', async () => {
  for (const part of ['cur', 'new', 'tmp']) await mkdir(join(root, '.Lists.dev', part), { recursive: true });
  await put('.Lists.dev/cur/1.a.x:2,S');
  await mkdir(join(root, '.notmuch/xapian'), { recursive: true });
  await symlink('.Lists.dev', join(root, '.Link'));
  await put('.dotfile');
  assert.deepEqual(await where(), ['Lists/dev/1.a.x:S']);
});

test('a message that is moved keeps its name and its flags, and one that is new stays new', async () => {
  await put('new/1.a.x');
  await put('cur/2.b.x:2,FS');
  await put('cur/3.c.x:2,');
  const archive = await folders.open('Archive');
  assert.deepEqual((await moveAll(await at('1.a.x', '2.b.x', 'nobody'), archive)).sort(), ['1.a.x', '2.b.x']);
  assert.deepEqual(await readdir(join(root, '.Archive/new')), ['1.a.x']);
  assert.deepEqual(await readdir(join(root, '.Archive/cur')), ['2.b.x:2,FS']);
  assert.deepEqual(await where(), ['inbox/3.c.x:', 'Archive/1.a.x:', 'Archive/2.b.x:FS']);
  await moveAll(await at('1.a.x'), archive);
  await moveAll(await at('2.b.x'), await folders.open('inbox'));
  assert.deepEqual((await where()).sort(), ['Archive/1.a.x:', 'inbox/2.b.x:FS', 'inbox/3.c.x:']);
});

test('a move that was interrupted is finished by the same move; until then the message is one', async () => {
  await put('cur/1.a.x:2,S');
  const archive = await folders.open('Archive');
  await link(join(root, 'cur/1.a.x:2,S'), join(root, '.Archive/cur/1.a.x:2,S'));
  assert.equal((await where()).length, 1);
  // Another program sets a flag meanwhile.
  await rename(join(root, 'cur/1.a.x:2,S'), join(root, 'cur/1.a.x:2,FS'));
  await moveAll(await at('1.a.x'), archive);
  assert.deepEqual(await readdir(join(root, 'cur')), []);
  assert.equal((await readdir(join(root, '.Archive/cur'))).length, 1);
});

test('a message of the same name in the other folder that is not the same is never replaced', async () => {
  await put('cur/1.a.x:2,S', 'one');
  const archive = await folders.open('Archive');
  await put('.Archive/cur/1.a.x:2,', 'other');
  assert.deepEqual(await moveAll(await at('1.a.x'), archive), []);
  assert.equal(await readFile(join(root, 'cur/1.a.x:2,S'), 'utf8'), 'one');
  assert.equal(await readFile(join(root, '.Archive/cur/1.a.x:2,'), 'utf8'), 'other');
});

test('what another program moved or flagged behind our back is found', async () => {
  await put('cur/1.a.x:2,');
  const [old] = await at('1.a.x');
  assert.ok(old);
  await rename(old.path, join(root, 'cur/1.a.x:2,R'));
  await moveAll([old], await folders.open('Archive'));
  assert.deepEqual(await where(), ['Archive/1.a.x:R']);
  assert.equal((await folders.flag(old, { add: 'S' }))?.folder, 'Archive');
  assert.deepEqual(await where(), ['Archive/1.a.x:RS']);
  assert.deepEqual(await removeAll(await at('1.a.x')), ['1.a.x']);
  assert.deepEqual(await moveAll([old], await folders.open('Archive')), []);
  assert.equal(await folders.flag(old, { add: 'S' }), undefined);
});
