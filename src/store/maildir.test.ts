import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { chmod, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { umask } from 'node:process';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { promisify } from 'node:util';
import { StoreError, UsageError } from '../errors.ts';
import { Maildir } from './maildir.ts';

let folder: string;
let root: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthorn-maildir-'));
  root = join(folder, 'mail');
});
afterEach(async () => {
  mended();
  await rm(folder, { recursive: true });
});

const code = (expected: string) => (error: unknown) => error instanceof StoreError && error.code === expected;
const bytes = (text: string): Uint8Array => Buffer.from(text);

async function modes(path: string): Promise<string[]> {
  const names = [path, ...(await readdir(path, { recursive: true })).map((name) => join(path, name))];
  return Promise.all(names.map(async (name) => ((await stat(name)).mode & 0o777).toString(8)));
}

test('bytes are kept exactly, and counted and hashed as they came', async () => {
  const maildir = await Maildir.open(root, { create: true });
  const delivery = maildir.deliver();
  const content = Buffer.concat([Buffer.from('Subject: x\r\n\r\n\0\xff\r.\n'), Buffer.alloc(1_000_000, 'abc\r\n')]);
  for (let start = 0, step = 1; start < content.length; start += step, step = (step * 7) % 300_007) {
    await delivery.write(content.subarray(start, start + step));
  }
  const delivered = await delivery.commit();
  assert.deepEqual(await readFile(join(root, 'new', delivered.base)), content);
  assert.equal(delivered.size, content.length);
  assert.equal(delivered.sha256, createHash('sha256').update(content).digest('hex'));
  assert.deepEqual(await readdir(join(root, 'tmp')), []);
});

test('chunks may be reused by the caller at once, without waiting', async () => {
  const maildir = await Maildir.open(root, { create: true });
  const delivery = maildir.deliver();
  const chunk = Buffer.alloc(100_000);
  for (let index = 0; index < 20; index += 1) void delivery.write(chunk.fill(index));
  const { base } = await delivery.commit();
  const content = await readFile(join(root, 'new', base));
  for (let index = 0; index < 20; index += 1) assert.equal(content[index * 100_000 + 99_999], index);
});

for (const mask of [0o000, 0o077]) {
  test(`folders are 0700 and files 0600 with umask ${mask.toString(8)}`, async () => {
    const before = umask(mask);
    try {
      const maildir = await Maildir.open(join(root, 'deep', 'er'), { create: true });
      await maildir.deliver().commit();
    } finally {
      umask(before);
    }
    assert.deepEqual(await modes(root), ['700', '700', '700', '700', '700', '700', '600'].sort().reverse());
  });
}

test('a missing, foreign-writable or linked folder is refused', async () => {
  await assert.rejects(Maildir.open(root), code('mailbox-missing'));
  await Maildir.open(root, { create: true });
  await chmod(join(root, 'cur'), 0o777);
  await assert.rejects(Maildir.open(root), code('unsafe-folder'));
  await rm(join(root, 'cur'), { recursive: true });
  await symlink(folder, join(root, 'cur'));
  await assert.rejects(Maildir.open(root, { create: true }), code('not-a-folder'));
});

test('a message is never overwritten, nor a link followed', async () => {
  const maildir = await Maildir.open(root, { create: true });
  const victim = join(folder, 'victim');
  await writeFile(victim, 'precious');
  await symlink(victim, join(root, 'new', 'taken'));
  await symlink(victim, join(root, 'tmp', 'planted'));
  for (const base of ['taken', 'planted']) {
    const delivery = maildir.deliver(base);
    await delivery.write(bytes('evil'));
    await assert.rejects(delivery.commit(), code('name-taken'));
  }
  assert.equal(await readFile(victim, 'utf8'), 'precious');
  assert.deepEqual(await readdir(join(root, 'tmp')), ['planted']);
});

test('names that would leave the folder are refused', async () => {
  const maildir = await Maildir.open(root, { create: true });
  for (const base of ['../x', '', '.', 'a:2,S']) assert.throws(() => maildir.deliver(base), UsageError);
});

