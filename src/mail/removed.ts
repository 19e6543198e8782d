/**
 * Which messages somebody removed from the mailbox here, so that they may go on the server as well.
 *
 * A message that is missing for another reason must not be taken for one: each is looked for a second time, and a
 * mailbox in which nothing at all is left of what was in it may be one that was lost.
 */
import { folderName, TRASH } from '../store/folder-name.ts';
import type { Mailbox } from '../store/mailbox.ts';
import type { Say } from './session.ts';

/** A mailbox that held so many and is empty now is a doubt. */
const MANY = 20;

const EMPTY =
  'nothing of what was fetched is in the mailbox any more, which may be an accident: no message is deleted on the server for it. Use --delete if it is none.';

/** @param stored numbers of messages that are stored and that the server still has. @returns those that were removed. */
export async function removedOf(mailbox: Mailbox, stored: readonly number[], say: Say): Promise<ReadonlySet<number>> {
  const trash = await mailbox.folders.named(folderName(TRASH));
  const removed = new Set<number>();
  for (const number of stored) {
    const folder = await mailbox.folderOf(number);
    if (folder === undefined || folder === trash) removed.add(number);
  }
  if (removed.size < MANY || mailbox.messages().length > 0) return removed;
  say(EMPTY);
  return new Set();
}
