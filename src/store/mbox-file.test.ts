import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import { chown, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { StoreError } from '../errors.ts';
import { ownLife } from './lock.ts';
import { appendToMbox } from './mbox-file.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthorn-mbox-'));
  path = join(folder, 'mbox');
});
afterEach(() => rm(folder, { recursive: true }));

async function* entry(...pieces: (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Error) throw piece;
    yield Buffer.from(piece);
  }
}

test('an entry behind the last one, whatever that ends with; the file is private, and the lock gone', async () => {
  await appendToMbox(path, entry('From a\n', 'x\n\n'));
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await appendToMbox(path, entry('From b\n\n'));
  assert.equal(await readFile(path, 'utf8'), 'From a\nx\n\nFrom b\n\n');
  for (const before of ['From a\nx', 'From a\nx\n', 'From a\nx\n\n']) {
    await writeFile(path, before);
    await appendToMbox(path, entry('From b\n\n'));
    assert.equal(await readFile(path, 'utf8'), 'From a\nx\n\nFrom b\n\n');
  }
  assert.ok(!existsSync(`${path}.lock`));
});

test('whole or not at all', async () => {
  await writeFile(path, 'From a\nx');
  await assert.rejects(appendToMbox(path, entry('From b\n', new Error('cut'))));
  assert.equal(await readFile(path, 'utf8'), 'From a\nx');
  assert.ok(!existsSync(`${path}.lock`));
});

test('a lock of another program is waited for, and taken from one that is gone', async () => {
  await writeFile(`${path}.lock`, '');
  const busy = (error: unknown) => error instanceof StoreError && error.code === 'mailbox-busy';
  await assert.rejects(appendToMbox(path, entry('From b\n\n'), 150), busy);
  assert.ok(!existsSync(path) && existsSync(`${path}.lock`), 'it is left to its owner');
  setTimeout(() => void rm(`${path}.lock`), 150);
  await appendToMbox(path, entry('From b\n\n'));
  await writeFile(`${path}.lock`, '');
  const old = Date.now() / 1000 - 3600;
  await utimes(`${path}.lock`, old, old);
  await appendToMbox(path, entry('From c\n\n'), 1000);
  assert.equal(await readFile(path, 'utf8'), 'From b\n\nFrom c\n\n');
});

test('many at once come one after the other', async () => {
  await Promise.all(Array.from({ length: 5 }, (_, at) => appendToMbox(path, entry(`From ${at}\n`, '\n'))));
  const entries = (await readFile(path, 'utf8')).trim().split('\n\n').sort();
  assert.deepEqual(entries, ['From 0', 'From 1', 'From 2', 'From 3', 'From 4']);
});

/** How the second line of a lock of ours begins, and how it ends. */
const OURS = `posthorn ${ownLife().boot}`;
const SPACE = readlinkSync('/proc/self/ns/pid');

/** What a run leaves that was killed in the middle of an entry, of which `text` is in the file. */
async function killed(before: string, text: string, begin = 'From b ü\n'): Promise<void> {
  const { pid: dead } = spawnSync('true');
  await writeFile(path, Buffer.from(before + text, 'latin1'));
  const note = JSON.stringify({ size: before.length, begin });
  const content = `${dead}\n${OURS} 1 ${SPACE}\n${note}`;
  await writeFile(`${path}.lock`, Buffer.from(content, 'latin1'));
}

for (const text of [
  '',
  '\n',
  '\n\nFr',
  '\nFrom b ü\n',
  '\nFrom b ü\ntext',
  `\nFrom b ü\n${'>From x\n'.repeat(20_000)}\n`,
  '\nFrom b ü\n>>From other@example.org Tue Nov  4 10:00:00 2025\nReceived: From x; Tue, 4 Nov 2025 10:00:00 +0000\n',
]) {
  test(`what a killed run left of an entry is taken away: ${text.length} octets`, async () => {
    await killed('From a\nx\n', text);
    await appendToMbox(path, entry('From c\n\n'), 0);
    assert.equal(await readFile(path, 'latin1'), 'From a\nx\n\nFrom c\n\n');
    assert.deepEqual(await readdir(folder), ['mbox']);
  });
}

