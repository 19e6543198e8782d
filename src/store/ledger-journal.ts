/**
 * The ledger of a mailbox with the journal it was read from: a record is durable before it counts.
 *
 * What this file must never know: the Maildir, locks, and in which order things are recorded.
 */
import { join } from 'node:path';
import { UsageError } from '../errors.ts';
import type { Delivered } from './delivery.ts';
import { applyAll, Journal } from './journal.ts';
import { Ledger, type LedgerItem } from './ledger.ts';
import { type Listed, type MailboxRecord, readRecord } from './ledger-record.ts';

export class LedgerJournal {
  readonly ledger: Ledger;
  /** There was nothing in it when it was opened. */
  readonly isNew: boolean;
  readonly #journal: Journal<MailboxRecord>;
  /** New messages are to be looked at by rules. */
  readonly #filters: boolean;

  private constructor(journal: Journal<MailboxRecord>, path: string, filters: boolean) {
    this.ledger = ledgerOf(journal.records, path);
    this.isNew = journal.records.length === 0;
    this.#journal = journal;
    this.#filters = filters;
  }

  /** Opens the journal in the `state` folder to write, making it where it is missing. @throws StoreError as `Journal.open`. */
  static async open(state: string, filters: boolean): Promise<LedgerJournal> {
    const journal = await Journal.open(journalIn(state), readRecord);
    try {
      return new LedgerJournal(journal, journalIn(state), filters);
    } catch (error) {
      await journal.close();
      throw error;
    }
  }

  /** Makes records durable, then acts on them. @throws StoreError. */
  async record(records: readonly MailboxRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.#journal.append(records);
    for (const record of records) this.ledger.apply(record);
  }

  /** What is to be recorded of a planned message that is durable; `proven` as in `Mailbox.commit`. */
  stored({ base, size, sha256 }: Delivered, proven: boolean): MailboxRecord {
    const { number, listed } = this.planned(base);
    const fits = proven || size === listed.size;
    return { stored: number, size, sha256, at: Date.now(), ...(fits ? {} : { unproven: true }), ...this.#marks() };
  }

  /** The same of what stands for one. */
  stub({ base, size, sha256 }: Delivered): MailboxRecord {
    return { stub: this.planned(base).number, size, sha256, at: Date.now(), ...this.#marks() };
  }

  /** The message that was planned under this base name. @throws UsageError `not-planned`. */
  planned(base: string): LedgerItem & { readonly listed: Listed } {
    const item = this.ledger.byBase(base);
    if (item?.listed === undefined)
      throw new UsageError('not-planned', 'This delivery was not planned in this mailbox.');
    return { ...item, listed: item.listed };
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }

  #marks(): { readonly unfiltered?: true } {
    return this.#filters ? { unfiltered: true } : {};
  }
}

/** What the journal says, for reading; beside a writer. @throws StoreError as `Journal.read`. */
export async function readLedger(state: string): Promise<Ledger> {
  return ledgerOf(await Journal.read(journalIn(state), readRecord), journalIn(state));
}

function ledgerOf(records: readonly MailboxRecord[], path: string): Ledger {
  const hint = 'The mail itself is not affected. Restore the file from a backup, or move it away to start a new one.';
  return applyAll(new Ledger(), records, path, hint);
}

function journalIn(state: string): string {
  return join(state, 'journal');
}
