/**
 * What the index knows of numbers: which message each is, and where its file was seen last. Only the journal is followed for it,
 * no folder is looked at; where the file is now, its folder must say.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StaleIndex } from './index-fault.ts';
import { applyTail, journalTail, markOf, NUMBER_OF } from './index-journal.ts';
import type { Place } from './index-scan.ts';
import { readRecord } from './ledger-record.ts';
import type { NumberedMessage } from './stored-message.ts';

/** Numbers from one to another, both included. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** What is known of a number. */
export interface KnownMessage extends NumberedMessage {
  /** Where its file was when somebody looked. */
  readonly seen?: (Place & { readonly name: string }) | undefined;
}

const WITHIN = `SELECT k.number, k.base, uidl, sha256, stored, folder, part, name FROM known k
  LEFT JOIN messages m ON m.number = k.number LEFT JOIN places ON places.id = place
  WHERE k.number BETWEEN ? AND ? ORDER BY k.number`;

/** Answers questions from the index of the journal in the folder `state`. */
export class IndexedNumbers {
  // Prepared once: a query may have found very many.
  readonly #within: StatementSync;
  readonly #numberOf: StatementSync;

  private constructor(database: DatabaseSync) {
    this.#within = database.prepare(WITHIN);
    this.#numberOf = database.prepare(NUMBER_OF);
  }

  /**
   * Takes over what the journal has gained, and answers as of one moment behind that.
   *
   * @throws StaleIndex for the index of another journal, errors of SQLite, StoreError for a journal that is damaged.
   */
  static async ask<T>(database: DatabaseSync, state: string, question: (numbers: IndexedNumbers) => T): Promise<T> {
    const tail = await journalTail(database, state, 'journal', readRecord);
    applyTail(database, tail);
    database.exec('BEGIN');
    try {
      // Another process may be at making it anew.
      if ((markOf(database, 'journal')?.end ?? 0) < tail.mark.end) throw new StaleIndex('It is behind its journal.');
      return question(new IndexedNumbers(database));
    } finally {
      database.exec('COMMIT');
    }
  }

  /** All that have such a number, in their order, whether they are still here or not. */
  within({ from, to }: NumberRange): KnownMessage[] {
    return this.#within.all(from, to).map(knownMessage);
  }

  /** The number of the message that has this base name, or once had it. */
  numberOf(base: string): number | undefined {
    return this.#numberOf.get(base)?.['number'] as number | undefined;
  }
}

function knownMessage(values: Record<string, unknown>): KnownMessage {
  const { number, base, uidl, sha256, stored, ...seen } = values;
  return {
    number: number as number,
    base: base as string,
    uidl: (uidl as string | null) ?? undefined,
    sha256: (sha256 as string | null) ?? undefined,
    storedAt: (stored as number | null) ?? undefined,
    seen: seen['name'] === null ? undefined : (seen as unknown as KnownMessage['seen']),
  };
}
