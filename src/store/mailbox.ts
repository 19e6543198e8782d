/**
 * The mailbox of an account: a Maildir, and the journal that ties it to the server's listing.
 *
 * The seams of a fetch: `survey` the listing, `plan` what is wanted (names fixed and synced before a byte is asked for),
 * `deliver` and write, `commit` (files, folder and journal synced), and only then is a message `deletable`; `deleted`
 * records that the server confirmed. A crash at any point is mended by the next `open` (recovery.ts). What other programs
 * delivered and moved is seen then as well (foreign-messages.ts). What this file must never know: POP3, MIME, accounts.
 */
import type { Changes } from './changes.ts';
import type { Delivered, Delivery } from './delivery.ts';
import { checkFolder, makeFolder } from './folder.ts';
import { type ChangesPlace, ForeignMessages } from './foreign-messages.ts';
import { Folders } from './folders.ts';
import { Inventory } from './inventory.ts';
import type { Ledger, Surveyed } from './ledger.ts';
import { LedgerJournal } from './ledger-journal.ts';
import type { Listed } from './ledger-record.ts';
import { Lock } from './lock.ts';
import { type FlagChange, Maildir } from './maildir.ts';
import type { StoredContent } from './reader.ts';
import { recover } from './recovery.ts';
import type { StoredMessage } from './stored-message.ts';

export type { StoredMessage };

export interface MailboxPaths {
  /** The Maildir. */
  readonly maildir: string;
  /** A folder for the journal and the lock. */
  readonly state: string;
  /** A folder for the index, which may be thrown away; without one it is made in memory, for each use. */
  readonly cache?: string | undefined;
}

export interface OpenOptions {
  /** Whether rules are to be applied to what comes; see `unfiltered`. */
  readonly filters?: boolean | undefined;
  /** The journal of changes, where the caller has it open. */
  readonly changes?: Changes | undefined;
  /** Where the caller has taken it already; it is the mailbox's from then on. */
  readonly lock?: Lock | undefined;
}

/** A server message with its place here. */
export interface Planned extends Listed {
  readonly number: number;
  readonly base: string;
  readonly ambiguous: boolean;
}

export class Mailbox {
  /** Its folders, the inbox included. */
  readonly folders: Folders;
  readonly #maildir: Maildir;
  readonly #journal: LedgerJournal;
  readonly #ledger: Ledger;
  readonly #inventory: Inventory;
  readonly #foreign: ForeignMessages | undefined;
  readonly #lock: Lock | undefined;

  private constructor(maildir: Maildir, journal: LedgerJournal, writing?: ChangesPlace & { readonly lock: Lock }) {
    this.folders = new Folders(maildir);
    this.#maildir = maildir;
    this.#journal = journal;
    this.#ledger = journal.ledger;
    this.#inventory = new Inventory(this.folders, journal.ledger);
    this.#foreign = writing && new ForeignMessages(journal, this.folders, writing);
    this.#lock = writing?.lock;
  }

