/**
 * The index of a mailbox: what is in its messages and where they lie, so that lists and searches are quick.
 *
 * It is a cache in a folder of its own, made from the Maildir and the journal, and can be thrown away at any time: the numbers
 * are the journal's. `withIndex` is the way to it: it makes a spoilt index again, and where the index cannot be written
 * (a full disk, another process that does not end), it works with one in memory, and says so. Several processes may use it:
 * one writes at a time, and none that reads is held up. What this file must never know: MIME, servers, the terminal.
 */
import type { DatabaseSync } from 'node:sqlite';
import { StoreError, UsageError } from '../errors.ts';
import { nearestWord } from '../config/nearest.ts';
import { readChange } from './change-log.ts';
import { errnoOf } from './fault.ts';
import { folderName, INBOX, TRASH } from './folder-name.ts';
import type { DescribeMessage } from './index-content.ts';
import { isDamage, whyUnusable } from './index-fault.ts';
import { type IndexFile, indexIn, openIndexFile, openMemoryIndex, removeIndex } from './index-file.ts';
import { applyChanges, applyRecords, journalTail, noteMark } from './index-journal.ts';
import { applyPlaces, seenPlaces } from './index-places.ts';
import { type Condition, compileQuery } from './index-query.ts';
import { countPending, inTransaction, type ReadingOptions, readPending, readSome } from './index-reading.ts';
import { type IndexedMessage, messageOf, ROW } from './index-row.ts';
import { changedPlaces } from './index-scan.ts';
import { readRecord } from './ledger.ts';
import { Mailbox, type MailboxPaths } from './mailbox.ts';
import type { Query } from './query.ts';

export interface IndexOptions {
  readonly describe: DescribeMessage;
  /** Told when the work goes on without the index. */
  readonly warn?: ((text: string) => void) | undefined;
  /** How long to wait for another process that writes, in milliseconds; 5000. */
  readonly wait?: number | undefined;
}

export interface Selection {
  readonly query?: Query | undefined;
  /** Only messages with smaller numbers. */
  readonly before?: number | undefined;
  /** So many are passed over. */
  readonly skip?: number | undefined;
  readonly limit: number;
}

/** Messages that were asked for, newest first, and how many there are altogether. */
export interface Found {
  readonly count: number;
  readonly unread: number;
  readonly messages: readonly IndexedMessage[];
}

/**
 * Does something with the index of a mailbox, on the disk or, if that cannot be, in memory.
 *
 * @param work may be begun again, with an index that was made anew.
 * @throws what `work` throws, and StoreError for the mailbox itself.
 */
export async function withIndex<T>(
  paths: MailboxPaths,
  options: IndexOptions,
  work: (index: MailIndex) => Promise<T>,
): Promise<T> {
  const path = paths.cache === undefined ? undefined : indexIn(paths.cache);
  let why = 'there is no folder for it';
  for (let tries = 0; path !== undefined && tries < 2; tries++) {
    try {
      return await using(await openIndexFile(path, options.wait ?? 5000), paths, options.describe, work);
    } catch (error) {
      const reason = reasonOf(error, paths.cache ?? '');
      if (reason === undefined) throw error;
      why = reason;
      if (!isDamage(error)) break;
      try {
        removeIndex(path);
      } catch (fault) {
        why = reasonOf(fault, paths.cache ?? '') ?? why;
        break;
      }
    }
  }
  if (path !== undefined) options.warn?.(`the index cannot be used (${why}); without it this takes longer.`);
  return using(await openMemoryIndex(), paths, options.describe, work);
}

async function using<T>(
  file: IndexFile,
  paths: MailboxPaths,
  describe: DescribeMessage,
  work: (index: MailIndex) => Promise<T>,
): Promise<T> {
  try {
    return await work(new MailIndex(file.database, paths, describe));
  } finally {
    file.close();
  }
}

/** Why the index in the folder `cache` cannot be used; undefined for an error that is not the index's. */
function reasonOf(error: unknown, cache: string): string | undefined {
  if (isDamage(error)) return 'it is damaged';
  if (error instanceof StoreError) return error.message.includes(cache) ? error.message.replace(/\.$/, '') : undefined;
  const errno = errnoOf(error);
  if (errno !== undefined && /^E[A-Z0-9]+$/.test(errno) && !errno.startsWith('ERR_')) return errno;
  return whyUnusable(error);
}

/** An index that is open. */
export class MailIndex {
  /** Whether it is there for the next run as well. */
  readonly lasts: boolean;
  readonly #database: DatabaseSync;
  readonly #paths: MailboxPaths;
  readonly #describe: DescribeMessage;

