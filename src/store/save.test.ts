import assert from 'node:assert/strict';
import { lchown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { StoreError } from '../errors.ts';
import { createFile, type SavedFile, saveFile } from './save.ts';

let folder: string;
let out: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthorn-save-'));
  out = join(folder, 'out');
});
afterEach(() => rm(folder, { recursive: true }));

async function save(name: string, content: string): Promise<SavedFile> {
  const sink = await saveFile(out, name);
  await sink.write(Buffer.from(content));
  return sink.commit();
}

test('a file is saved under its name, for us alone, in a folder made for it', async () => {
  const saved = await save('report.pdf', 'content');
  assert.deepEqual(saved, { name: 'report.pdf', path: join(out, 'report.pdf'), size: 7 });
  assert.equal(await readFile(saved.path, 'utf8'), 'content');
  assert.equal((await stat(saved.path)).mode & 0o777, 0o600);
  assert.equal((await stat(out)).mode & 0o777, 0o700);
});

test('nasty names stay inside the folder, each a file of its own', async () => {
  const names = [
    '../../.bashrc',
    '/etc/cron.d/x',
    '..\\..\\x',
    'C:\\x',
    '\\\\host\\share\\x',
    '%2e%2e%2fx',
    'a\u2044b',
    'a\u2215b',
    'a\uff0fb',
    'a\0b',
    '',
    '.',
    '..',
    'CON',
    'NUL.txt',
    'COM¹',
    'x. ',
    'x ',
    '-rf',
    '.x',
    '~',
    'a.txt:ads',
    'a\nb',
    '\x1b[2J',
    'y'.repeat(4096),
    'é.txt',
    'e\u0301.txt',
    'E\u0301.TXT',
    'x\u202etxt.exe',
    '\u200f',
    '__proto__',
    'new/',
    '....//....//x',
    'x'.repeat(255),
  ]; // prettier-ignore
  const saved = [];
  for (const [index, name] of names.entries()) saved.push(await save(name, String(index)));
  assert.deepEqual((await readdir(out)).sort(), saved.map(({ name }) => name).sort());
  assert.equal(new Set(saved.map(({ name }) => name)).size, names.length);
  for (const [index, { path }] of saved.entries()) assert.equal(await readFile(path, 'utf8'), String(index));
  assert.deepEqual(await readdir(folder), ['out']);
});

test('nothing is overwritten: not a file, a folder, nor the target of a link', async () => {
  await mkdir(join(out, 'a (2).txt'), { recursive: true });
  await writeFile(join(folder, 'victim'), 'precious');
  await writeFile(join(out, 'a.txt'), 'mine');
  await symlink('../victim', join(out, 'a (3).txt'));
  await symlink('../absent', join(out, 'b.txt'));
  assert.equal((await save('a.txt', 'new')).name, 'a (4).txt');
  assert.equal((await save('b.txt', 'new')).name, 'b (2).txt');
  assert.equal(await readFile(join(folder, 'victim'), 'utf8'), 'precious');
  assert.equal(await readFile(join(out, 'a.txt'), 'utf8'), 'mine');
  assert.deepEqual((await readdir(folder)).sort(), ['out', 'victim']);
});

test('many files of one name, also at the same time, are all kept', async () => {
  const saved = await Promise.all(Array.from({ length: 12 }, (_, index) => save('image.png', String(index))));
  for (let index = 0; index < 200; index += 1) saved.push(await save('image.png', ''));
  assert.equal(new Set(saved.map(({ name }) => name)).size, 212);
  assert.equal((await readdir(out)).length, 212);
});

test('the ten-thousandth of a name costs no more looks than a few', async () => {
  await mkdir(out);
  const names = ['image.png', ...Array.from({ length: 9_999 }, (_, index) => `image (${index + 2}).png`)];
  for (let at = 0; at < names.length; at += 500)
    await Promise.all(names.slice(at, at + 500).map((name) => writeFile(join(out, name), '')));
  assert.deepEqual(
    [(await save('image.png', 'x')).name, (await save('image.png', 'y')).name],
    ['image (10001).png', 'image (10002).png'],
  );
});

test('a path of our own is taken as it is, or not at all', async () => {
  const path = join(out, '.project.mbox ');
  const file = await createFile(path);
  await file.write(Buffer.from('x'));
  const rival = await createFile(path);
  assert.deepEqual(await file.commit(), { name: '.project.mbox ', path, size: 1 });
  await assert.rejects(rival.commit(), { code: 'name-taken' });
  await assert.rejects(createFile(path), { code: 'name-taken' });
  await symlink('../absent', join(out, 'link'));
  await assert.rejects(createFile(join(out, 'link')), { code: 'name-taken' });
  assert.deepEqual((await readdir(out)).sort(), ['.project.mbox ', 'link']);
});

test('a link of somebody else on the way is not followed', { skip: process.getuid?.() !== 0 }, async () => {
  await mkdir(join(folder, 'real'));
  await symlink('real', join(folder, 'theirs'));
  await lchown(join(folder, 'theirs'), 65534, 65534);
  for (const below of ['', 'a/b']) {
    await assert.rejects(saveFile(join(folder, 'theirs', below), 'x'), { code: 'unsafe-folder' });
    await assert.rejects(createFile(join(folder, 'theirs', below, 'x')), { code: 'unsafe-folder' });
  }
  assert.deepEqual(await readdir(join(folder, 'real')), []);
});

test('a file is invisible until it is complete, and abort leaves nothing', async () => {
  const sink = await saveFile(out, 'large.bin');
  await sink.write(Buffer.alloc(300_000));
  assert.match((await readdir(out)).join(), /^\.posthorn-[0-9a-f]{16}\.part$/);
  await sink.abort();
  assert.deepEqual(await readdir(out), []);
});

test('a file in place of the folder is an error', async () => {
  await writeFile(out, '');
  await assert.rejects(save('x', ''), StoreError);
});
