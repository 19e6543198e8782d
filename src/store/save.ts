/**
 * Files on their way out of a message: always inside the folder, never over another file, never half visible.
 *
 * The content goes to a hidden name in the same folder and gets its own by linking once it is durable. When that name
 * is taken, by a file, a folder or a link, a number is added. What this file must never know: what the content is.
 */
import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { geteuid } from 'node:process';
import { StoreError } from '../errors.ts';
import { errnoOf, guarded } from './fault.ts';
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
 * @throws StoreError `unsafe-folder` where the way there is not ours (see `checkWay`), or the code of the fault.
 */
export async function saveFile(folder: string, wantedName: string): Promise<FileSink> {
  await checkWay(folder);
  await makeFolder(folder);
  return startFile(folder, safeFileName(wantedName), placeNumbered);
}

/**
 * Starts a file under exactly this path, which the person chose.
 *
 * @throws StoreError `name-taken` where there is something already, now or at the end; else as `saveFile`.
 */
export async function createFile(path: string): Promise<FileSink> {
  const folder = dirname(path);
  await checkWay(folder);
  await makeFolder(folder);
  if (await guarded(`save ${path}`, () => exists(path))) throw taken(path);
  return startFile(folder, basename(path), async (from, _, name) => {
    if (await place(from, join(folder, name))) return name;
    throw taken(path);
  });
}

/** `placed` gives the finished file its name, and returns which it was. */
function startFile(
  folder: string,
  name: string,
  placed: (from: string, folder: string, name: string) => Promise<string>,
): FileSink {
  const writer = new FileWriter(join(folder, `.posthorn-${randomBytes(8).toString('hex')}.part`), BUFFER);
  return {
    name,
    write: (chunk) => writer.write(chunk),
    abort: () => writer.discard(),
    async commit() {
      writer.end();
      try {
        await writer.persist();
        const saved = await guarded(`save ${join(folder, name)}`, () => placed(writer.path, folder, name));
        await syncFolder(folder);
        return { name: saved, path: join(folder, saved), size: writer.size };
      } finally {
        await writer.discard();
      }
    },
  };
}

/**
 * A link on the way to the folder must be ours or the system's: whoever else owns it chooses where our files go, and
 * may choose again at any time.
 */
async function checkWay(folder: string): Promise<void> {
  const us = geteuid?.();
  if (us === undefined) return;
  for (let path = resolve(folder); dirname(path) !== path; path = dirname(path)) {
    const link = await guarded(`look at ${path}`, () => linkAt(path));
    if (link === undefined || link.uid === us || link.uid === 0) continue;
    throw new StoreError('unsafe-folder', `${path} is a link that belongs to another user.`, {
      hint: 'Name the folder it leads to, if you trust it.',
    });
  }
}

async function linkAt(path: string): Promise<Stats | undefined> {
  try {
    const found = await lstat(path);
    return found.isSymbolicLink() ? found : undefined;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function taken(path: string): StoreError {
  return new StoreError('name-taken', `Could not save ${path}: something else has that name.`, {
    hint: 'Choose another name, or move it away; nothing was overwritten.',
  });
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