  constructor(database: DatabaseSync, paths: MailboxPaths, describe: DescribeMessage) {
    this.lasts = database.location() !== null;
    this.#database = database;
    this.#paths = paths;
    this.#describe = describe;
  }

  /**
   * Takes over what has changed in the mailbox: only that is looked at. Messages of other programs are numbered if no other
   * process is at work in the mailbox, and left out if one is. What messages say is read by `read` or when it is shown.
   */
  async refresh(): Promise<void> {
    if ((await this.#locate()) === 0) return;
    if (await numberNew(this.#paths)) await this.#locate();
  }

  /** Reads the content of all messages that are new to the index. @throws AbortedError when the signal says so. */
  async read(options: ReadingOptions = {}): Promise<void> {
    if (countPending(this.#database) === 0) return;
    await readPending(this.#database, this.#paths.maildir, this.#describe, options);
  }

  /** The messages that a query selects, all where there is none; newest first, which is the order of their numbers. */
  async list({ query = { kind: 'all' }, before, skip = 0, limit }: Selection): Promise<Found> {
    const condition = this.#compile(query);
    const { count, unread } = this.#count(condition);
    const below = before === undefined ? '' : ' AND m.number < ?';
    const numbers = this.#database
      .prepare(`SELECT m.number FROM messages m WHERE ${condition.sql}${below} ORDER BY m.number DESC LIMIT ? OFFSET ?`)
      .all(...condition.values, ...(before === undefined ? [] : [before]), limit, skip)
      .map((row) => row['number'] as number);
    return { count, unread, messages: await this.#messages(numbers) };
  }

  /** The names of all folders that were seen, the inbox first. */
  folders(): string[] {
    const rows = this.#database.prepare('SELECT DISTINCT folder FROM places ORDER BY folder').all();
    return rows.map((row) => folderName(row['folder'] as string));
  }

  #count({ sql, values }: Condition): { count: number; unread: number } {
    const row = this.#database
      .prepare(
        `SELECT count(*) AS count, ifnull(sum(instr(m.flags, 'S') = 0), 0) AS unread FROM messages m WHERE ${sql}`,
      )
      .get(...values);
    return row as { count: number; unread: number };
  }

  async #messages(numbers: readonly number[]): Promise<IndexedMessage[]> {
    await readSome(this.#database, this.#paths.maildir, this.#describe, numbers);
    const find = this.#database.prepare(ROW);
    return numbers.flatMap((number) => {
      const row = find.get(number);
      return row === undefined ? [] : [messageOf(row, this.#paths.maildir)];
    });
  }

  #compile(query: Query): Condition {
    return compileQuery(query, (name) => this.#places(name));
  }

  #places(name: string): number[] {
    const wanted = name.toLowerCase();
    const rows = this.#database.prepare('SELECT id, folder FROM places').all() as { id: number; folder: string }[];
    const found = rows.filter(({ folder }) => folderName(folder).toLowerCase() === wanted);
    if (found.length > 0 || wanted === INBOX || wanted === folderName(TRASH).toLowerCase())
      return found.map(({ id }) => id);
    const near = nearestWord(wanted, this.folders());
    throw new UsageError('no-such-folder', `There is no folder ${name}.`, {
      hint: near === undefined ? `The folders are: ${this.folders().join(', ')}.` : `Did you mean ${near}?`,
    });
  }

  /** Returns how many messages have no number yet. */
  async #locate(): Promise<number> {
    const { maildir, state } = this.#paths;
    const database = this.#database;
    // The journal is read behind the folders: whatever we deliver is in it before it is in a folder.
    const changed = await changedPlaces(maildir, seenPlaces(database));
    // The changes first: what they are about is in the journal before.
    const changes = await journalTail(database, state, 'changes', readChange);
    const { records, mark } = await journalTail(database, state, 'journal', readRecord);
    if (changed.length + records.length + changes.records.length === 0) return 0;
    return inTransaction(database, () => {
      applyRecords(database, records);
      noteMark(database, 'journal', mark);
      applyChanges(database, changes.records);
      noteMark(database, 'changes', changes.mark);
      return applyPlaces(database, maildir, changed);
    });
  }
}

/** Gives numbers to messages of other programs, as every writer does; false where that cannot be done now. */
async function numberNew(paths: MailboxPaths): Promise<boolean> {
  try {
    await (await Mailbox.open(paths)).close();
    return true;
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}
