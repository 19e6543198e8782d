/**
 * The names of folders, as people write them: `Lists/dev` for `.Lists.dev` of Maildir++, beside `cur`, `new` and `tmp`.
 *
 * Why: Dovecot and mutt find them there. What is not ASCII is in modified UTF-7, which is Dovecot's default. Pure.
 */
import { UsageError } from '../errors.ts';
import { decodeModifiedUtf7, encodeModifiedUtf7 } from './modified-utf7.ts';

/** What the folder is called that has no name in Maildir++. */
export const INBOX = 'inbox';

/** Where `delete` puts messages. */
export const TRASH = '.Trash';

const LONGEST = 255;

/**
 * The name of a folder on the disk. One that another program wrote in UTF-8 is taken as it is.
 *
 * @param folder in the Maildir; empty for the inbox.
 */
export function folderName(folder: string): string {
  if (folder === '') return INBOX;
  const part = folder.slice(1);
  return (decodeModifiedUtf7(part) ?? part).replaceAll('.', '/');
}

/** What a folder is called on the disk; empty for the inbox. */
export function folderPart(name: string): string {
  return name === INBOX ? '' : `.${encodeModifiedUtf7(name.replaceAll('/', '.'))}`;
}

/**
 * The one form of a name that a person wrote: a dot means the same as a slash.
 *
 * @throws UsageError `bad-folder`.
 */
export function readFolderName(written: string): string {
  const name = written.replaceAll('.', '/').normalize('NFC');
  if (name.toLowerCase() === INBOX) return INBOX;
  const words = name.split('/').every((word) => word !== '' && word.trim() === word);
  if (words && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(name) && folderPart(name).length <= LONGEST) return name;
  throw new UsageError('bad-folder', `${JSON.stringify(written)} is no name for a folder.`, {
    hint: 'Write for example Archive, or Lists/dev for a folder in a folder.',
  });
}
