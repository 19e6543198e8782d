/**
 * The index of a mailbox: what is in its messages and where they lie, so that lists and searches are quick.
 *
 * It is made from the Maildir and the journals and brought up to date by what has changed in them; the numbers are the
 * journal's. See with-index.ts for how it is opened. What this file must never know: MIME, servers, the terminal.
 */
import type { DatabaseSync } from 'node:sqlite';
import { UsageError } from '../errors.ts';
import { nearestWord } from '../config/nearest.ts';
import { folderName, INBOX, TRASH } from './folder-name.ts';
import type { DescribeMessage } from '../mime/describe.ts';
import { whyUnusable } from './index-fault.ts';
import { applyChanges, applyJournal, changesTail } from './index-journal.ts';
import { applyPlaces, differs, type Ignored, ignoredIn, notePlaces, seenPlaces } from './index-places.ts';
import { type Condition, compileQuery } from './index-query.ts';
import { countPending, type ReadingOptions, readPending, readSome } from './index-reading.ts';
import { type IndexedMessage, messageOf, ROW } from './index-row.ts';
import { type ChangedPlace, changedPlaces } from './index-scan.ts';
import { inTransaction } from './index-transaction.ts';
import type { MailboxPaths } from './mailbox.ts';
import { numberNew } from './number-new.ts';
import type { Query } from './query.ts';
import { threadTree } from './thread-tree.ts';

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

export interface FoundThreads extends Found {
  /** How many threads there are. */
  readonly threads: number;
  /** Thread by thread; `depth` is 0 for the beginning of one. */
  readonly messages: readonly (IndexedMessage & { readonly depth: number })[];
}

