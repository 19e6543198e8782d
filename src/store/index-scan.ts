/**
 * What has changed in a Maildir and its folders since it was last looked at.
 *
 * Why: a list must not look at 200,000 files. A folder whose time of change is the one we saw has the same names in it; but a
 * time that was young when we looked is no proof, since more may have happened in the same moment.
 */
import { lstatSync, type Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { guarded, storeFault } from './fault.ts';
import { foldersIn } from './folders.ts';
import { type MaildirPart, PARTS } from './maildir.ts';

/** Nanoseconds; the clocks of file systems are no finer than some milliseconds, of a few two seconds. */
const YOUNG = 2_500_000_000n;

/** `new` or `cur` of the inbox, whose folder is empty, or of a folder of Maildir++ such as `.Archive`. */
export interface Place {
  readonly folder: string;
  readonly part: MaildirPart;
}

export interface ChangedPlace extends Place {
  /** To be compared next time; empty where this look proves nothing. */
  readonly mtime: string;
  /** Of all its files. */
  readonly names: readonly string[];
  /** The place is not there any more. */
  readonly gone?: true;
}

/** Of the inbox and of all folders that are there now. */
export async function placesIn(maildir: string): Promise<Place[]> {
  const folders = ['', ...(await foldersIn(maildir))];
  return folders.flatMap((folder) => PARTS.map((part): Place => ({ folder, part })));
}

/** Whether what was changed at this time, in nanoseconds, may have been changed again in the same moment. */
export function isYoung(time: bigint): boolean {
  return BigInt(Date.now()) * 1_000_000n - time < YOUNG;
}

/** A place as a path in the Maildir. */
export function pathOf({ folder, part }: Place): string {
  return join(folder, part);
}

/**
 * The places whose names may have changed; those that are gone as well, without names.
 *
 * @param seen the `mtime` of every place that was looked at, by its path.
 */
export async function changedPlaces(
  maildir: string,
  seen: ReadonlyMap<string, Place & { readonly mtime: string }>,
): Promise<ChangedPlace[]> {
  const there = await placesIn(maildir);
  const changed: ChangedPlace[] = [];
  for (const place of there) {
    const path = join(maildir, pathOf(place));
    // Before the names are read: what comes in between is seen again.
    const mtime = changeTime(path);
    if (mtime !== '' && mtime === seen.get(pathOf(place))?.mtime) continue;
    changed.push({ ...place, mtime, names: await guarded(`read the folder ${path}`, () => readdir(path)) });
  }
  const known = new Set(there.map(pathOf));
  for (const [path, { folder, part }] of seen) {
    if (!known.has(path)) changed.push({ folder, part, mtime: '', names: [], gone: true });
  }
  return changed;
}

function changeTime(path: string): string {
  const found = guardedLook(path, () => lstatSync(path, { bigint: true, throwIfNoEntry: false }));
  if (found === undefined || isYoung(found.mtimeNs)) return '';
  return String(found.mtimeNs);
}

/** What is there; undefined where nothing is. @throws StoreError. */
export function lookAt(path: string): Stats | undefined {
  return guardedLook(path, () => lstatSync(path, { throwIfNoEntry: false }));
}

/** The synchronous call costs a fifth of the other one. */
function guardedLook<T>(path: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw storeFault(error, `look at ${path}`);
  }
}
