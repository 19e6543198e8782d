/**
 * A mailbox for reading, beside a writer: what is in the Maildir, and what the journal knows of the server's messages. Nothing is
 * locked, made or repaired; flags are in the names of the files, so even they can be changed. What this file must never know:
 * deliveries, locks.
 */
import { Folders } from './folders.ts';
import { Inventory } from './inventory.ts';
import type { Ledger, Surveyed } from './ledger.ts';
import { readLedger } from './ledger-journal.ts';
import type { Listed } from './ledger-record.ts';
import { type FlagChange, Maildir } from './maildir.ts';
import type { StoredContent } from './reader.ts';
import type { StoredMessage } from './stored-message.ts';

export interface MailboxPaths {
  /** The Maildir. */
  readonly maildir: string;
  /** A folder for the journal and the lock. */
  readonly state: string;
  /** A folder for the index, which may be thrown away; without one it is made in memory, for each use. */
  readonly cache?: string | undefined;
}

export class MailboxView {
  /** Its folders, the inbox included. */
  readonly folders: Folders;
  protected readonly ledger: Ledger;
  protected readonly inventory: Inventory;

  protected constructor(maildir: Maildir, ledger: Ledger) {
    this.folders = new Folders(maildir);
    this.ledger = ledger;
    this.inventory = new Inventory(this.folders, ledger);
  }

  /**
   * Opens the mailbox for reading. Messages of other programs that no writer has numbered yet are left out.
   *
   * @throws StoreError `mailbox-missing`, `unsafe-folder`, `journal-damaged`, or the code of a fault.
   */
  static async view({ maildir, state }: MailboxPaths): Promise<MailboxView> {
    const view = new MailboxView(await Maildir.open(maildir), await readLedger(state));
    await view.refresh();
    return view;
  }

  /** Looks at the folders again. */
  async refresh(): Promise<void> {
    await this.inventory.refresh();
  }

  /** The messages that are here, newest last. */
  messages(): StoredMessage[] {
    return this.inventory.messages();
  }

  /** The number of the message with this base name, whether it is here or not. */
  numberOf(base: string): number | undefined {
    return this.ledger.byBase(base)?.number;
  }

  /** The message with this number, if it is here. */
  byNumber(number: number): StoredMessage | undefined {
    return this.inventory.byNumber(number);
  }

  /** Paths in the Maildir that are no messages (folders, links, FIFOs); they are never opened. */
  get ignored(): readonly string[] {
    return this.inventory.ignored;
  }

  /**
   * Opens the content of a message, wherever another program has moved it meanwhile.
   *
   * @throws StoreError `message-missing`, or the code of the fault.
   */
  read(number: number): Promise<StoredContent> {
    return this.inventory.read(number);
  }

  /** Sets and clears Maildir flags. @throws StoreError `message-missing`, or the code of the fault. */
  flag(number: number, change: FlagChange): Promise<StoredMessage> {
    return this.inventory.flag(number, change);
  }

  /** Marks a message as seen. @throws as `flag`. */
  markSeen(number: number): Promise<StoredMessage> {
    return this.flag(number, { add: 'S' });
  }

  /** What we know of each message of the server's whole listing, in its order. */
  survey(listing: readonly Listed[]): Surveyed[] {
    return this.ledger.survey(listing);
  }

  /** The numbers of all stored messages that may still be on the server. */
  present(): number[] {
    return this.ledger.present().map(({ number }) => number);
  }

  /** The numbers of those that a whole listing does not name, and that may be in it all the same; see `Ledger.strays`. */
  strays(surveyed: readonly Surveyed[], kept: boolean): number[] {
    return this.ledger.strays(surveyed, kept);
  }

  /** The number of a stored message with this content, among the `candidates`. */
  recognize(sha256: string, candidates: ReadonlySet<number>): number | undefined {
    return this.ledger.withContent(sha256, candidates);
  }

  /** Whether the server's copy may be deleted: durable here, and its UIDL never stood for another message. */
  deletable({ number, ambiguous }: { readonly number: number | undefined; readonly ambiguous: boolean }): boolean {
    return number !== undefined && !ambiguous && this.ledger.deletable(number);
  }

  /** The folders in which these messages have a name, or had one when we looked first. Those that are nowhere are left out. */
  async foldersOf(numbers: { has(number: number): boolean }): Promise<Map<number, string[]>> {
    const isOne = (base: string) => numbers.has(this.numberOf(base) ?? 0);
    const places = [...this.inventory.entries, ...(await this.folders.locate({ has: isOne }))];
    const folders = new Map<number, string[]>();
    for (const { base, folder } of places) {
      const number = this.numberOf(base) ?? 0;
      if (numbers.has(number)) folders.set(number, [...(folders.get(number) ?? []), folder]);
    }
    return folders;
  }

  /** When a message became durable here, in milliseconds since 1970; undefined for one that never did. */
  storedAt(number: number): number | undefined {
    return this.ledger.byNumber(number)?.stored?.at;
  }

  /** Whether another place has the message. */
  isElsewhere(number: number): boolean {
    return this.ledger.byNumber(number)?.stored?.elsewhere === true;
  }

  /** The numbers of those that came while there were rules for new mail, and that these were not applied to yet. */
  unfiltered(): number[] {
    return [...this.ledger.items()].flatMap(({ number, unfiltered }) => (unfiltered ? [number] : []));
  }
}