/** The messages of a thread; one that answers nothing and could not be read is one of its own. */
const THREAD = `SELECT number FROM messages m JOIN places ON places.id = place
  WHERE (thread = ? OR number = ? AND thread IS NULL) AND folder <> ? ORDER BY number`;

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
  async list(selection: Selection): Promise<Found> {
    const found = this.#select(selection.query);
    const numbers = this.#page(`SELECT number FROM ${found.sql}`, found.values, selection);
    return { ...this.#count(found), messages: await this.#messages(numbers) };
  }

  /**
   * The threads of the messages that a query selects, whole but for the trash: the one with the newest of them first, an answer
   * behind what it answers. `limit` and `skip` count threads.
   */
  async threads(selection: Selection): Promise<FoundThreads> {
    const found = this.#select(selection.query);
    this.#database.exec(
      'DROP TABLE IF EXISTS temp.grouped; CREATE TEMP TABLE grouped (thread INTEGER, number INTEGER)',
    );
    this.#database
      .prepare(`INSERT INTO temp.grouped SELECT thread, max(number) FROM ${found.sql} GROUP BY thread`)
      .run(...found.values);
    const { threads } = this.#database.prepare('SELECT count(*) AS threads FROM temp.grouped').get() as {
      threads: number;
    };
    const messages: (IndexedMessage & { depth: number })[] = [];
    for (const thread of this.#page('SELECT thread FROM temp.grouped', [], selection)) {
      const members = this.#database.prepare(THREAD).all(thread, thread, TRASH);
      messages.push(...threadTree(await this.#messages(members.map((row) => row['number'] as number))));
    }
    return { ...this.#count(found), threads, messages };
  }

  /** The numbers of all messages that a query selects, in their order. */
  numbers(query: Query): number[] {
    const { sql, values } = this.#select(query);
    const rows = this.#database.prepare(`SELECT number FROM ${sql} ORDER BY number`).all(...values);
    return rows.map((row) => row['number'] as number);
  }

  /** The names of all folders that were seen, the inbox first. */
  folders(): string[] {
    const rows = this.#database.prepare('SELECT DISTINCT folder FROM places ORDER BY folder').all();
    return rows.map((row) => folderName(row['folder'] as string));
  }

  /** What is in the folders and is no message. */
  ignored(): Ignored[] {
    return ignoredIn(this.#database);
  }

  /** What a query selects, as a table of `number`, `seen` and `thread`. What it costs to find words is paid once. */
  #select(query: Query = { kind: 'all' }): Condition {
    const { sql, values } = compileQuery(query, (name) => this.#places(name));
    const select = `SELECT m.number, instr(m.flags, 'S') > 0 AS seen, ifnull(m.thread, m.number) AS thread
      FROM messages m WHERE ${sql}`;
    if (!sql.includes('MATCH')) return { sql: `(${select})`, values };
    this.#database.exec(
      'DROP TABLE IF EXISTS temp.found; CREATE TEMP TABLE found (number INTEGER PRIMARY KEY, seen, thread)',
    );
    this.#database.prepare(`INSERT INTO temp.found ${select}`).run(...values);
    return { sql: 'temp.found', values: [] };
  }

  #count({ sql, values }: Condition): { count: number; unread: number } {
    return this.#database
      .prepare(`SELECT count(*) AS count, ifnull(sum(NOT seen), 0) AS unread FROM ${sql}`)
      .get(...values) as { count: number; unread: number };
  }

  /** The one column that `sql` gives, of one page. */
  #page(sql: string, values: Condition['values'], { before, skip = 0, limit }: Selection): number[] {
    const below = before === undefined ? [] : [before];
    const rows = this.#database
      .prepare(`${sql}${before === undefined ? '' : ' WHERE number < ?'} ORDER BY number DESC LIMIT ? OFFSET ?`)
      .all(...values, ...below, limit, skip);
    return rows.map((row) => Object.values(row)[0] as number);
  }

  async #messages(numbers: readonly number[]): Promise<IndexedMessage[]> {
    await readSome(this.#database, this.#paths.maildir, this.#describe, numbers);
    const find = this.#database.prepare(ROW);
    return numbers.flatMap((number) => {
      const row = find.get(number);
      return row === undefined ? [] : [messageOf(row, this.#paths.maildir)];
    });
  }

  #places(name: string): number[] {
    const wanted = name.replaceAll('.', '/').normalize('NFC').toLowerCase();
    const rows = this.#database.prepare('SELECT id, folder FROM places').all() as { id: number; folder: string }[];
    const found = rows.filter(({ folder }) => folderName(folder).toLowerCase() === wanted);
    if (found.length > 0 || wanted === INBOX || wanted === folderName(TRASH).toLowerCase())
      return found.map(({ id }) => id);
    const near = nearestWord(wanted, this.folders());
    throw new UsageError('no-such-folder', `There is no folder ${name}.`, {
      hint: near === undefined ? `The folders are: ${this.folders().join(', ')}.` : `Did you mean ${near}?`,
    });
  }

  /** That there is nothing new need not be written: whoever reads is not held up by one who writes. */
  #note(places: readonly ChangedPlace[]): void {
    if (places.length === 0) return;
    try {
      inTransaction(this.#database, () => notePlaces(this.#database, places));
    } catch (error) {
      if (whyUnusable(error) === undefined) throw error;
    }
  }

  /** Returns how many messages have no number yet. */
  async #locate(): Promise<number> {
    const { maildir, state } = this.#paths;
    const database = this.#database;
    // The journal is read behind the folders: whatever we deliver is in it before it is in a folder.
    const changed = await changedPlaces(maildir, seenPlaces(database));
    // The changes first: what they are about is in the journal before.
    const changes = await changesTail(database, state);
    const gained = await applyJournal(database, state);
    if (
      !gained &&
      changes.records.length === 0 &&
      !changes.afresh &&
      !changed.some((place) => differs(database, place))
    ) {
      this.#note(changed.filter(({ mtime }) => mtime !== ''));
      return 0;
    }
    return inTransaction(database, () => {
      applyChanges(database, changes);
      return applyPlaces(database, maildir, changed);
    });
  }
}
