/** What is in the local mailbox: the headers of its newest messages. Nothing is connected, nothing is written. */
import { LISTED_HEADER, readHeaders, type Summary } from '../mime/summary.ts';
import type { Mailbox, StoredMessage } from '../store/mailbox.ts';
import { type Account, mailboxOf, viewMailbox } from './account.ts';

/** Files open at once. */
const WINDOW = 64;

export interface ListedMessage extends StoredMessage {
  readonly summary: Summary;
}

export interface LocalListing {
  readonly mailbox: string;
  /** Messages in the mailbox altogether. */
  readonly count: number;
  readonly unread: number;
  /** Newest last. */
  readonly messages: readonly ListedMessage[];
}

/** @param limit how many messages, newest first. @throws StoreError `mailbox-missing` and the faults of the disk. */
export async function listMail(account: Account, limit: number): Promise<LocalListing> {
  const mailbox = await viewMailbox(account);
  const all = mailbox.messages();
  const shown = all.slice(Math.max(0, all.length - limit));
  const messages: ListedMessage[] = [];
  for (let from = 0; from < shown.length; from += WINDOW) {
    const window = shown
      .slice(from, from + WINDOW)
      .map(async (message) => ({ ...message, summary: await headers(mailbox, message) }));
    messages.push(...(await Promise.all(window)));
  }
  return {
    mailbox: mailboxOf(account).maildir,
    count: all.length,
    unread: all.filter(({ seen }) => !seen).length,
    messages,
  };
}

async function headers(mailbox: Mailbox, { number }: StoredMessage): Promise<Summary> {
  const content = await mailbox.read(number);
  return readHeaders(content.chunks(), LISTED_HEADER);
}
