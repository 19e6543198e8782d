/** The list of the local mailbox, for people and for programs. */
import { listMail } from '../mail/list.ts';
import type { IndexedMessage } from '../store/index-row.ts';
import { senderOf } from './address-view.ts';
import type { Context } from './context.ts';
import { summaryJson } from './message-json.ts';
import type { Progress } from './progress.ts';
import { type ListRow, renderList } from './table.ts';

export interface LocalFlags {
  limit: number;
  page?: number;
  before?: number;
  folder?: string;
}

export async function listLocal(context: Context, query: string, flags: LocalFlags): Promise<void> {
  const { output, surroundings } = context;
  const { limit, page = 1, before, folder } = flags;
  const skip = (page - 1) * limit;
  let bar: Progress | undefined;
  const reports = {
    warn: (text: string) => output.warn(text),
    progress: (done: number, total: number) => {
      bar ??= output.progress('Reading the mailbox', total, 'messages');
      bar.update(done);
    },
    signal: surroundings.signal,
  };
  const listing = await listMail(await context.account(), { query, folder, before, skip, limit }, reports).finally(() =>
    bar?.done(),
  );
  const { mailbox, count, unread, messages } = listing;
  if (output.isJson) return output.json({ mailbox, count, unread, messages: messages.map(rowJson) });
  for (const line of renderList(messages.map(rowOf), output.columns, new Date())) output.data(line);
  const what = query === '' ? (count === 1 ? 'message' : 'messages') : 'found';
  output.say(`${count} ${what}, ${unread} unread${shown(messages, count, flags)}.`);
  output.detail(`The mailbox is ${mailbox}.`);
}

/** Which of them are listed, and how to see the next. */
function shown(messages: readonly IndexedMessage[], count: number, { limit, page = 1, before }: LocalFlags): string {
  if (messages.length === count) return '';
  if (before !== undefined || messages.length === 0) return `; ${messages.length} are shown`;
  const first = (page - 1) * limit + 1;
  const last = first + messages.length - 1;
  const which = first === 1 ? `the newest ${last} are shown` : `${first} to ${last} are shown`;
  return `; ${which}${last < count ? `, the next with --page ${page + 1}` : ''}`;
}

/** A message as a row of the table. */
export function rowOf({ number, size, seen, flags, attachments, date, subject, ...people }: IndexedMessage): ListRow {
  const marks = [...flags].filter((flag) => flag === 'F' || flag === 'R').join('');
  return {
    number,
    size,
    flags: `${seen ? ' ' : 'N'}${marks}${attachments > 0 ? '+' : ''}`,
    date: date === undefined ? undefined : new Date(date),
    from: senderOf(people),
    subject: subject || '(no subject)',
  };
}

function rowJson(message: IndexedMessage) {
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
  };
}
