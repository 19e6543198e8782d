/**
 * What is in the folders of a mailbox at the moment, by the numbers that the ledger gives: other programs move files, flag and remove
 * them. What this file must never know: servers, locks, and how a ledger is kept.
 */
import type { Delivered } from './delivery.ts';
import { INBOX } from './folder-name.ts';
import type { FolderEntry, Folders } from './folders.ts';
import { type Ledger, type LedgerItem, storedHere } from './ledger.ts';
import type { FlagChange } from './maildir.ts';
import type { StoredContent } from './reader.ts';
import {
  flagStored,
  missing,
  type NumberedMessage,
  openStored,
  type StoredMessage,
  storedMessage,
} from './stored-message.ts';

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
    const { entries, ignored } = await this.#folders.list(undefined, (base) => this.#ledger.sizeOf(base));
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
    return openStored(this.#folders, this.#here(number));
  }

  /** Sets and clears flags. @throws as `read`. */
  async flag(number: number, change: FlagChange): Promise<StoredMessage> {
    const flagged = await flagStored(this.#folders, this.#here(number), change);
    this.#entries.set(flagged.base, flagged);
    return flagged;
  }

  #here(number: number): StoredMessage {
    return this.byNumber(number) ?? missing(number);
  }
}

function messageOf(item: LedgerItem, entry: FolderEntry): StoredMessage {
  return storedMessage(numberedMessage(item), entry);
}

/** What the ledger says of a message, wherever it is. Of one that another place has, what stands for it here is all there is. */
export function numberedMessage(item: LedgerItem): NumberedMessage {
  const { number, base, listed } = item;
  const stored = storedHere(item);
  return { number, base, uidl: listed?.uidl || undefined, sha256: stored?.sha256, storedAt: stored?.at };
}