test('abort leaves nothing, and a finished delivery takes no more', async () => {
  const maildir = await Maildir.open(root, { create: true });
  const delivery = maildir.deliver();
  await delivery.write(Buffer.alloc(600_000));
  assert.equal((await readdir(join(root, 'tmp'))).length, 1);
  await delivery.abort();
  assert.deepEqual(await readdir(root, { recursive: true }).then((names) => names.sort()), ['cur', 'new', 'tmp']);
  assert.throws(() => delivery.write(bytes('x')), UsageError);
  await assert.rejects(delivery.commit(), UsageError);
});

test('a batch is committed as one: all of it, or nothing', async () => {
  const maildir = await Maildir.open(root, { create: true });
  const good = Array.from({ length: 100 }, (_, index) => maildir.deliver(`m${index}`));
  for (const delivery of good) await delivery.write(bytes(delivery.base));
  const delivered = await maildir.commitAll(good);
  assert.deepEqual(
    delivered.map(({ base }) => base),
    good.map(({ base }) => base),
  );
  const bad = ['n1', 'm50', 'n2'].map((base) => maildir.deliver(base));
  await assert.rejects(maildir.commitAll(bad), code('name-taken'));
  assert.equal((await readdir(join(root, 'new'))).length, 100);
  assert.equal(await readFile(join(root, 'new', 'm50'), 'utf8'), 'm50');
});

test('what is complete is synced before it is committed, and committed or aborted as any other', async () => {
  const maildir = await Maildir.open(root, { create: true });
  const early = Array.from({ length: 100 }, (_, index) => maildir.deliver(`m${index}`));
  for (const delivery of early) {
    await delivery.write(bytes(delivery.base));
    delivery.complete();
    assert.throws(() => delivery.write(bytes('x')), UsageError);
    assert.throws(() => delivery.complete(), UsageError);
  }
  const delivered = await maildir.commitAll([...early.slice(0, 99), maildir.deliver('late')]);
  assert.equal(delivered.length, 100);
  await early[99]?.abort();
  await assert.rejects(early[0]?.commit() ?? Promise.resolve(), UsageError);
  assert.equal(await readFile(join(root, 'new', 'm0'), 'utf8'), 'm0');
  // Given up while most of them still wait for their turn.
  const left = Array.from({ length: 100 }, (_, index) => maildir.deliver(`n${index}`));
  for (const delivery of left) {
    await delivery.write(bytes(delivery.base));
    delivery.complete();
  }
  await Promise.all(left.map((delivery) => delivery.abort()));
  await maildir.deliver('last').commit();
  assert.deepEqual(await readdir(join(root, 'tmp')), []);
  assert.equal((await readdir(join(root, 'new'))).length, 101);
});

/** The prototype of file handles, to make one of their methods fail. */
async function handles(): Promise<{ sync(): Promise<void> }> {
  const handle = await open(folder, 'r');
  await handle.close();
  return Object.getPrototypeOf(handle) as { sync(): Promise<void> };
}

/** Makes a call of the system fail, until `mended`. @returns how often it was tried. */
function broken(name: 'fsync' | 'write', errno: string): () => number {
  const fail = (...args: unknown[]) =>
    (args.at(-1) as (error: Error) => void)(Object.assign(new Error(errno), { code: errno }));
  const method = mock.method(fs, name, Object.assign(fail, { [promisify.custom]: undefined }));
  syncBuiltinESMExports();
  return () => method.mock.callCount();
}

function mended(): void {
  mock.restoreAll();
  syncBuiltinESMExports();
}

test('a failed sync is not tried again: the message is not stored and nothing is left', async () => {
  const maildir = await Maildir.open(root, { create: true });
  const syncFolder = async (): Promise<() => number> => {
    const eio = Object.assign(new Error('EIO'), { code: 'EIO' });
    const method = mock.method(await handles(), 'sync', () => Promise.reject(eio));
    return () => method.mock.callCount();
  };
  for (const failing of [async () => broken('fsync', 'EIO'), syncFolder]) {
    const tried = await failing();
    await assert.rejects(maildir.deliver('m').commit(), code('io-error'));
    assert.equal(tried(), 1);
    mended();
    assert.deepEqual((await readdir(root, { recursive: true })).sort(), ['cur', 'new', 'tmp']);
  }
});