for (const text of [
  '\nFrom b ü\ntext\n\nFrom other\n\n',
  `\nFrom b ü\n${'x'.repeat(65_530)}\nFrom other\n\n`,
  '\nFrom other\ntext\n\n',
  '\nFrom b ü\nhalf aFrom other@example.org  Tue Nov  4 10:00:00 2025\ntext\n\n',
  `\nFrom b ü\n${'x'.repeat(65_500)}From other@example.org Tue Nov  4 10:00:00 2025\ntext\n\n`,
  'text\n\n',
]) {
  test(`what another program has put behind it stays: ${text.length} octets`, async () => {
    await killed('From a\nx\n', text);
    await appendToMbox(path, entry('From c\n\n'), 0);
    assert.equal(await readFile(path, 'latin1'), `From a\nx\n${text}From c\n\n`);
  });
}

test('only a lock of our own is replaced at once, and only where its holder is gone', async () => {
  const { pid: dead } = spawnSync('true');
  const locks = [
    `${dead}\n`,
    `${dead}\nposthorn another-boot 1 ${SPACE}\n`,
    `${dead}\n${OURS} 1 pid:[1]\n`,
    `${process.ppid}\n${OURS}  ${SPACE}\n`,
    `0\n${OURS} 1 ${SPACE}\n`,
    `${dead}\n${OURS} 1 ${SPACE}`,
  ];
  const busy = (error: unknown) => error instanceof StoreError && error.code === 'mailbox-busy';
  for (const content of locks) {
    await writeFile(`${path}.lock`, content);
    await assert.rejects(appendToMbox(path, entry('From b\n\n'), 0), busy);
  }
  await writeFile(`${path}.lock`, `${dead}\n${OURS} 1 ${SPACE}\n{"size":0,"begin":1}`);
  await appendToMbox(path, entry('From b\n\n'), 0);
  assert.equal(await readFile(path, 'latin1'), 'From b\n\n');
});

test('a lock of our own that is old is left to its holder while that lives, and so is one that took the place of ours', async () => {
  const old = Date.now() / 1000 - 3600;
  await writeFile(`${path}.lock`, `${process.ppid}\n${OURS}  ${SPACE}\n`);
  await utimes(`${path}.lock`, old, old);
  await assert.rejects(appendToMbox(path, entry('From b\n\n'), 150), StoreError);
  assert.ok(existsSync(`${path}.lock`));
  await rm(`${path}.lock`);
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('From b\n');
    await writeFile(`${path}.lock`, 'other');
    yield Buffer.from('\n');
  }
  await appendToMbox(path, slow(), 0);
  assert.equal(await readFile(`${path}.lock`, 'utf8'), 'other');
});

test('the lock of a process that has the id of a dead one is no longer its', async () => {
  await writeFile(`${path}.lock`, `${process.ppid}\n${OURS} 1 ${SPACE}\n`);
  await appendToMbox(path, entry('From b\n\n'), 0);
  assert.equal(await readFile(path, 'utf8'), 'From b\n\n');
});

test("another user's lock is not believed", { skip: process.getuid?.() === 0 ? false : 'needs root' }, async () => {
  await killed('From a\nx\n', '\nFrom b ü\n');
  await chown(`${path}.lock`, 65_534, 65_534);
  await assert.rejects(appendToMbox(path, entry('From c\n\n'), 0), StoreError);
});

test('a link in its place is not followed', async () => {
  await writeFile(join(folder, 'other'), '');
  await symlink(join(folder, 'other'), path);
  await assert.rejects(appendToMbox(path, entry('From b\n\n')), StoreError);
  assert.equal(await readFile(join(folder, 'other'), 'utf8'), '');
});
