/**
 * Files on their way out of a message: always inside the folder, never over another file, never half visible.
 *
 * The content goes to a hidden name in the same folder and gets its own by linking once it is durable. When that name
 * is taken, by a file, a folder or a link, a number is added. What this file must never know: what the content is.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { StoreError } from '../errors.ts';
import { guarded } from './fault.ts';
import { exists, makeFolder, place, syncFolder } from './folder.ts';
import { numberedName, safeFileName } from './safe-name.ts';
import { FileWriter } from './writer.ts';

const BUFFER = 256 * 1024;
const LAST_NUMBER = 1 << 20;

export interface SavedFile {
  /** The name it got, which may differ from the one in the message. */
  readonly name: string;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/** A file that is being saved. */
export interface FileSink {
  /** The safe form of the wanted name; `commit` says whether a number had to be added. */
  readonly name: string;
  /** Takes a copy of the chunk. A promise asks the caller to wait; it rejects with a StoreError. */
  write(chunk: Uint8Array): Promise<void> | void;
  /** Makes the file durable and visible (0600). @throws StoreError; nothing is left then. */
  commit(): Promise<SavedFile>;
  /** Gives the file up. Never throws. */
  abort(): Promise<void>;
}

/**
 * Starts a file in `folder`, which is made (0700) if it is missing.
 *
 * @param wantedName any text, as a message has it.
 * @throws StoreError with the code of the fault.
 */
export async function saveFile(folder: string, wantedName: string): Promise<FileSink> {
  await makeFolder(folder);
  const name = safeFileName(wantedName);
  const writer = new FileWriter(join(folder, `.posthorn-${randomBytes(8).toString('hex')}.part`), BUFFER);
  return {
    name,
    write: (chunk) => writer.write(chunk),
    abort: () => writer.discard(),
    async commit() {
      writer.end();
      try {
        await writer.persist();
        const saved = await guarded(`save ${join(folder, name)}`, () => placeNumbered(writer.path, folder, name));
        await syncFolder(folder);
        return { name: saved, path: join(folder, saved), size: writer.size };
      } finally {
        await writer.discard();
      }
    },
  };
}

/** Another program may take a name between look and link, hence a few attempts. */
async function placeNumbered(from: string, folder: string, name: string): Promise<string> {
  for (let attempt = 0; attempt < 16; attempt += 1) {
    const candidate = await freeName(folder, name);
    if (await place(from, join(folder, candidate))) return candidate;
  }
  throw new StoreError('name-taken', `All names like ${name} are taken in ${folder}.`);
}

/** A free name, found by doubling and halving, so that the ten-thousandth `image.png` costs thirty looks and not ten thousand. */
async function freeName(folder: string, name: string): Promise<string> {
  if (!(await exists(join(folder, name)))) return name;
  let taken = 1;
  let free = 2;
  while (free < LAST_NUMBER && (await exists(join(folder, numberedName(name, free))))) {
    taken = free;
    free *= 2;
  }
  while (free - taken > 1) {
    const middle = Math.floor((taken + free) / 2);
    if (await exists(join(folder, numberedName(name, middle)))) taken = middle;
    else free = middle;
  }
  return numberedName(name, free);
}
