/**
 * Messages from files into the local mailbox: mailbox files, Maildirs with their folders, single messages.
 *
 * Each is stored as a fetched one is: in batches, durable before it counts, with its number and the hash of its content.
 * By that hash the same message is not stored twice, so that an import can be run again after whatever stopped it. Lines
 * end with CRLF in the mailbox, as on the wire.
 */
import { AbortedError } from '../errors.ts';
import { beginsMbox, readMbox } from '../mime/mbox-reader.ts';
import type { Delivery } from '../store/delivery.ts';
import { INBOX, readFolderName } from '../store/folder-name.ts';
import { type ImportFile, importFiles } from '../store/import-source.ts';
import { KnownContent } from '../store/known-content.ts';
import { Mailbox } from '../store/mailbox.ts';
import type { Maildir } from '../store/maildir.ts';
import { asBuffer, LF, latin1 } from '../wire/bytes.ts';
import { normaliseEol } from '../wire/eol.ts';
import { type Account, mailboxOf } from './account.ts';

export interface ImportOptions {
  /** Where to; by default the inbox, or the folder of the same name as in a Maildir. */
  readonly folder?: string | undefined;
  /** Store what is here already once more. */
  readonly duplicates?: boolean | undefined;
}

export interface ImportHooks {
  /** What there is to read, before it is read. */
  readonly begin: (octets: number) => void;
  readonly progress: (octets: number) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface ImportReport {
  /** The numbers of the messages that are new. */
  readonly imported: readonly number[];
  /** How many were here already. */
  readonly duplicates: number;
  /** Files that are no mail. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
}

/** Messages and bytes that are made durable together. */
const BATCH = 64;
const BATCH_SIZE = 16 * 1024 * 1024;

/**
 * Imports all that is at the paths.
 *
 * @throws UsageError `input-missing`, before anything is stored; StoreError, AbortedError: what was stored stays stored.
 */
export async function importMail(
  account: Account,
  paths: readonly string[],
  options: ImportOptions,
  hooks: ImportHooks,
): Promise<ImportReport> {
  const folder = options.folder === undefined ? undefined : readFolderName(options.folder);
  const files: ImportFile[] = [];
  for (const path of paths) for (const file of await importFiles(path)) files.push(file);
  hooks.begin(files.reduce((sum, { size }) => sum + size, 0));
  const mailbox = await Mailbox.open(mailboxOf(account));
  try {
    const named = folder === undefined ? undefined : await mailbox.folders.named(folder);
    return await new Import(mailbox, { ...options, folder: named }, hooks).run(files);
  } finally {
    await mailbox.close();
  }
}

class Import {
  readonly #mailbox: Mailbox;
  readonly #options: ImportOptions;
  readonly #hooks: ImportHooks;
  readonly #known: KnownContent;
  readonly #folders = new Map<string, Maildir>();
  /** Complete, and not yet durable. */
  #batch: Delivery[] = [];
  #imported: number[] = [];
  #duplicates = 0;

  constructor(mailbox: Mailbox, options: ImportOptions, hooks: ImportHooks) {
    this.#mailbox = mailbox;
    this.#options = options;
    this.#hooks = hooks;
    this.#known = new KnownContent(mailbox);
  }

  async run(files: readonly ImportFile[]): Promise<ImportReport> {
    const failed: { path: string; reason: string }[] = [];
    try {
      for (const file of files) {
        const reason = await this.#file(file);
        if (reason !== undefined) failed.push({ path: file.path, reason });
      }
      await this.#commit();
    } finally {
      // What is left is what a failure kept from being committed.
      for (const delivery of this.#batch) await delivery.abort();
    }
    return { imported: this.#imported, duplicates: this.#duplicates, failed };
  }

  /** Returns why a file is no mail. */
  async #file(file: ImportFile): Promise<string | undefined> {
    const begin = await file.at(0, 1024);
    const folder = this.#options.folder ?? file.folder ?? INBOX;
    if (beginsMbox(begin)) return this.#mbox(file, folder);
    if (/\.mbo?x$/i.test(file.path))
      return 'it does not begin as a mailbox file does, with a line of From, sender and date';
    if (!/^[!-9;-~]+[ \t]*:/.test(latin1(begin))) return 'it does not begin as a message does, with a header';
    const delivery = await this.#start(folder);
    try {
      const chunks = this.#counted(file);
      for await (const chunk of isWireForm(begin) ? chunks : normaliseEol(chunks)) await delivery.write(chunk);
    } catch (error) {
      await delivery.abort();
      throw error;
    }
    await this.#finish(delivery, file.flags);
    return undefined;
  }

  async #mbox(file: ImportFile, folder: string): Promise<undefined> {
    let delivery: Delivery | undefined;
    const counted = { at: file.at, chunks: () => this.#counted(file) };
    try {
      for await (const piece of readMbox(counted)) {
        if (piece.kind === 'begin') delivery = await this.#start(folder);
        else if (piece.kind === 'octets') await delivery?.write(piece.octets);
        else if (delivery !== undefined) {
          const done = delivery;
          delivery = undefined;
          await this.#finish(done, piece.flags);
        }
      }
    } finally {
      await delivery?.abort();
    }
  }

  async #start(folder: string): Promise<Delivery> {
    const maildir = this.#folders.get(folder) ?? (await this.#mailbox.folders.open(folder));
    this.#folders.set(folder, maildir);
    return maildir.deliver();
  }

  /** A message is complete. One without an octet is none. */
  async #finish(delivery: Delivery, flags: string): Promise<void> {
    const { sha256, size } = delivery;
    const isKnown = this.#options.duplicates !== true && size > 0 && (await this.#known.has(sha256, size));
    if (isKnown || size === 0) {
      if (isKnown) this.#duplicates += 1;
      return delivery.abort();
    }
    delivery.flags = flags;
    this.#known.add(sha256);
    this.#batch.push(delivery);
    const octets = this.#batch.reduce((sum, each) => sum + each.size, 0);
    if (this.#batch.length >= BATCH || octets >= BATCH_SIZE) await this.#commit();
  }

  async #commit(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    for (const number of await this.#mailbox.commitImported(batch)) this.#imported.push(number);
  }

  async *#counted(file: ImportFile): AsyncGenerator<Uint8Array, void, undefined> {
    const { signal, progress } = this.#hooks;
    for await (const chunk of file.chunks()) {
      if (signal?.aborted) {
        throw new AbortedError(
          'aborted',
          'Stopped; what was imported is here, and the same import goes on from there.',
        );
      }
      yield chunk;
      progress(chunk.length);
    }
  }
}

/** Whether lines end with CRLF, as the first one says: then the message is kept byte for byte. */
function isWireForm(begin: Uint8Array): boolean {
  const end = asBuffer(begin).indexOf(LF);
  return end === -1 || begin[end - 1] === 0x0d;
}
