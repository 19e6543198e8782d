import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, chmod, mkdtemp, readdir, readlink, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { geteuid, seteuid } from 'node:process';
import { after, before, test } from 'node:test';
import { UsageError } from '../errors.ts';
import { type AttachmentFile, openAttachment } from './attachment.ts';

let folder: string;
before(async () => void (folder = await mkdtemp(join(tmpdir(), 'posthorn-attach-'))));
after(() => rm(folder, { recursive: true }));

const code = (expected: string) => (error: unknown) => error instanceof UsageError && error.code === expected;

async function contentOf(file: AttachmentFile): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.open()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('a file is read in large chunks, as often as wanted, also through a link', async () => {
  const path = join(folder, 'large.bin');
  const content = Buffer.alloc(1_000_003, 'abcdefg');
  await writeFile(path, content);
  await symlink(path, join(folder, 'link.bin'));
  const file = await openAttachment(join(folder, 'link.bin'));
  assert.deepEqual([file.name, file.size], ['link.bin', content.length]);
  assert.deepEqual(await contentOf(file), content);
  assert.deepEqual(await contentOf(file), content);
});

test('a reader who stops early leaves no file open, although the next step was being read', async () => {
  const path = join(folder, 'left.bin');
  await writeFile(path, Buffer.alloc(1_000_000));
  const file = await openAttachment(path);
  for await (const chunk of file.open()) {
    assert.ok(chunk.length > 0);
    break;
  }
  const descriptors = await readdir('/proc/self/fd');
  const targets = await Promise.all(descriptors.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  assert.ok(!targets.includes(path));
});

test('an empty file yields nothing', async () => {
  await writeFile(join(folder, 'empty'), '');
  assert.equal((await contentOf(await openAttachment(join(folder, 'empty')))).length, 0);
});

test('what cannot be attached is said at once', async () => {
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  await writeFile(join(folder, 'file'), '');
  await assert.rejects(openAttachment(join(folder, 'absent')), code('attachment-missing'));
  await assert.rejects(openAttachment(join(folder, 'file', 'below')), code('attachment-missing'));
  await assert.rejects(openAttachment(folder), code('attachment-is-folder'));
  await assert.rejects(openAttachment(join(folder, 'fifo')), code('attachment-not-a-file'));
  await assert.rejects(openAttachment('/dev/zero'), code('attachment-not-a-file'));
});

test('a file without permission is said at once', async () => {
  const path = join(folder, 'secret');
  await writeFile(path, '', { mode: 0o000 });
  await chmod(folder, 0o711);
  // The superuser may read everything, so be somebody else meanwhile.
  const superuser = geteuid?.() === 0;
  if (superuser) seteuid?.(65534);
  try {
    await assert.rejects(openAttachment(path), code('attachment-unreadable'));
  } finally {
    if (superuser) seteuid?.(0);
  }
});

test('a file that grows is read up to its size; one that shrinks is an error', async () => {
  const path = join(folder, 'log');
  await writeFile(path, 'first');
  const file = await openAttachment(path);
  await appendFile(path, 'second');
  assert.equal((await contentOf(file)).toString(), 'first');
  await truncate(path, 2);
  await assert.rejects(contentOf(file), code('attachment-changed'));
  await rm(path);
  await assert.rejects(contentOf(file), code('attachment-missing'));
});

test('a name that the system refuses is a clear error and no fault of ours', async () => {
  await symlink(join(folder, 'circle'), join(folder, 'circle'));
  for (const path of [join(folder, 'a'.repeat(300)), join(folder, 'circle')])
    await assert.rejects(openAttachment(path), code('attachment-unreadable'));
});
