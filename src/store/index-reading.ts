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
/** Messages, and characters of text, that are held before they are written. */
const BATCH = 400;
const BATCH_TEXT = 4 * 1024 * 1024;
/** In octets; a larger message comes in chunks. */
const SMALL = 1024 * 1024;

export interface ReadingOptions {
  readonly progress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
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
  { progress, signal }: ReadingOptions,
): Promise<void> {
  const total = countPending(database);
  const next = database.prepare(
    `SELECT number, folder, part, name FROM messages JOIN places ON places.id = place
     WHERE read = 0 AND number > ? ORDER BY number LIMIT 500`,
  );
  let batch: Described[] = [];
  let held = 0;
  let done = 0;
  for (let last = 0; ; ) {
    const pending = next.all(last).map((row) => pendingOf(maildir, row));
    last = pending.at(-1)?.number ?? last;
    for (const message of pending) {
      if (signal?.aborted) throw new AbortedError('aborted', 'Stopped.');
      const content = await contentOf(message.path, describe);
      if (content !== undefined) batch.push({ ...message, content });
      held += content?.text.length ?? 0;
      progress?.(++done, total);
      if (held < BATCH_TEXT && batch.length < BATCH) continue;
      writeContents(database, batch);
      [batch, held] = [[], 0];
    }
    // The signal, and whatever else waits in this process, get their turn.
    await new Promise(setImmediate);
    if (pending.length === 0) break;
  }
  writeContents(database, batch);
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
  const batch: Described[] = [];
  for (const number of numbers) {
    const row = find.get(number);
    if (row === undefined) continue;
    const message = pendingOf(maildir, row);
    const content = await contentOf(message.path, describe);
    if (content !== undefined) batch.push({ ...message, content });
  }
  writeContents(database, batch);
}

function pendingOf(maildir: string, row: Record<string, unknown>): Pending {
  const { number, name, ...place } = row as unknown as Place & { readonly number: number; readonly name: string };
  return { number, path: join(maildir, pathOf(place), name) };
}

/** Undefined where it cannot be read: another program may have moved it, which the next look at its folder shows. */
async function contentOf(path: string, describe: DescribeMessage): Promise<MessageContent | undefined> {
  try {
    return await describe(smallFile(path) ?? readStored(path));
  } catch (error) {
    if (error instanceof PosthornError || errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

/** A file of ours at once: the synchronous calls cost a third of the others. Undefined for one that is large, or no file. */
function smallFile(path: string): Uint8Array | undefined {
  const file = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  try {
    const found = fstatSync(file);
    if (!found.isFile() || found.size > SMALL) return undefined;
    const octets = Buffer.allocUnsafe(found.size);
    let used = 0;
    for (let step = -1; step !== 0 && used < octets.length; used += step)
      step = readSync(file, octets, used, octets.length - used, used);
    return octets.subarray(0, used);
  } finally {
    closeSync(file);
  }
}

/** Puts contents into the index, in one transaction. */
function writeContents(database: DatabaseSync, batch: readonly Described[]): void {
  if (batch.length === 0) return;
  inTransaction(database, () => {
    const mark = database.prepare(
      'UPDATE messages SET read = 1, date = ifnull(?, date), files = ? WHERE number = ? AND read = 0',
    );
    const header = database.prepare('INSERT OR REPLACE INTO headers (number, messageId, header) VALUES (?, ?, ?)');
    const words = database.prepare(
      'INSERT INTO content (rowid, subject, sender, recipients, copies, body, files) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    const thread = database.prepare('UPDATE messages SET thread = ? WHERE number = ?');
    const threads = new Threads(database);
    for (const { number, content } of batch) {
      const { text, files, attachments, ...facts } = content;
      const shown = { ...facts, references: counted(facts.references) };
      if (mark.run(shown.date ?? null, attachments, number).changes === 0) continue;
      header.run(number, shown.messageId ?? null, JSON.stringify(shown));
      const { subject, from, to, cc } = shown;
      const columns = [subject, people(from), people(to), people(cc), text, files.join('\n')];
      words.run(number, ...columns.map(foldText));
      thread.run(threads.place(number, shown), number);
    }
  });
}

function people(persons: readonly Person[]): string {
  return persons.map(({ name, address }) => `${name} ${address}`).join('\n');
}
