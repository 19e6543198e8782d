/**
 * Reading a regular file in large steps and constant memory.
 *
 * Why: a FIFO or a device under a hostile name must neither block nor feed us for ever, so the kind is checked on the
 * open descriptor and reading stops at the size seen then. What this file must never know: what the bytes are.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { StoreError } from '../errors.ts';
import { guarded } from './fault.ts';

const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
/**
 * Bytes read at once: below 128 KiB, from where on the allocator takes each buffer from the system and gives it back;
 * and a multiple of 57, so that of a file on its way into a message each step is whole lines of base64.
 */
const STEP = 2 * 57 * 1024;

/** An open file of ours to read from, once. */
export interface StoredContent {
  /** In bytes. */
  readonly size: number;
  /** The content in chunks; the file is closed at the end, also when the reader stops early. */
  chunks(): AsyncGenerator<Uint8Array, void, undefined>;
  /** All of it at once. */
  bytes(): Promise<Uint8Array>;
  /** The SHA-256 of all of it, in lower-case hex. */
  sha256(): Promise<string>;
  /** Needed only when none of the three above was used. */
  close(): Promise<void>;
}

/**
 * Opens a regular file; never follows a link, never blocks on a FIFO.
 *
 * @throws StoreError `not-a-file`, or the code of the fault.
 */
export async function openContent(path: string): Promise<StoredContent> {
  const file = await guarded(`open ${path}`, () => open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new StoreError('not-a-file', `${path} is not a regular file.`);
    return contentOf(file, path, found.size);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function contentOf(file: FileHandle, path: string, size: number): StoredContent {
  return {
    size,
    chunks: () => readChunks(file, path, size),
    async bytes() {
      const parts: Uint8Array[] = [];
      for await (const chunk of readChunks(file, path, size)) parts.push(chunk);
      return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    },
    sha256: async () => (await digestOf(readChunks(file, path, size))).sha256,
    close: () => file.close(),
  };
}

/**
 * At most `size` bytes of an open file, from its start; closes it at the end. Each chunk is a buffer of its own, and the
 * next one is read while the reader is busy with this one.
 */
export async function* readChunks(
  file: FileHandle,
  path: string,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const readAt = (position: number): Promise<Uint8Array> =>
    guarded(`read ${path}`, async () => {
      const buffer = Buffer.allocUnsafe(Math.min(STEP, size - position));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      return buffer.subarray(0, bytesRead);
    });
  let ahead = readAt(0);
  try {
    for (let position = 0; position < size; ) {
      const chunk = await ahead;
      if (chunk.length === 0) return;
      position += chunk.length;
      ahead = readAt(position);
      // A reader that stops here never learns how that one ends.
      ahead.catch(() => undefined);
      yield chunk;
    }
  } finally {
    await ahead.catch(() => undefined);
    await file.close();
  }
}

/** The content of a regular file, in chunks. @throws as `openContent`. */
export async function* readStored(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const content = await openContent(path);
  yield* content.chunks();
}

/** How long some content is, in bytes, and its SHA-256 in lower-case hex. */
export interface Digest {
  readonly size: number;
  readonly sha256: string;
}

/** @throws what reading the content throws. */
export async function digestOf(chunks: AsyncIterable<Uint8Array>): Promise<Digest> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest('hex') };
}