test('each errno has its code', async () => {
  const maildir = await Maildir.open(root, { create: true });
  const cases = {
    ENOSPC: 'disk-full',
    EDQUOT: 'disk-full',
    EROFS: 'read-only',
    EACCES: 'not-permitted',
    EMFILE: 'too-many-files',
  };
  for (const [errno, expected] of Object.entries(cases)) {
    broken('write', errno);
    const delivery = maildir.deliver();
    await assert.rejects(async () => {
      for (let index = 0; index < 4; index += 1) await delivery.write(Buffer.alloc(256 * 1024));
    }, code(expected));
    await assert.rejects(delivery.commit(), code(expected));
    mended();
    assert.deepEqual(await readdir(join(root, 'tmp')), []);
  }
});

test('a full disk that is told of when the file is closed is told as one, and nothing is left', async () => {
  const maildir = await Maildir.open(root, { create: true });
  const { closeSync } = fs;
  for (const finish of ['commit', 'hold'] as const) {
    const delivery = maildir.deliver();
    void delivery.write(Buffer.from('x'));
    mock.method(fs, 'closeSync', (file: number) => {
      closeSync(file);
      throw Object.assign(new Error('EDQUOT'), { code: 'EDQUOT' });
    });
    syncBuiltinESMExports();
    await assert.rejects(delivery[finish](), code('disk-full'));
    mended();
    await delivery.abort();
    assert.deepEqual((await readdir(root, { recursive: true })).sort(), ['cur', 'new', 'tmp']);
  }
});

test('a Maildir that vanishes is not made again', async () => {
  const maildir = await Maildir.open(root, { create: true });
  const delivery = maildir.deliver();
  await rename(root, `${root}.moved`);
  await assert.rejects(delivery.commit(), code('mailbox-missing'));
  await assert.rejects(stat(root));
});

test('only regular files are listed, and a FIFO blocks nobody', async () => {
  const maildir = await Maildir.open(root, { create: true });
  execFileSync('mkfifo', [join(root, 'new', '1.fifo.x')]);
  await mkdir(join(root, 'cur', '2.folder.x:2,S'));
  await symlink('/etc/passwd', join(root, 'new', '3.link.x'));
  await writeFile(join(root, 'new', '.hidden'), '');
  await writeFile(join(root, 'new', '9.b\x1b[31m.x'), 'abc');
  await writeFile(join(root, 'cur', '8.a.x:2,SRF'), '');
  await writeFile(join(root, 'cur', '10.a.x'), '');
  const { entries, ignored } = await maildir.list();
  assert.deepEqual(
    entries.map(({ base, flags, size }) => [base, flags, size]),
    [
      ['8.a.x', 'FRS', 0],
      ['9.b\x1b[31m.x', '', 3],
      ['10.a.x', '', 0],
    ],
  );
  assert.equal(ignored.length, 3);
});

test('flags move a message to cur, also when another program moved it before', async () => {
  const maildir = await Maildir.open(root, { create: true });
  const { base } = await maildir.deliver().commit();
  const fresh = await maildir.find(base);
  assert.ok(fresh);
  const seen = await maildir.markSeen(fresh);
  assert.equal(seen?.path, join(root, 'cur', `${base}:2,S`));
  await rename(seen.path, join(root, 'cur', `${base}:2,RS`));
  const flagged = await maildir.flag(seen, { add: 'F', remove: 'S' });
  assert.equal(flagged?.flags, 'FR');
  assert.deepEqual(await maildir.find(base), flagged);
  await rm(flagged.path);
  assert.equal(await maildir.markSeen(flagged), undefined);
});

test('four who mark one message at once all find it, wherever the others have moved it', async () => {
  for (let round = 0; round < 10; round += 1) {
    const path = join(folder, `round-${round}`);
    const maildir = await Maildir.open(path, { create: true });
    const delivery = maildir.deliver();
    await delivery.write(bytes('Subject: x\r\n\r\n'));
    await delivery.commit();
    const [entry] = (await maildir.list()).entries;
    assert.ok(entry);
    const marked = await Promise.all([1, 2, 3, 4].map(() => maildir.markSeen(entry)));
    assert.deepEqual(new Set(marked.map((found) => found?.flags)), new Set(['S']));
    assert.equal((await maildir.list()).entries.length, 1);
  }
});
