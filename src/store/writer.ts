/**
 * A new file, written in large steps: small chunks are gathered, and the file is only created when the buffer is full
 * or the content complete.
 *
 * Why: a small message then costs one open and one write, ten thousand unfinished ones hold no file descriptor, and
 * what fits the buffer may never need a file at all. What waits for the disk is asynchronous, and so is what takes long; all
 * else costs a fifth when it is not, and would stand in the queue behind what waits. What this file must never know: what the bytes are, and where
 * the file goes afterwards.
 */
import type { Hash } from 'node:crypto';
import { closeSync, constants, fsync, openSync, write, writeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';
import { UsageError } from '../errors.ts';
import { guarded } from './fault.ts';
import { removeLeftover } from './folder.ts';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
const FIRST_BUFFER = 512;
/** Octets that are written at once. */
const SMALL = 32 * 1024;

export class FileWriter {
  readonly path: string;
  readonly #capacity: number;
  readonly #hash: Hash | undefined;
  /** Its descriptor, while it is open. */
  #file: number | undefined;
  #created = false;
  #buffer = Buffer.alloc(0);
  #spare: Buffer<ArrayBuffer> | undefined;
  #used = 0;
  #drained = 0;
  #ended = false;
  #discarded = false;
  /** The writes under way, in order. A failure stays in it: nothing after it can succeed. */
  #queue: Promise<void> = Promise.resolve();

  /** `capacity` in bytes is how much is gathered before a write; `hash` is fed every byte, in order. */
  constructor(path: string, capacity: number, hash?: Hash) {
    this.path = path;
    this.#capacity = capacity;
    this.#hash = hash;
  }

  /** Bytes taken so far. */
  get size(): number {
    return this.#drained + this.#used;
  }

  /** What is gathered and not yet in the file: all of the content as long as it is no longer than the capacity. */
  get gathered(): Uint8Array {
    return this.#buffer.subarray(0, this.#used);
  }

  /** Takes a copy of the chunk. A promise asks the caller to wait for the disk; it rejects with a StoreError, no file left. */
  write(chunk: Uint8Array): Promise<void> | void {
    if (this.#ended) throw closed();
    let wait: Promise<void> | undefined;
    for (let rest = chunk; rest.length > 0; ) {
      if (this.#used === this.#capacity) wait = this.#drain();
      this.#makeRoom(rest.length);
      const part = rest.subarray(0, this.#buffer.length - this.#used);
      this.#buffer.set(part, this.#used);
      this.#used += part.length;
      rest = rest.subarray(part.length);
    }
    return wait;
  }

  /** No byte more: later writes are refused. Throws when it was ended before. */
  end(): void {
    if (this.#ended) throw closed();
    this.#ended = true;
  }

  /** Brings everything into the file (created even for no bytes), makes it durable and closes it. */
  async persist(): Promise<void> {
    if (this.#discarded) throw closed();
    await this.#drain();
    await guarded(`sync ${this.path}`, async () => {
      if (this.#file !== undefined) await syncFile(this.#file);
      this.#close();
    });
  }

  /** Brings everything into the file and closes it, without making it durable. */
  async finish(): Promise<void> {
    await this.#drain();
    // A network file system may say only here that there was no room for what was written.
    await guarded(`write ${this.path}`, async () => this.#close());
  }

  /** Closes and removes the file. Never throws: what stays is a leftover with a name of its own. */
  async discard(): Promise<void> {
    this.#ended = true;
    this.#discarded = true;
    await this.#queue.catch(() => undefined);
    await this.#remove();
  }

  async #remove(): Promise<void> {
    try {
      this.#close();
    } catch {
      // It is removed all the same.
    }
    if (this.#created) await removeLeftover(this.path);
    this.#created = false;
  }

  #makeRoom(wanted: number): void {
    if (this.#used < this.#buffer.length || this.#buffer.length === this.#capacity) return;
    const length = Math.min(this.#capacity, Math.max(FIRST_BUFFER, 2 * this.#buffer.length, this.#used + wanted));
    const larger = Buffer.allocUnsafe(length);
    larger.set(this.gathered);
    this.#buffer = larger;
  }

  #drain(): Promise<void> {
    const full = this.#buffer;
    const bytes = full.subarray(0, this.#used);
    const position = this.#drained;
    this.#drained += this.#used;
    this.#used = 0;
    // Two buffers take turns: one fills while the other is being written.
    this.#buffer = this.#spare ?? Buffer.alloc(0);
    this.#spare = undefined;
    this.#hash?.update(bytes);
    this.#queue = this.#queue.then(async () => {
      await guarded(`write ${this.path}`, () => this.#append(bytes, position)).catch(async (error: unknown) => {
        await this.#remove();
        throw error;
      });
      this.#spare = full;
    });
    // The caller sees the failure in what is returned here and in every later step; it is never unhandled.
    this.#queue.catch(() => undefined);
    return this.#queue;
  }

  async #append(bytes: Uint8Array, position: number): Promise<void> {
    this.#file ??= openSync(this.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    this.#created = true;
    for (let done = 0; done < bytes.length; ) {
      const [from, length] = [position + done, bytes.length - done];
      if (length <= SMALL) done += writeSync(this.#file, bytes, done, length, from);
      else done += (await promisify(write)(this.#file, bytes, done, length, from)).bytesWritten;
    }
  }

  #close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) closeSync(file);
  }
}

/** Once for each message: `promisify` would cost more than a call that writes it. */
function syncFile(file: number): Promise<void> {
  return new Promise((resolve, reject) => fsync(file, (error) => (error ? reject(error) : resolve())));
}

function closed(): UsageError {
  return new UsageError('file-closed', 'The file was already committed or aborted.');
}

/** Writes all of `bytes` at `position`, in as many steps as the system needs. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
