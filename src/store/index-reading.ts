/**
 * The content of messages on its way into the index: read and described in turn, written many at a time.
 *
 * Why nothing is awaited within a transaction: then none is open while another process, or another part of this one, waits
 * for it. What another process has written meanwhile is left as it is.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { AbortedError, PosthornError } from '../errors.ts';
import { errnoOf } from './fault.ts';
import type { DescribeMessage, MessageContent, Person } from '../mime/describe.ts';
import { type Place, pathOf } from './index-scan.ts';
import { counted, Threads } from './index-threads.ts';
import { inTransaction } from './index-transaction.ts';
import { foldText } from './index-words.ts';
import { readStored } from './reader.ts';

const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
/**
 * Messages, and characters of text, that are held before they are written: few enough to be gone before the collector of
 * garbage takes them for something that stays, which made the memory of a large mailbox twice as much.
 */
const BATCH = 40;
const BATCH_TEXT = 1024 * 1024;
/** For so many milliseconds nothing else in this process gets its turn. */
const TURN = 50;
/** In octets; a larger message comes in chunks. */
const SMALL = 1024 * 1024;

export interface ReadingOptions {
  readonly progress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether to leave it to another process that is found to do the same. */
  readonly alone?: boolean | undefined;
}

interface Pending {
  readonly number: number;
  readonly path: string;
}

interface Described extends Pending {
  readonly content: MessageContent;
}

/** How many messages are in the index by name only. */
export function countPending(database: DatabaseSync): number {
  return (database.prepare('SELECT count(*) AS count FROM messages WHERE read = 0').get() as { count: number }).count;
}

/**
 * Reads all messages whose content is not in the index. One that cannot be read stays without.
 *
 * @throws AbortedError when the signal says so: what was written stays.
 */
export async function readPending(
  database: DatabaseSync,
  maildir: string,
  describe: DescribeMessage,
  { progress, signal, alone = false }: ReadingOptions,
): Promise<void> {
  const total = countPending(database);
  const next = database.prepare(
    `SELECT number, folder, part, name FROM messages JOIN places ON places.id = place
     WHERE read = 0 AND number > ? ORDER BY number LIMIT ${BATCH}`,
  );
  const room = Buffer.allocUnsafe(SMALL);
  let done = 0;
  let turn = performance.now();
  for (let last = 0; ; ) {
    const pending = next.all(last).map((row) => pendingOf(maildir, row));
    const batch: Described[] = [];
    let held = 0;
    for (const message of pending) {
      if (performance.now() - turn > TURN) {
        // The signal, and whatever else waits in this process.
        await new Promise(setImmediate);
        turn = performance.now();
      }
      if (signal?.aborted) throw new AbortedError('aborted', 'Stopped.');
      const content = await contentOf(message.path, describe, room);
      if (content !== undefined) batch.push({ ...message, content });
      held += content?.text.length ?? 0;
      last = message.number;
      progress?.(++done, total);
      if (held > BATCH_TEXT) break;
    }
    if (pending.length === 0 || (writeContents(database, batch) < batch.length && alone)) return;
  }
}

/** Reads some messages, if their content is not in the index. */
export async function readSome(
  database: DatabaseSync,
  maildir: string,
  describe: DescribeMessage,
  numbers: readonly number[],
): Promise<void> {
  const find = database.prepare(
    'SELECT number, folder, part, name FROM messages JOIN places ON places.id = place WHERE read = 0 AND number = ?',
  );
  const room = Buffer.allocUnsafe(SMALL);
  const batch: Described[] = [];
  for (const number of numbers) {
    const row = find.get(number);
    if (row === undefined) continue;
    const message = pendingOf(maildir, row);
    const content = await contentOf(message.path, describe, room);
    if (content !== undefined) batch.push({ ...message, content });
  }
  writeContents(database, batch);
}

function pendingOf(maildir: string, row: Record<string, unknown>): Pending {
  const { number, name, ...place } = row as unknown as Place & { readonly number: number; readonly name: string };
  return { number, path: join(maildir, pathOf(place), name) };
}

/** Undefined where it cannot be read: another program may have moved it, which the next look at its folder shows. */
async function contentOf(
  path: string,
  describe: DescribeMessage,
  room: Uint8Array,
): Promise<MessageContent | undefined> {
  try {
    return await describe(smallFile(path, room) ?? readStored(path));
  } catch (error) {
    if (error instanceof PosthornError || errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

/**
 * A file of ours at once, in the same `room` as those before it: the synchronous calls cost a third of the others. Undefined
 * for one that is too large, or no file.
 */
function smallFile(path: string, room: Uint8Array): Uint8Array | undefined {
  const file = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  try {
    const found = fstatSync(file);
    if (!found.isFile() || found.size > room.length) return undefined;
    const octets = room.subarray(0, found.size);
    let used = 0;
    for (let step = -1; step !== 0 && used < octets.length; used += step)
      step = readSync(file, octets, used, octets.length - used, used);
    return octets.subarray(0, used);
  } finally {
    closeSync(file);
  }
}

/**
 * Puts contents into the index, in one transaction. The words come last, behind one another: any other statement that SQLite
 * may have to take back would make it write those it has gathered so far to a piece of the full text of their own.
 */
function writeContents(database: DatabaseSync, batch: readonly Described[]): number {
  if (batch.length === 0) return 0;
  return inTransaction(database, () => {
    const fresh = writeFacts(database, batch);
    writeWords(database, fresh);
    return fresh.length;
  });
}

/** Writes what lists show, and returns those messages that no other process has written meanwhile. */
function writeFacts(database: DatabaseSync, batch: readonly Described[]): Described[] {
  const mark = database.prepare(
    'UPDATE messages SET read = 1, date = ifnull(?, date), files = ? WHERE number = ? AND read = 0',
  );
  const header = database.prepare('INSERT OR REPLACE INTO headers (number, messageId, header) VALUES (?, ?, ?)');
  const thread = database.prepare('UPDATE messages SET thread = ? WHERE number = ?');
  const threads = new Threads(database);
  return batch.filter(({ number, content }) => {
    const { text: _, files: __, attachments, ...facts } = content;
    const shown = { ...facts, references: counted(facts.references) };
    if (mark.run(shown.date ?? null, attachments, number).changes === 0) return false;
    header.run(number, shown.messageId ?? null, JSON.stringify(shown));
    thread.run(threads.place(number, shown), number);
    return true;
  });
}

function writeWords(database: DatabaseSync, messages: readonly Described[]): void {
  const words = database.prepare(
    'INSERT INTO content (rowid, subject, sender, recipients, copies, body, files) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  for (const { number, content } of messages) {
    const { subject, from, to, cc, text, files } = content;
    const columns = [subject, people(from), people(to), people(cc), text, files.join('\n')];
    words.run(number, ...columns.map(foldText));
  }
}

function people(persons: readonly Person[]): string {
  return persons.map(({ name, address }) => `${name} ${address}`).join('\n');
}
