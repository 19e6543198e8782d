/**
 * One message on its way into a Maildir, and the commit that makes many of them durable together.
 *
 * The order is the promise: the content is synced before it has a name in `new/`, and the name is synced before commit
 * returns. A failed sync is never tried again, since the kernel may have dropped the pages and a second try would
 * succeed without them: the message counts as not stored. What this file must never know: servers and journals.
 */
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { StoreError } from '../errors.ts';
import { guarded } from './fault.ts';
import { place, removeLeftover, replaceFile, syncFolder } from './folder.ts';
import { formatName } from './name.ts';
import { inParallel, Turns } from './parallel.ts';
import { FileWriter } from './writer.ts';

const BUFFER = 256 * 1024;
/** Files on their way to the disk. */
const turns = new Turns();

/** A message that is durable: its content, and its entry in the folder. */
export interface Delivered {
  readonly base: string;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Of the bytes as they were written, in lower-case hex. */
  readonly sha256: string;
}

export class Delivery {
  /** The name it will have. Until then its file in `tmp` has the one that it was made with. */
  base: string;
  readonly #replaces: (() => Promise<string | undefined>) | undefined;
  /** Maildir letters that the message is to have. With any it is not new, and goes to `cur`. */
  flags = '';
  readonly #root: string;
  /** The file whose place it took. */
  #replaced: string | undefined;
  readonly #hash = createHash('sha256');
  readonly #writer: FileWriter;
  #synced: Promise<void> | undefined;
  #placed = false;

  /**
   * `root` is the folder that holds `tmp`, `new` and `cur`. Nothing is created before there is something to write.
   *
   * @param replaces where the file is whose place this one takes, wherever it was moved; in `new/` where there is none.
   */
  constructor(root: string, base: string, replaces?: () => Promise<string | undefined>) {
    this.base = base;
    this.#replaces = replaces;
    this.#root = root;
    this.#writer = new FileWriter(join(root, 'tmp', base), BUFFER, this.#hash);
  }

  /** Bytes taken so far. */
  get size(): number {
    return this.#writer.size;
  }

  /** Of the bytes taken so far, in lower-case hex. */
  get sha256(): string {
    return this.#hash.copy().update(this.#writer.gathered).digest('hex');
  }

  /** Takes a copy of the chunk, byte for byte. A promise asks the caller to wait; it rejects with a StoreError. */
  write(chunk: Uint8Array): Promise<void> | void {
    return this.#writer.write(chunk);
  }

  /**
   * Nothing more comes: begins with what a commit would begin with, syncing the content, so that the disk is kept busy
   * where many messages arrive one by one. A failure is thrown by the commit.
   */
  complete(): void {
    this.#writer.end();
    this.#synced = turns.run(() => this.#writer.persist());
    this.#synced.catch(() => undefined);
  }

  /** Makes the message durable in `new/`. See `commitAll`. */
  async commit(): Promise<Delivered> {
    const [delivered] = await Delivery.commitAll([this]);
    return delivered as Delivered;
  }

  /** Brings everything into the file, to be read there and handed over to another place; `abort` removes it then. */
  async hold(): Promise<Delivered> {
    this.#writer.end();
    await this.#writer.finish();
    return { ...this.#result(), path: this.#writer.path };
  }

  /** Gives the message up and removes what was written. Never throws. */
  async abort(): Promise<void> {
    await this.#writer.discard();
  }

  /**
   * Makes many messages durable with shared waits: all contents are synced side by side, then all get their names, then
   * the folder is synced once. All or nothing: after a failure none of them is stored.
   *
   * @throws StoreError with the code of the fault, or `name-taken` when a message of that name is in `new/`.
   */
  static async commitAll(deliveries: readonly Delivery[]): Promise<Delivered[]> {
    for (const delivery of deliveries) if (delivery.#synced === undefined) delivery.#writer.end();
    try {
      await inParallel(deliveries, (delivery) => delivery.#sync());
      await inParallel(deliveries, (delivery) => delivery.#place());
      for (const folder of new Set(deliveries.map((delivery) => dirname(delivery.#target)))) await syncFolder(folder);
    } catch (error) {
      await inParallel(deliveries, (delivery) => delivery.#undo());
      throw error;
    }
    await inParallel(deliveries, (delivery) => delivery.#writer.discard());
    return deliveries.map((delivery) => delivery.#result());
  }

  /** Waits until the content is durable, once. */
  #sync(): Promise<void> {
    const synced = this.#synced ?? this.#writer.persist();
    this.#synced = undefined;
    return synced;
  }

  get #target(): string {
    const placed = this.flags === '' ? join('new', this.base) : join('cur', formatName(this));
    return this.#replaced ?? join(this.#root, placed);
  }

  async #place(): Promise<void> {
    const before = await this.#replaces?.();
    if (before !== undefined && (await guarded(`deliver ${before}`, () => replaceFile(this.#writer.path, before)))) {
      // A failure of the others does not bring back what was there: the next run finds the message in its place.
      this.#replaced = before;
      return;
    }
    this.#placed = await guarded(`deliver ${this.#target}`, () => place(this.#writer.path, this.#target));
    if (!this.#placed) throw new StoreError('name-taken', `A message named ${this.base} is already in the mailbox.`);
  }

  async #undo(): Promise<void> {
    if (this.#placed) await removeLeftover(this.#target);
    await this.#writer.discard();
  }

  #result(): Delivered {
    return { base: this.base, path: this.#target, size: this.#writer.size, sha256: this.#hash.digest('hex') };
  }
}
