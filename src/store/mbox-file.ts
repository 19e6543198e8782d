/**
 * Appending to a mailbox file that other programs use as well (mbox): locked, synced, and whole or not at all.
 *
 * The lock is the file beside it, `NAME.lock`, as mail programs have it. Many also take a lock of fcntl(2) on the
 * file itself, which Node cannot; a program that takes that one alone is not kept out. What this file must never know: what
 * an entry looks like.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import { errnoOf, guarded } from './fault.ts';
import { syncFolder } from './folder.ts';
import { writeAll } from './writer.ts';

const { O_RDWR, O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
/** How long the lock is waited for, and how old the lock of a program that is gone must be. Milliseconds. */
const PATIENCE = 10_000;
const ABANDONED = 300_000;
const STEP = 100;

/**
 * Puts an entry behind the last one; durable when it returns. The file is made (0600) where it is missing.
 *
 * @throws StoreError `mailbox-busy` where another program holds the lock, or the code of the fault: then the file is as it was.
 */
export async function appendToMbox(path: string, entry: AsyncIterable<Uint8Array>, patience = PATIENCE): Promise<void> {
  const lock = `${path}.lock`;
  await guarded(`lock ${path}`, () => takeLock(path, lock, patience));
  try {
    await guarded(`deliver to ${path}`, async () => {
      const file = await open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
      try {
        await append(file, path, entry);
      } finally {
        await file.close();
      }
    });
    await syncFolder(dirname(path));
  } finally {
    await unlink(lock).catch(() => undefined);
  }
}

async function append(file: FileHandle, path: string, entry: AsyncIterable<Uint8Array>): Promise<void> {
  const found = await file.stat();
  if (!found.isFile()) throw new StoreError('not-a-file', `${path} is no regular file.`);
  const before = found.size;
  try {
    let end = await endLine(file, before);
    for await (const chunk of entry) {
      await writeAll(file, chunk, end);
      end += chunk.length;
    }
    await file.sync();
  } catch (error) {
    await file.truncate(before);
    await file.sync().catch(() => undefined);
    throw error;
  }
}

/** An entry begins behind an empty line, whatever another program left there. @returns where it begins. */
async function endLine(file: FileHandle, size: number): Promise<number> {
  if (size === 0) return 0;
  const tail = Buffer.alloc(Math.min(2, size));
  await file.read(tail, 0, tail.length, size - tail.length);
  const missing = tail.at(-1) !== 0x0a ? '\n\n' : tail.length === 2 && tail[0] !== 0x0a ? '\n' : '';
  await writeAll(file, Buffer.from(missing), size);
  return size + missing.length;
}

async function takeLock(path: string, lock: string, patience: number): Promise<void> {
  for (const end = performance.now() + patience; ; await sleep(STEP)) {
    try {
      await (await open(lock, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)).close();
      return;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    const age = await stat(lock).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (age > ABANDONED) await unlink(lock).catch(() => undefined);
    else if (performance.now() > end) {
      throw new StoreError('mailbox-busy', `Another program is using ${path}.`, {
        hint: `Try again later; if none is, remove ${lock}.`,
      });
    }
  }
}
