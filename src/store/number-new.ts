/** Numbers for what other programs delivered, and for what they moved under another name, given by whoever needs them now. */
import { StoreError } from '../errors.ts';
import type { Changes } from './changes.ts';
import { Mailbox, type MailboxPaths } from './mailbox.ts';

/** Gives them as every writer does, and under the same lock; `changes` where the caller has that open. @returns false where that cannot be done now. */
export async function numberNew(paths: MailboxPaths, changes?: Changes): Promise<boolean> {
  try {
    await (await Mailbox.open(paths, { changes })).close();
    return true;
  } catch (error) {
    if (error instanceof StoreError) return false;
    throw error;
  }
}
