/**
 * The index of a mailbox, brought up to date ahead of whoever lists next.
 *
 * Why it never fails and never waits long: the mail is safe, and whatever is left here the next list does. What this file
 * must never know: fetching, the terminal.
 */
import { AbortedError } from '../errors.ts';
import { withStoredIndex } from '../store/with-index.ts';
import { type Account, mailboxOf } from './account.ts';

/** Milliseconds: another process writes for less, unless it keeps the index locked. */
const PATIENCE = 250;

export interface IndexReports {
  /** So many messages of so many are read. */
  progress(done: number, total: number): void;
  /** Ends it at once; what was read stays. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads what the index of the account's mailbox does not have yet. Where another process is at that, it is left to it.
 *
 * @returns why it was not done, to complete "because …"; undefined when it was. Never rejects.
 */
export async function indexNew(account: Account, { progress, signal }: IndexReports): Promise<string | undefined> {
  try {
    return await withStoredIndex(mailboxOf(account), { wait: PATIENCE }, async (index) => {
      await index.refresh();
      await index.read({ progress, signal, alone: true });
    });
  } catch (error) {
    if (error instanceof AbortedError) return 'it was stopped';
    return error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
  }
}
