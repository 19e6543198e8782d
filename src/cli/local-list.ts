/** The list of the local mailbox, for people and for programs. */
import { listMail, type LocalListing } from '../mail/list.ts';
import { senderOf } from './address-view.ts';
import type { Context } from './context.ts';
import { withReports } from './index-reports.ts';
import { summaryJson } from './message-json.ts';
import { formatCount, type ListRow, newestShown, renderList } from './table.ts';
import { safeText } from './terminal.ts';

export interface LocalFlags {
  limit: number;
  page?: number;
  before?: number;
  folder?: string;
  threads?: boolean;
}

type Listed = LocalListing['messages'][number];

/** Why something is no message. */
const KINDS: Record<LocalListing['ignored'][number]['kind'], string> = {
  link: 'it is a link',
  folder: 'it is a folder',
  special: 'it is no file',
  name: 'its name is none for a message',
};

/** How far answers to answers are moved to the right, at most. */
const MAX_STEPS = 8;

export async function listLocal(context: Context, query: string, flags: LocalFlags): Promise<void> {
  const { output } = context;
  const { limit, page = 1, before, folder, threads } = flags;
  const skip = (page - 1) * limit;
  const account = await context.account();
  const request = { query, folder, before, skip, limit, threads };
  const listing = await withReports(context, (reports) => listMail(account, request, reports));
  const { mailbox, count, unread, messages, ignored } = listing;
  if (output.isJson) {
    const { threads: found = null } = listing;
    return output.json({ mailbox, count, unread, threads: found, messages: messages.map(rowJson), ignored });
  }
  for (const line of renderList(messages.map(rowOf), output.columns, new Date())) output.data(line);
  output.say(`${summary(listing, query)}, ${unread} unread${shown(listing, flags)}${leftOut(ignored)}.`);
  for (const { path, kind } of ignored) output.detail(`Left out, since ${KINDS[kind]}: ${safeText(path)}`);
  output.detail(`The mailbox is ${mailbox}.`);
}

function summary({ count, threads }: LocalListing, query: string): string {
  const found = query === '' ? formatCount(count, 'message') : `${count} found`;
  return threads === undefined ? found : `${found} in ${formatCount(threads, 'thread')}`;
}

/** Which of them are listed, and how to see the next. */
function shown({ messages, count, threads }: LocalListing, { limit, page = 1, before }: LocalFlags): string {
  const all = threads ?? count;
  const first = (page - 1) * limit + 1;
  const last = threads === undefined ? first + messages.length - 1 : Math.min(all, page * limit);
  if ((first === 1 && last === all) || last < first) return first === 1 ? '' : '; there are no more';
  if (before !== undefined) return `; ${last} ${last === 1 ? 'is' : 'are'} shown`;
  const which =
    first === 1 ? newestShown(last) : first === last ? `${first} is shown` : `${first} to ${last} are shown`;
  return `; ${which}${last < all ? `, the next with --page ${page + 1}` : ''}`;
}

/** That there is something that looks like mail to a person and is none to us. */
function leftOut({ length }: LocalListing['ignored']): string {
  if (length === 0) return '';
  return `; ${length === 1 ? '1 file is no message' : `${length} files are no messages`} (-v says which)`;
}

/** A message as a row of the table. */
export function rowOf(message: Listed): ListRow {
  const { number, size, seen, flags, attachments, date, subject, depth = 0 } = message;
  const marks = [...flags].filter((flag) => flag === 'F' || flag === 'R').join('');
  return {
    number,
    size,
    flags: `${seen ? ' ' : 'N'}${marks}${attachments > 0 ? '+' : ''}`,
    date: date === undefined ? undefined : new Date(date),
    from: senderOf(message),
    subject: `${'  '.repeat(Math.min(depth, MAX_STEPS))}${subject || '(no subject)'}`,
  };
}

function rowJson(message: Listed) {
  const { number, folder, size, flags, seen, uidl = null, sha256 = null, tags, thread, attachments } = message;
  const { date, subject, from, to, cc, messageId } = message;
  const summary = { subject, from, to, cc, messageId, date: date === undefined ? undefined : new Date(date) };
  return {
    number,
    folder,
    size,
    flags,
    seen,
    uidl,
    sha256,
    ...summaryJson(summary),
    hasAttachments: attachments > 0,
    attachments,
    tags,
    thread,
    depth: message.depth ?? 0,
  };
}
