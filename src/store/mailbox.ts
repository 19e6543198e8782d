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
import { type ChangesPlace, ForeignMessages } from './foreign-messages.ts';
import type { Surveyed } from './ledger.ts';
import { LedgerJournal } from './ledger-journal.ts';
import type { Listed } from './ledger-record.ts';
import { Lock } from './lock.ts';
import { Maildir } from './maildir.ts';
import { type MailboxPaths, MailboxView } from './mailbox-view.ts';
import { recover } from './recovery.ts';
import type { StoredMessage } from './stored-message.ts';

export type { MailboxPaths, StoredMessage };

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

export class Mailbox extends MailboxView {
  readonly #maildir: Maildir;
  readonly #journal: LedgerJournal;
  readonly #foreign: ForeignMessages;
  readonly #lock: Lock;

  private constructor(maildir: Maildir, journal: LedgerJournal, place: ChangesPlace, lock: Lock) {
    super(maildir, journal.ledger);
    this.#maildir = maildir;
    this.#journal = journal;
    this.#foreign = new ForeignMessages(journal, this.folders, place);
    this.#lock = lock;
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
    const lock = taken ?? (await Lock.ofMailbox(state));
    let journal: LedgerJournal | undefined;
    try {
      journal = await LedgerJournal.open(state, filters);
      const folder = await Maildir.open(maildir, { create: journal.isNew });
      const mailbox = new Mailbox(folder, journal, { state, changes }, lock);
      await mailbox.refresh();
      await recover(journal, mailbox.#maildir, mailbox.folders, mailbox.inventory.entries);
      return mailbox;
    } catch (error) {
      await journal?.close();
      lock.release();
      throw error;
    }
  }

  /**
   * Fixes number and name of messages before they are fetched; durable when it returns. Messages planned earlier keep
   * theirs. Takes what `survey` returned, all of it or a part.
   *
   * @param header only the header of each is to come; see `commitHeaders`.
   */
  async plan(surveyed: readonly Surveyed[], header = false): Promise<Planned[]> {
    let next = this.ledger.nextNumber;
    const planned = surveyed.map(({ uidl, size, ambiguous, number = next++ }) => {
      const base = this.ledger.byNumber(number)?.base ?? Maildir.newBase();
      return { number, base, uidl, size, ambiguous };
    });
    const fresh = planned.filter(({ number }) => this.ledger.byNumber(number) === undefined);
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
    const isStub = this.ledger.byNumber(number)?.stub !== undefined;
    return this.#maildir.deliver(base, isStub ? async () => (await this.folders.find(base))?.path : undefined);
  }

  /** Starts the delivery of a message that only its content will tell from those that are here; see `commitNew`. */
  receive(): Delivery {
    return this.#maildir.deliver();
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
    const first = this.ledger.nextNumber;
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
    for (const each of delivered) this.inventory.add(each);
    return delivered;
  }

  /** Makes what stands for messages of which only the header came durable, all or none. The messages are not stored by that. */
  async commitHeaders(deliveries: readonly Delivery[]): Promise<void> {
    const delivered = await this.#maildir.commitAll(deliveries);
    await this.#journal.record(delivered.map((each) => this.#journal.stub(each)));
    for (const each of delivered) this.inventory.add(each);
  }

  /** Records that another place has a message, durably: it counts as stored, and is not looked for here. */
  async handedOver({ number }: Planned, { size, sha256 }: Pick<Delivered, 'size' | 'sha256'>): Promise<void> {
    await this.#journal.record([{ stored: number, size, sha256, at: Date.now(), elsewhere: true }]);
  }

  /** Records that the rules were applied to these. */
  async filtered(numbers: readonly number[]): Promise<void> {
    await this.#journal.record([{ filtered: numbers }]);
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
    const first = this.ledger.nextNumber;
    const at = Date.now();
    await this.#journal.record(
      delivered.map(({ base, size, sha256 }, index) => ({ imported: first + index, base, size, sha256, at })),
    );
    return delivered.map((_, index) => first + index);
  }

  /** Records that each of these is the message that was asked for: everything that was asked is answered. */
  async prove(messages: readonly { readonly number: number }[]): Promise<void> {
    const unproven = messages.filter(({ number }) => this.ledger.byNumber(number)?.stored?.unproven);
    await this.#journal.record(unproven.map(({ number }) => ({ proven: number })));
  }

  /** Records that the server confirmed the deletion of these. A UIDL that comes back afterwards is a new message. */
  async deleted(messages: readonly { readonly number: number }[]): Promise<void> {
    await this.#journal.record(messages.map(({ number }) => ({ gone: number })));
  }

  /** Looks at the folders again, numbers what other programs delivered, and follows what they moved. */
  override async refresh(): Promise<void> {
    const entries = await this.inventory.refresh();
    await this.#foreign.record(entries);
  }

  /** Closes the journal and gives the lock back. */
  async close(): Promise<void> {
    await this.#journal.close();
    this.#lock.release();
  }

  /** For `await using`: as `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
