/**
 * The files that messages can be imported from: mailbox files, Maildirs with their folders, `.eml` files and folders of
 * them. What this file must never know: what becomes of the messages.
 */
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { UsageError } from '../errors.ts';
import { guarded } from './fault.ts';
import { INBOX } from './folder-name.ts';
import { Folders } from './folders.ts';
import { Maildir } from './maildir.ts';
import { readStored } from './reader.ts';

/** A file to import from. */
export interface ImportFile {
  /** As a person named it, or within what was named. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** The folder that the message was in, where it came out of a Maildir. */
  readonly folder: string | undefined;
  /** Maildir letters. */
  readonly flags: string;
  chunks(): AsyncIterable<Uint8Array>;
  /** The octets at a position; fewer at the end of the file. */
  at(position: number, length: number): Promise<Uint8Array>;
}

/**
 * What is in a file or a folder, in the order of delivery or by name. Links are followed for the path itself only.
 *
 * @throws UsageError `input-missing`, and for a folder without mail `no-mail-there`.
 */
export async function importFiles(path: string): Promise<ImportFile[]> {
  const there = await realpath(path).catch(() => undefined);
  if (there === undefined) throw new UsageError('input-missing', `There is nothing to import at ${path}.`);
  const found = await guarded(`look at ${path}`, () => stat(there));
  if (found.isFile()) return [fileAt(there, found.size)];
  if (!found.isDirectory()) throw new UsageError('input-missing', `${path} is neither a file nor a folder.`);
  if (Maildir.isAt(there)) {
    const { entries } = await new Folders(Maildir.at(there)).list();
    return entries.map(({ path, size, folder, flags }) => fileAt(path, size, folder, flags));
  }
  const names = (await guarded(`read the folder ${path}`, () => readdir(there))).filter(isMail).sort();
  const files = await Promise.all(
    names.map(async (name) => ({ at: join(there, name), ...(await sizeOf(join(there, name))) })),
  );
  const mail = files.filter(({ isFile }) => isFile).map(({ at, size }) => fileAt(at, size));
  if (mail.length > 0) return mail;
  throw new UsageError('no-mail-there', `There is no mail in ${path}.`, {
    hint: 'A folder is a Maildir, with cur and new in it, or has .eml or .mbox files.',
  });
}

function isMail(name: string): boolean {
  return ['.eml', '.mbox', '.mbx'].includes(extname(name).toLowerCase());
}

async function sizeOf(path: string): Promise<{ size: number; isFile: boolean }> {
  const found = await guarded(`look at ${path}`, () => stat(path));
  return { size: found.size, isFile: found.isFile() };
}

function fileAt(path: string, size: number, folder?: string, flags = ''): ImportFile {
  return {
    path,
    size,
    folder: folder === INBOX ? undefined : folder,
    flags,
    chunks: () => readStored(path),
    at: (position, length) =>
      guarded(`read ${basename(path)}`, async () => {
        const file = await open(path, 'r');
        try {
          const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
          return buffer.subarray(0, bytesRead);
        } finally {
          await file.close();
        }
      }),
  };
}