  /**
   * Opens the mailbox for writing, alone, and recovers what a crash left. Missing folders are made (0700), except that a
   * Maildir is never made anew when the journal knows messages of it: its disk may just not be mounted.
   *
   * @throws StoreError `mailbox-busy`, `mailbox-missing`, `unsafe-folder`, `journal-damaged`, or the code of a fault.
   */
  static async open(
    { maildir, state }: MailboxPaths,
    { filters = false, changes, lock: taken }: OpenOptions = {},
  ): Promise<Mailbox> {
    const lock = taken ?? (await lockOf(state));
    let journal: LedgerJournal | undefined;
    try {
      journal = await LedgerJournal.open(state, filters);
      const folder = await Maildir.open(maildir, { create: journal.isNew });
      const mailbox = new Mailbox(folder, journal, { state, changes, lock });
      await mailbox.refresh();
      await recover(journal, mailbox.#maildir, mailbox.folders, mailbox.#inventory.entries);
      return mailbox;
    } catch (error) {
      await journal?.close();
      lock.release();
      throw error;
    }
  }

  /**
   * Opens the mailbox for reading, beside a writer: no lock, nothing created or repaired. Messages of other programs that
   * no writer has numbered yet are left out.
   *
   * @throws StoreError `mailbox-missing`, `unsafe-folder`, `journal-damaged`, or the code of a fault.
   */
  static async view({ maildir, state }: MailboxPaths): Promise<Mailbox> {
    const folder = await Maildir.open(maildir);
    const mailbox = new Mailbox(folder, await LedgerJournal.view(state));
    await mailbox.refresh();
    return mailbox;
  }

  /** What we know of each message of the server's whole listing, in its order. */
  survey(listing: readonly Listed[]): Surveyed[] {
    return this.#ledger.survey(listing);
  }

  /**
   * Fixes number and name of messages before they are fetched; durable when it returns. Messages planned earlier keep
   * theirs. Takes what `survey` returned, all of it or a part.
   *
   * @param header only the header of each is to come; see `commitHeaders`.
   */
  async plan(surveyed: readonly Surveyed[], header = false): Promise<Planned[]> {
    let next = this.#ledger.nextNumber;
    const planned = surveyed.map(({ uidl, size, ambiguous, number = next++ }) => {
      const base = this.#ledger.byNumber(number)?.base ?? Maildir.newBase();
      return { number, base, uidl, size, ambiguous };
    });
    const fresh = planned.filter(({ number }) => this.#ledger.byNumber(number) === undefined);
    const only = header ? { header } : {};
    await this.#journal.record(
      fresh.map(({ number, base, uidl, size }) => ({ plan: number, base, uidl, size, ...only })),
    );
    return planned;
  }

  /**
   * Starts the delivery of a planned message; any number may be under way. Where only its header is here, it takes the
   * place of that in one step, so that its number, its flags and its folder stay.
   */
  deliver({ base, number }: Planned): Delivery {
    const isStub = this.#ledger.byNumber(number)?.stub !== undefined;
    return this.#maildir.deliver(base, isStub ? async () => (await this.folders.find(base))?.path : undefined);
  }

  /** Starts the delivery of a message that only its content will tell from those that are here; see `commitNew`. */
  receive(): Delivery {
    return this.#maildir.deliver();
  }

  /** The numbers of all stored messages that may still be on the server. */
  present(): number[] {
    return this.#ledger.present().map(({ number }) => number);
  }

  /** The numbers of those that a whole listing does not name, and that may be in it all the same; see `Ledger.strays`. */
  strays(surveyed: readonly Surveyed[], kept: boolean): number[] {
    return this.#ledger.strays(surveyed, kept);
  }

  /** The number of a stored message with this content, among the `candidates`. */
  recognize(sha256: string, candidates: ReadonlySet<number>): number | undefined {
    return this.#ledger.withContent(sha256, candidates);
  }

  /** Records under which UIDL the server lists messages now that were recognized by their content. */
  async rename(messages: readonly (Listed & { readonly number: number })[]): Promise<void> {
    await this.#journal.record(messages.map(({ number, uidl, size }) => ({ renamed: number, uidl, size })));
  }

  /**
   * Plans what was received, now that it is known to be new, and makes it durable. UIDL and size are as the server says;
   * `proven` as in `commit`.
   */
  async commitNew(
    received: readonly (Listed & { readonly delivery: Delivery })[],
    proven = true,
  ): Promise<(Delivered & { readonly number: number })[]> {
    if (received.length === 0) return [];
    const first = this.#ledger.nextNumber;
    await this.#journal.record(
      received.map(({ delivery: { base }, uidl, size }, at) => ({ plan: first + at, base, uidl, size })),
    );
    const delivered = await this.commit(
      received.map(({ delivery }) => delivery),
      proven,
    );
    return delivered.map((each) => ({ ...each, number: this.#journal.planned(each.base).number }));
  }

  /**
   * Makes deliveries durable, all or none: files, then folder, then journal, each synced once for the batch.
   *
   * @param proven whether each is known to be the message that was asked for. Where that is not known yet, one of another
   *   size than was listed is not deletable before `prove`, and new again in the next survey.
   * @throws StoreError when none of them may be taken as stored.
   */
  async commit(deliveries: readonly Delivery[], proven = true): Promise<Delivered[]> {
    const delivered = await this.#maildir.commitAll(deliveries);
    await this.#journal.record(delivered.map((each) => this.#journal.stored(each, proven)));
    for (const each of delivered) this.#inventory.add(each);
    return delivered;
  }

  /** Makes what stands for messages of which only the header came durable, all or none. The messages are not stored by that. */
  async commitHeaders(deliveries: readonly Delivery[]): Promise<void> {
    const delivered = await this.#maildir.commitAll(deliveries);
    await this.#journal.record(delivered.map((each) => this.#journal.stub(each)));
    for (const each of delivered) this.#inventory.add(each);
  }

  /** Records that another place has a message, durably: it counts as stored, and is not looked for here. */
  async handedOver({ number }: Planned, { size, sha256 }: Pick<Delivered, 'size' | 'sha256'>): Promise<void> {
    await this.#journal.record([{ stored: number, size, sha256, at: Date.now(), elsewhere: true }]);
  }

  /** The numbers of those that came while there were rules for new mail, and that these were not applied to yet. */
  unfiltered(): number[] {
    return [...this.#ledger.items()].flatMap(({ number, unfiltered }) => (unfiltered ? [number] : []));
  }

  /** Records that the rules were applied to these. */
  async filtered(numbers: readonly number[]): Promise<void> {
    await this.#journal.record([{ filtered: numbers }]);
  }

  /** Whether another place has the message. */
  isElsewhere(number: number): boolean {
    return this.#ledger.byNumber(number)?.stored?.elsewhere === true;
  }

  /** Records that these messages of the listing are passed over: they are known from now on, and were never here. */
  async pass(surveyed: readonly Surveyed[]): Promise<void> {
    await this.#journal.record(
      surveyed.map(({ number, uidl, size }) => (number === undefined ? { known: 0, uidl, size } : { known: number })),
    );
  }

  /**
   * Makes messages durable that came from no server, delivered into any of the folders: all or none, as `commit`.
   *
   * @returns their numbers.
   */
  async commitImported(deliveries: readonly Delivery[]): Promise<number[]> {
    if (deliveries.length === 0) return [];
    const delivered = await this.#maildir.commitAll(deliveries);
    const first = this.#ledger.nextNumber;
    const at = Date.now();
    await this.#journal.record(
      delivered.map(({ base, size, sha256 }, index) => ({ imported: first + index, base, size, sha256, at })),
    );
    return delivered.map((_, index) => first + index);
  }

  /** Records that each of these is the message that was asked for: everything that was asked is answered. */
  async prove(messages: readonly { readonly number: number }[]): Promise<void> {
    const unproven = messages.filter(({ number }) => this.#ledger.byNumber(number)?.stored?.unproven);
    await this.#journal.record(unproven.map(({ number }) => ({ proven: number })));
  }

  /** Whether the server's copy may be deleted: durable here, and its UIDL never stood for another message. */
  deletable({ number, ambiguous }: { readonly number: number | undefined; readonly ambiguous: boolean }): boolean {
    return number !== undefined && !ambiguous && this.#ledger.deletable(number);
  }

  /** The folders in which these messages have a name, or had one when we looked first. Those that are nowhere are left out. */
  async foldersOf(numbers: { has(number: number): boolean }): Promise<Map<number, string[]>> {
    const isOne = (base: string) => numbers.has(this.numberOf(base) ?? 0);
    const places = [...this.#inventory.entries, ...(await this.folders.locate({ has: isOne }))];
    const folders = new Map<number, string[]>();
    for (const { base, folder } of places) {
      const number = this.numberOf(base) ?? 0;
      if (numbers.has(number)) folders.set(number, [...(folders.get(number) ?? []), folder]);
    }
    return folders;
  }

  /** When a message became durable here, in milliseconds since 1970; undefined for one that never did. */
  storedAt(number: number): number | undefined {
    return this.#ledger.byNumber(number)?.stored?.at;
  }

  /** Records that the server confirmed the deletion of these. A UIDL that comes back afterwards is a new message. */
  async deleted(messages: readonly { readonly number: number }[]): Promise<void> {
    await this.#journal.record(messages.map(({ number }) => ({ gone: number })));
  }

  /** Looks at the folders again; a writer numbers what other programs delivered, and follows what they moved. */
  async refresh(): Promise<void> {
    const entries = await this.#inventory.refresh();
    await this.#foreign?.record(entries);
  }

  /** The messages that are here, newest last. */
  messages(): StoredMessage[] {
    return this.#inventory.messages();
  }

  /** The number of the message with this base name, whether it is here or not. */
  numberOf(base: string): number | undefined {
    return this.#ledger.byBase(base)?.number;
  }

  /** The message with this number, if it is here. */
  byNumber(number: number): StoredMessage | undefined {
    return this.#inventory.byNumber(number);
  }

  /** Paths in the Maildir that are no messages (folders, links, FIFOs); they are never opened. */
  get ignored(): readonly string[] {
    return this.#inventory.ignored;
  }

  /**
   * Opens the content of a message, wherever another program has moved it meanwhile.
   *
   * @throws StoreError `message-missing`, or the code of the fault.
   */
  read(number: number): Promise<StoredContent> {
    return this.#inventory.read(number);
  }

  /** Sets and clears Maildir flags. @throws StoreError `message-missing`, or the code of the fault. */
  flag(number: number, change: FlagChange): Promise<StoredMessage> {
    return this.#inventory.flag(number, change);
  }

  /** Marks a message as seen. @throws as `flag`. */
  markSeen(number: number): Promise<StoredMessage> {
    return this.flag(number, { add: 'S' });
  }

  /** Closes the journal and gives the lock back. */
  async close(): Promise<void> {
    await this.#journal.close();
    this.#lock?.release();
  }
}

async function lockOf(state: string): Promise<Lock> {
  await makeFolder(state);
  await checkFolder(state);
  return Lock.ofMailbox(state);
}
