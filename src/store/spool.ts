/**
 * A private temporary folder for content that is too large to keep in memory.
 *
 * Why: a server that takes messages of any size must hold them somewhere, in constant memory and out of the sight of
 * other users: the folder is new, has an unpredictable name and mode 0700. Nothing here is durable; it is gone after
 * `close`. What this file must never know: what is stored.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guarded } from './fault.ts';
import { openContent, type StoredContent } from './reader.ts';
import { FileWriter } from './writer.ts';

/** Content up to this many bytes stays in memory. */
const IN_MEMORY = 64 * 1024;

/** Content in the spool, to be read as often as wanted. */
export interface Spooled {
  /** In bytes. */
  readonly size: number;
  /** The content in chunks. @throws StoreError when it was removed. */
  read(): AsyncIterable<Uint8Array>;
  remove(): Promise<void>;
}

/** Content on its way into the spool. */
export interface SpoolSink {
  /** Takes a copy of the chunk. A promise asks the caller to wait; it rejects with a StoreError. */
  write(chunk: Uint8Array): Promise<void> | void;
  commit(): Promise<Spooled>;
  /** Gives the content up. Never throws. */
  abort(): Promise<void>;
}

export class Spool {
  readonly #path: string;
  #count = 0;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Makes the folder, under the system's folder for temporary files. */
  static async create(): Promise<Spool> {
    return new Spool(await guarded('create a temporary folder', () => mkdtemp(join(tmpdir(), 'posthorn-'))));
  }

  /** Starts one piece of content; a file is only created once it outgrows the memory. */
  store(): SpoolSink {
    this.#count += 1;
    const writer = new FileWriter(join(this.#path, String(this.#count)), IN_MEMORY);
    return {
      write: (chunk) => writer.write(chunk),
      abort: () => writer.discard(),
      async commit() {
        writer.end();
        if (writer.size <= IN_MEMORY) return inMemory(Buffer.from(writer.gathered));
        await writer.finish();
        return { size: writer.size, read: () => readFile(writer.path), remove: () => writer.discard() };
      },
    };
  }

  /** Removes the folder and all that is in it. */
  async close(): Promise<void> {
    await guarded(`remove ${this.#path}`, () => rm(this.#path, { recursive: true, force: true }));
  }

  /** For `await using`: as `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function inMemory(bytes: Uint8Array): Spooled {
  const read = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    if (bytes.length > 0) yield bytes;
  };
  return { size: bytes.length, read, remove: async () => undefined };
}

async function* readFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const content: StoredContent = await openContent(path);
  yield* content.chunks();
}
