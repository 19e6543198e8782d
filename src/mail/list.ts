/**
 * What is in the local mailbox: its newest messages, or those that a query selects. Nothing is connected; the index is brought
 * up to date, and made where there is none.
 *
 * Which folders: the inbox, or all but the trash where something is looked for, or those that are named.
 */
import { UsageError } from '../errors.ts';
import { folderName, INBOX, TRASH } from '../store/folder-name.ts';
import type { Ignored } from '../store/index-places.ts';
import type { IndexedMessage } from '../store/index-row.ts';
import type { Found, MailIndex } from '../store/mail-index.ts';
import { withIndex } from '../store/with-index.ts';
import { parseQuery, type Query } from '../store/query.ts';
import { type Account, localMailbox } from './account.ts';

export interface ListRequest {
  /** As a person writes it; empty for all messages. */
  readonly query: string;
  /** Of the folders only this one. */
  readonly folder?: string | undefined;
  /** Only messages with smaller numbers. */
  readonly before?: number | undefined;
  /** So many of the newest are passed over. */
  readonly skip?: number | undefined;
  /** How many messages, or threads. */
  readonly limit: number;
  /** Whether messages stand in their threads. */
  readonly threads?: boolean | undefined;
}

export interface ListReports {
  warn(text: string): void;
  /** While the index is made: so many messages of so many are read. */
  progress(done: number, total: number): void;
  readonly signal?: AbortSignal | undefined;
}

export interface LocalListing extends Found {
  readonly mailbox: string;
  /** How many threads there are; absent where they were not asked for. */
  readonly threads?: number;
  readonly messages: readonly (IndexedMessage & { readonly depth?: number })[];
  /** What is in the folders of the mailbox and is no message. */
  readonly ignored: readonly Ignored[];
}

/**
 * @throws UsageError `bad-query`, `no-such-folder`; ConfigError `no-mailbox`; StoreError `mailbox-missing` and the faults of
 *   the disk; AbortedError.
 */
export async function listMail(account: Account, request: ListRequest, reports: ListReports): Promise<LocalListing> {
  const words = parseQuery(request.query, new Date());
  const query = within(words, request.folder);
  const paths = await localMailbox(account);
  const found = await withIndex(paths, { warn: reports.warn }, async (index) => {
    await bringUpToDate(index, words.kind !== 'all' || request.threads === true, reports);
    const selection = { ...request, query };
    const listed = await (request.threads ? index.threads(selection) : index.list(selection));
    return { ...listed, ignored: index.ignored() };
  });
  return { mailbox: paths.maildir, ...found };
}

/**
 * The numbers of the messages that a query selects: in all folders but the trash, or in those that it names.
 *
 * @throws as `listMail`; UsageError `bad-query` also for an empty one.
 */
export async function findMail(account: Account, query: string, reports: ListReports): Promise<number[]> {
  const words = parseQuery(query, new Date());
  if (words.kind === 'all') throw new UsageError('bad-query', 'The query is empty, so it would mean all messages.');
  return withIndex(await localMailbox(account), { warn: reports.warn }, async (index) => {
    await bringUpToDate(index, true, reports);
    return index.numbers(within(words, undefined));
  });
}

/** An index in memory is gone after this run: for a plain list only what is shown is read. */
async function bringUpToDate(index: MailIndex, whole: boolean, { progress, signal }: ListReports): Promise<void> {
  await index.refresh();
  if (index.lasts || whole) await index.read({ progress, signal });
}

/** The query, and the folders that are meant. */
function within(query: Query, folder: string | undefined): Query {
  const named = folder ?? (query.kind === 'all' ? INBOX : undefined);
  if (named !== undefined) return both(query, { kind: 'folder', value: named });
  if (mentions(query)) return query;
  return both(query, { kind: 'not', of: { kind: 'folder', value: folderName(TRASH) } });
}

function both(query: Query, other: Query): Query {
  return query.kind === 'all' ? other : { kind: 'and', of: [query, other] };
}

/** Whether a query says itself which folders it means. */
function mentions(query: Query): boolean {
  if (query.kind === 'folder') return true;
  if (query.kind === 'not') return mentions(query.of);
  return 'of' in query && query.of.some(mentions);
}
