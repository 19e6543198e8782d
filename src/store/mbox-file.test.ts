import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { StoreError } from '../errors.ts';
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

test('a link in its place is not followed', async () => {
  await writeFile(join(folder, 'other'), '');
  await symlink(join(folder, 'other'), path);
  await assert.rejects(appendToMbox(path, entry('From b\n\n')), StoreError);
  assert.equal(await readFile(join(folder, 'other'), 'utf8'), '');
});
