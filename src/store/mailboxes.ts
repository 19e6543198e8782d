/** Which mailboxes there are: the folders under the data folder that are Maildirs, or were. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, guarded } from './fault.ts';
import { exists } from './folder.ts';
import type { MailboxPaths } from './mailbox.ts';

/** The names of the mailboxes in `folder`, sorted; none where the folder does not exist yet. */
export async function mailboxNames(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const isMaildir = await Promise.all(folders.map((name) => isFolder(join(folder, name, 'cur'))));
    return folders.filter((_, at) => isMaildir[at]).sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    return guarded(`read the folder ${folder}`, () => Promise.reject(error));
  }
}

/** Whether there is a mailbox, or was: its Maildir, or a journal of what is in it (the disk it is on may not be mounted). */
export async function isMailbox({ maildir, state }: MailboxPaths): Promise<boolean> {
  const journal = exists(join(state, 'journal')).catch(() => false);
  return (await isFolder(join(maildir, 'cur'))) || journal;
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
