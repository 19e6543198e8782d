/**
 * Which messages belong together: those that name a Message-ID in common, their own or one that they answer (RFC 5322 §3.6.4).
 *
 * Why no subjects: they join what has nothing to do with each other, and the ids are there in all mail that answers. A thread is
 * named by the lowest number that was ever in it, so that it does not matter in which order an index is made.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { MessageHeader } from '../mime/describe.ts';

/** Of a message that names thousands, the first and the last count. */
const MAX_IDS = 64;

/** The references that count, of those that a message names. */
export function counted(references: readonly string[]): readonly string[] {
  return references.length < MAX_IDS ? references : [...references.slice(0, 1), ...references.slice(2 - MAX_IDS)];
}

export class Threads {
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #join: readonly StatementSync[];

  constructor(database: DatabaseSync) {
    this.#find = database.prepare('SELECT thread FROM ids WHERE id = ?');
    this.#add = database.prepare('INSERT OR REPLACE INTO ids (id, thread) VALUES (?, ?)');
    this.#join = ['ids', 'messages'].map((table) =>
      database.prepare(`UPDATE ${table} SET thread = ? WHERE thread = ?`),
    );
  }

  /** The thread of a message, by those of its references that count; joins those that it shows to be one. */
  place(number: number, { messageId, references }: Pick<MessageHeader, 'messageId' | 'references'>): number {
    const ids = messageId === undefined ? references : [...references, messageId];
    const known = new Set<number>();
    const fresh: string[] = [];
    for (const id of new Set(ids)) {
      const row = this.#find.get(id);
      if (row === undefined) fresh.push(id);
      else known.add(row['thread'] as number);
    }
    const thread = Math.min(number, ...known);
    for (const other of known) if (other !== thread) for (const join of this.#join) join.run(thread, other);
    for (const id of fresh) this.#add.run(id, thread);
    return thread;
  }
}
