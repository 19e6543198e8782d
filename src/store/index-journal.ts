/** What the journals say, as rows of the index: only what was appended since it was last read. */
import type { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { type ChangeRecord, isRemoval, readChange } from './change-log.ts';
import { Journal, type JournalMark, type JournalTail, type RecordReader } from './journal.ts';
import { StaleIndex } from './index-fault.ts';
import { inTransaction } from './index-transaction.ts';
import { type MailboxRecord, readRecord } from './ledger-record.ts';

/** Records that are held at once: a journal of 100,000 messages has two for each. */
const CHUNK = 8192;

/**
 * Reads what a journal has gained since its mark was noted.
 *
 * @param name of the file, in the folder `state`.
 * @throws StaleIndex where it is not the journal that was read before; StoreError for one that is damaged.
 */
export async function journalTail<T>(
  database: DatabaseSync,
  state: string,
  name: string,
  read: RecordReader<T>,
  most?: number,
): Promise<JournalTail<T>> {
  const tail = await Journal.readSince(join(state, name), read, markOf(database, name), most);
  if (tail === undefined) throw new StaleIndex('Another journal is there.');
  return tail;
}

/** What the journal of changes has gained. */
export interface ChangesTail extends JournalTail<ChangeRecord> {
  /** It is all that there is: another journal is there, such as the same in fewer records. */
  readonly afresh: boolean;
}

/** @throws StoreError for a journal that is damaged. */
export async function changesTail(database: DatabaseSync, state: string): Promise<ChangesTail> {
  const path = join(state, 'changes');
  const gained = await Journal.readSince(path, readChange, markOf(database, 'changes'));
  if (gained !== undefined) return { ...gained, afresh: false };
  const all = await Journal.readSince(path, readChange);
  if (all === undefined) throw new StaleIndex('Another journal is there.');
  return { ...all, afresh: true };
}

/** How far a journal was read; undefined where it never was. */
export function markOf(database: DatabaseSync, name: string): JournalMark | undefined {
  const row = database.prepare('SELECT mark FROM marks WHERE journal = ?').get(name) as { mark: string } | undefined;
  return row === undefined ? undefined : (JSON.parse(row.mark) as JournalMark);
}

/** Notes how far a journal was read; to be done in the transaction that takes its records over. */
export function noteMark(database: DatabaseSync, name: string, mark: JournalMark): void {
  database.prepare('INSERT OR REPLACE INTO marks (journal, mark) VALUES (?, ?)').run(name, JSON.stringify(mark));
}

/** The number of the message that has a name, or once had it. */
export const NUMBER_OF =
  'SELECT number FROM known WHERE base = ?1 UNION ALL SELECT number FROM formerly WHERE base = ?1';

/**
 * Takes over what the mailbox's journal has gained, a part at a time.
 *
 * @returns whether it has gained anything.
 * @throws as `journalTail`.
 */
export async function applyJournal(database: DatabaseSync, state: string): Promise<boolean> {
  for (let gained = false; ; gained = true) {
    const tail = await journalTail(database, state, 'journal', readRecord, CHUNK);
    applyTail(database, tail);
    // What is appended meanwhile is for the next time: while a fetch is under way that does not end.
    if (tail.records.length < CHUNK) return gained || tail.records.length > 0;
  }
}

/** The same of what was read of it. */
export function applyTail(database: DatabaseSync, { records, mark }: JournalTail<MailboxRecord>): void {
  if (records.length === 0) return;
  inTransaction(database, () => {
    applyRecords(database, records);
    noteMark(database, 'journal', mark);
  });
}

/** Takes over what the journal says of numbers; a record that comes again changes nothing. */
function applyRecords(database: DatabaseSync, records: readonly MailboxRecord[]): void {
  const add = database.prepare('INSERT OR IGNORE INTO known (number, base, uidl) VALUES (?, ?, ?)');
  const store = database.prepare('UPDATE known SET sha256 = ?, stored = ? WHERE number = ?');
  const rename = database.prepare('UPDATE known SET uidl = ? WHERE number = ?');
  // The message takes the place of what stood for it, under the same name.
  const again = database.prepare('UPDATE messages SET read = 0, size = ? WHERE number = ? AND read = 1');
  const forget = database.prepare('DELETE FROM content WHERE rowid = ?');
  const keep = database.prepare('INSERT OR REPLACE INTO formerly SELECT base, number FROM known WHERE number = ?');
  const move = database.prepare('UPDATE known SET base = ? WHERE number = ?');
  const renew = database.prepare('DELETE FROM formerly WHERE base = ?');
  for (const record of records) {
    if ('plan' in record) add.run(record.plan, record.base, record.uidl || null);
    else if ('found' in record) add.run(record.found, record.base, null);
    else if ('moved' in record) {
      keep.run(record.moved);
      move.run(record.base, record.moved);
      renew.run(record.base);
    } else if ('imported' in record) {
      add.run(record.imported, record.base, null);
      store.run(record.sha256, record.at, record.imported);
    } else if ('stored' in record && !record.elsewhere) {
      store.run(record.sha256, record.at, record.stored);
      if (again.run(record.size, record.stored).changes > 0) forget.run(record.stored);
    } else if ('renamed' in record) rename.run(record.uidl || null, record.renamed);
  }
}

/** Takes over which tags messages were given and lost; a record that comes again changes nothing. */
export function applyChanges(database: DatabaseSync, { records, mark, afresh }: ChangesTail): void {
  noteMark(database, 'changes', mark);
  if (afresh) database.exec('DELETE FROM tags');
  const give = database.prepare(`INSERT OR IGNORE INTO tags (number, tag) SELECT number, ?2 FROM (${NUMBER_OF})`);
  const take = database.prepare(`DELETE FROM tags WHERE tag = ?2 AND number IN (${NUMBER_OF})`);
  const takeAll = database.prepare(`DELETE FROM tags WHERE number IN (${NUMBER_OF})`);
  for (const record of records) {
    if (!('step' in record)) continue;
    const { step: _, ...step } = record;
    for (const tag of step.tag ?? []) give.run(step.base, tag);
    for (const tag of step.untag ?? []) take.run(step.base, tag);
    if (isRemoval(step)) takeAll.run(step.base);
  }
}
