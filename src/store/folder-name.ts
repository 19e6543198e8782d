/** The names of folders, as people write them: `Archive/2026` for the folder `.Archive.2026` of Maildir++. Pure. */

/** What the folder is called that has no name in Maildir++. */
export const INBOX = 'inbox';

/** Where `delete` puts messages. */
export const TRASH = '.Trash';

/** @param folder in the Maildir; empty for the inbox. */
export function folderName(folder: string): string {
  return folder === '' ? INBOX : folder.slice(1).replaceAll('.', '/');
}
