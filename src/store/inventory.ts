/**
 * What is in the folders of a mailbox at the moment, by the numbers that the ledger gives: other programs move files, flag and remove
 * them. What this file must never know: servers, locks, and how a ledger is kept.
 */
import { StoreError } from '../errors.ts';
import type { Delivered } from './delivery.ts';
import { INBOX } from './folder-name.ts';
import type { FolderEntry, Folders } from './folders.ts';
import type { Ledger, LedgerItem } from './ledger.ts';
import type { FlagChange } from './maildir.ts';
import { openContent, type StoredContent } from './reader.ts';

/** A message in the mailbox. */
export interface StoredMessage {
  /** Small, starting at 1; the same from run to run, never used again. */
  readonly number: number;
  readonly base: string;
  /** The name of the folder it is in: `inbox`, `Lists/dev`. */
  readonly folder: string;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Maildir letters, sorted. */
  readonly flags: string;
  readonly seen: boolean;
  /** Absent for a message that another program delivered, or that came from a server without UIDL. */
  readonly uidl: string | undefined;
  /** Of the bytes as received, in hex; absent for a message that another program delivered. */
  readonly sha256: string | undefined;
}

/** How often a message is opened that another program goes on moving. */
const TRIES = 5;

export class Inventory {
  /** Paths that are no messages; they are never opened. */
  ignored: readonly string[] = [];
  readonly #folders: Folders;
  readonly #ledger: Ledger;
  #entries = new Map<string, FolderEntry>();

  constructor(folders: Folders, ledger: Ledger) {
    this.#folders = folders;
    this.#ledger = ledger;
  }

  get entries(): readonly FolderEntry[] {
    return [...this.#entries.values()];
  }

  /** Looks at the folders again. @returns all that is there, numbered or not. */
  async refresh(): Promise<readonly FolderEntry[]> {
    const { entries, ignored } = await this.#folders.list();
    this.ignored = ignored;
    this.#entries = new Map(entries.map((entry) => [entry.base, entry]));
    return entries;
  }

  /** Takes in what was just delivered, into the inbox unless it was here before. */
  add({ base, path, size }: Delivered): void {
    const { folder = INBOX, flags = '' } = this.#entries.get(base) ?? {};
    this.#entries.set(base, { base, folder, path, size, flags });
  }

  /** The messages that have a number, newest last. */
  messages(): StoredMessage[] {
    const messages: StoredMessage[] = [];
    for (const item of this.#ledger.items()) {
      const entry = this.#entries.get(item.base);
      if (entry !== undefined) messages.push(messageOf(item, entry));
    }
    return messages;
  }

  byNumber(number: number): StoredMessage | undefined {
    const item = this.#ledger.byNumber(number);
    const entry = this.#entries.get(item?.base ?? '');
    return item === undefined || entry === undefined ? undefined : messageOf(item, entry);
  }

  /** Opens a message, also where it was moved meanwhile. @throws StoreError `message-missing`, or the code of the fault. */
  async read(number: number): Promise<StoredContent> {
    let place: { readonly base: string; readonly path: string } | undefined = this.#here(number);
    for (let tries = 0; place !== undefined && tries < TRIES; tries += 1) {
      try {
        return await openContent(place.path);
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'mailbox-missing') throw error;
      }
      place = await this.#folders.find(place.base);
    }
    throw missing(number);
  }

  /** Sets and clears flags. @throws as `read`. */
  async flag(number: number, change: FlagChange): Promise<StoredMessage> {
    const entry = await this.#folders.flag(this.#here(number), change);
    if (entry === undefined) throw missing(number);
    this.#entries.set(entry.base, entry);
    return this.#here(number);
  }

  #here(number: number): StoredMessage {
    const message = this.byNumber(number);
    if (message === undefined) throw missing(number);
    return message;
  }
}

function messageOf(item: LedgerItem, { base, folder, path, size, flags }: FolderEntry): StoredMessage {
  const { number, listed, stored } = item;
  return {
    number,
    base,
    folder,
    path,
    size,
    flags,
    seen: flags.includes('S'),
    uidl: listed?.uidl || undefined,
    sha256: stored?.sha256,
  };
}

function missing(number: number): StoreError {
  return new StoreError('message-missing', `Message ${number} is no longer in the mailbox.`);
}
