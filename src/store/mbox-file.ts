/**
 * Appending to a mailbox file that other programs use as well (mbox): locked, synced, and whole or not at all.
 *
 * What a run that was killed has left of an entry is taken away by the next one (mbox-mend.ts). The lock is the file beside
 * it, `NAME.lock`, as mail programs have it. Many also take a lock of fcntl(2) on the file itself, which Node cannot; a
 * program that takes that one alone is not kept out. What this file must never know: what an entry looks like.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StoreError } from '../errors.ts';
import { latin1 } from '../wire/bytes.ts';
import { DotLock } from './dot-lock.ts';
import { guarded } from './fault.ts';
import { syncFolder } from './folder.ts';
import { type Begun, cutUnfinished, readNote } from './mbox-mend.ts';
import { writeAll } from './writer.ts';

const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
/** So much of an entry is noted, to know it again: its line of From has the time in it. */
const BEGIN = 200;
/** How long the lock is waited for, in milliseconds. */
const PATIENCE = 10_000;

/**
 * Puts an entry behind the last one; durable when it returns. The file is made (0600) where it is missing.
 *
 * @throws StoreError `mailbox-busy` where another program holds the lock, or the code of the fault: then the file is as it was.
 */
export async function appendToMbox(path: string, entry: AsyncIterable<Uint8Array>, patience = PATIENCE): Promise<void> {
  const lock = await DotLock.acquire(path, patience);
  try {
    await guarded(`deliver to ${path}`, async () => {
      const file = await open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
      try {
        await append(file, path, entry, lock);
      } finally {
        await file.close();
      }
    });
    await syncFolder(dirname(path));
  } finally {
    lock.release();
  }
}

async function append(file: FileHandle, path: string, entry: AsyncIterable<Uint8Array>, lock: DotLock): Promise<void> {
  if (!(await file.stat()).isFile()) throw new StoreError('not-a-file', `${path} is no regular file.`);
  await cutUnfinished(file, readNote(lock.left));
  const before = (await file.stat()).size;
  try {
    let end: number | undefined;
    for await (const chunk of entry) {
      if (end === undefined) {
        lock.note(JSON.stringify({ size: before, begin: latin1(chunk.subarray(0, BEGIN)) } satisfies Begun));
        end = await endLine(file, before);
      }
      await writeAll(file, chunk, end);
      end += chunk.length;
    }
    await file.sync();
    // From here on the entry is there, and nobody may take it for unfinished.
    lock.note('');
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
