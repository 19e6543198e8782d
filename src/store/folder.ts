/**
 * Folders that are ours alone, and the two steps that make a file in them appear safely: link without overwriting,
 * and sync the folder so that the entry survives a power cut.
 *
 * What this file must never know: what a folder is for.
 */
import { chmod, link, lstat, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { geteuid } from 'node:process';
import { StoreError } from '../errors.ts';
import { errnoOf, guarded, ifThere } from './fault.ts';

/** Makes a folder, and the missing ones above it, with mode 0700 whatever the umask; an existing one is left as it is. */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path);
  await guarded(`create the folder ${folder}`, async () => {
    const missing: string[] = [];
    for (let above = folder; !(await exists(above)); above = dirname(above)) missing.push(above);
    if (missing.length === 0) return makeOne(folder);
    // QUIRK: not mkdir's own `recursive`, which never returns where a new entry is refused with ENOENT, as in /proc.
    for (const path of missing.toReversed()) await makeOne(path);
    await chmod(folder, 0o700);
    // Each new entry is made durable in its parent, from the lowest up to the first one created.
    for (const made of missing) await syncFolder(dirname(made));
  });
}

/** Makes one folder; that it is there already, as another process may have made it meanwhile, is fine. */
async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) throw error;
  }
}

/**
 * Checks that a folder is a real one, belongs to us and can be written by nobody else.
 *
 * @throws StoreError `mailbox-missing`, `not-a-folder`, `unsafe-folder`.
 */
export async function checkFolder(path: string): Promise<void> {
  const found = await guarded(`open the folder ${path}`, () => lstat(path));
  if (!found.isDirectory()) {
    throw new StoreError('not-a-folder', `${path} is not a folder.`, {
      hint: 'A link or a file stands where a folder of the mailbox belongs; remove it or choose another path.',
    });
  }
  const us = geteuid?.();
  if (us !== undefined && found.uid !== us) {
    throw new StoreError('unsafe-folder', `${path} belongs to another user.`, {
      hint: 'Choose a folder of your own, or run as its owner.',
    });
  }
  if ((found.mode & 0o022) !== 0) {
    throw new StoreError('unsafe-folder', `${path} can be changed by other users.`, {
      hint: `Run: chmod 700 '${path}'`,
    });
  }
}

/** Makes the entries of a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  await guarded(`sync the folder ${path}`, async () => {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } catch (error) {
      // QUIRK: some network and FUSE file systems cannot sync a folder and say EINVAL; they order entries themselves.
      if (errnoOf(error) !== 'EINVAL') throw error;
    } finally {
      await folder.close();
    }
  });
}

/** How a file system without hard links refuses one. */
export const NO_LINKS: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
]);

/**
 * Gives the file `from` the name `to` as well, never replacing what is there. `from` may be gone afterwards.
 *
 * @returns whether the name was free.
 */
export async function place(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    if (!NO_LINKS.has(errnoOf(error))) throw error;
  }
  // QUIRK: exFAT and some FUSE file systems have no hard links; there, look first and then rename.
  if (await exists(to)) return false;
  await rename(from, to);
  return true;
}

/** Puts the file `from` in the place of the file `to`, in one step. @returns false, with nothing done, where `to` is not there. */
export async function replaceFile(from: string, to: string): Promise<boolean> {
  if (!(await exists(to))) return false;
  await rename(from, to);
  return true;
}

/** Whether anything at all, a dangling link included, has this name. */
export function exists(path: string): Promise<boolean> {
  return ifThere(lstat(path));
}

/** Removes a file of ours, if it is there and can be removed; used for leftovers, which do no harm where they stay. */
export async function removeLeftover(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}
