/**
 * The way to the index of a mailbox, which is a cache and may be thrown away at any time.
 *
 * Why nobody opens it otherwise: one that is spoilt is made again, and where it cannot be written (a full disk, another process
 * that does not end) the same work is done with one in memory, which is said. Several processes may use it: one writes at a
 * time, and none that reads is held up. What this file must never know: what is in it.
 */
import { dirname } from 'node:path';
import { StoreError } from '../errors.ts';
import type { DescribeMessage } from '../mime/describe.ts';
import { errnoOf } from './fault.ts';
import { isDamage, StaleIndex, whyUnusable } from './index-fault.ts';
import { type IndexFile, indexIn, openIndexFile, openMemoryIndex, removeIndex } from './index-file.ts';
import { IndexedNumbers } from './index-known.ts';
import { MailIndex } from './mail-index.ts';
import type { MailboxPaths } from './mailbox.ts';

export interface IndexOptions {
  /** Says what is in a message, whose octets are good until it has; `describeMessage`. */
  readonly describe?: DescribeMessage | undefined;
  /** Told when the work goes on without the index. */
  readonly warn?: ((text: string) => void) | undefined;
  /** How long to wait for another process that writes, in milliseconds; 5,000. */
  readonly wait?: number | undefined;
}

/** How long one process waits for another that writes, in milliseconds. */
const PATIENCE = 5000;
/** The same where there is another way to the answer. */
const SHORT = 500;

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
  const run = runWith(paths, options, work);
  if (paths.cache !== undefined) {
    const tried = await onDisk(indexIn(paths.cache), options.wait ?? PATIENCE, run);
    if ('result' in tried) return tried.result;
    options.warn?.(`the index cannot be used (${tried.reason}); without it this takes longer.`);
  }
  return run(await openMemoryIndex());
}

/**
 * Asks an index that is there about numbers. Nothing is made for that: then it is quicker to read the journal.
 *
 * @returns undefined where there is no index that can be believed and used at once.
 * @throws StoreError for the mailbox itself.
 */
export async function askIndex<T>(
  { cache, state }: MailboxPaths,
  question: (numbers: IndexedNumbers) => T,
): Promise<{ readonly result: T } | undefined> {
  if (cache === undefined) return undefined;
  let file: IndexFile | undefined;
  try {
    file = await openIndexFile(indexIn(cache), { wait: SHORT, make: false });
    return { result: await IndexedNumbers.ask(file.database, state, question) };
  } catch (error) {
    faultOf(error, cache);
    return undefined;
  } finally {
    file?.close();
  }
}

/**
 * Does something with the index on the disk alone, and nothing where it cannot be used: for work that is done ahead.
 *
 * @returns why it could not be used; undefined when the work is done.
 * @throws as `withIndex`.
 */
export async function withStoredIndex(
  paths: MailboxPaths,
  options: IndexOptions,
  work: (index: MailIndex) => Promise<void>,
): Promise<string | undefined> {
  if (paths.cache === undefined) return 'there is no folder for it';
  const tried = await onDisk(indexIn(paths.cache), options.wait ?? PATIENCE, runWith(paths, options, work));
  return 'reason' in tried ? tried.reason : undefined;
}

function runWith<T>(paths: MailboxPaths, options: IndexOptions, work: (index: MailIndex) => Promise<T>) {
  return async (file: IndexFile): Promise<T> => {
    try {
      return await work(new MailIndex(file.database, paths, options.describe ?? describe));
    } finally {
      file.close();
    }
  };
}

/** Loaded with the first message that is not in the index: a list with nothing new needs no reader of messages. */
async function describe(source: Parameters<DescribeMessage>[0]): ReturnType<DescribeMessage> {
  const { describeMessage } = await import('../mime/describe.ts');
  return describeMessage(source);
}

/** Two faults may follow each other: an index that was spoilt is made of the journal, and that is another one than before. */
async function onDisk<T>(
  path: string,
  wait: number,
  run: (file: IndexFile) => Promise<T>,
): Promise<{ readonly result: T } | { readonly reason: string }> {
  let reason = '';
  let afresh = false;
  for (let tries = 0; tries < 3; tries++) {
    try {
      return { result: await run(await openIndexFile(path, { wait, afresh })) };
    } catch (error) {
      reason = faultOf(error, dirname(path));
      afresh = error instanceof StaleIndex;
      if (!afresh && !(isDamage(error) && removed(path))) break;
    }
  }
  return { reason };
}

/** Whether an index that is spoilt could be thrown away. */
function removed(path: string): boolean {
  try {
    removeIndex(path);
    return true;
  } catch {
    return false;
  }
}

/** Why the index in a folder cannot be used. @throws an error that is not the index's. */
function faultOf(error: unknown, folder: string): string {
  if (error instanceof StaleIndex || isDamage(error)) return 'it is damaged';
  if (error instanceof StoreError && error.message.includes(folder)) return error.message.replace(/\.$/, '');
  const reason = whyUnusable(error) ?? (/^E[A-Z0-9]+$/.test(errnoOf(error) ?? '') ? errnoOf(error) : undefined);
  if (reason === undefined) throw error;
  return reason;
}
