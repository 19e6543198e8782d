/**
 * Many messages from their folders into another so that none is ever nowhere, or away for good.
 *
 * The order is the promise: each gets its name in the new folder, that folder is synced, and only then do the old names
 * go. A crash leaves one name or two, which `moveAll` of the same messages mends. What this file must never know: why.
 */
import { lstat, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, guarded, ifThere } from './fault.ts';
import { exists, place } from './folder.ts';
import { type FolderPlace, maildirOf } from './folders.ts';
import type { Maildir, MaildirPlace } from './maildir.ts';
import { formatName } from './name.ts';
import { inParallel } from './parallel.ts';

/** A message with its old name and its new one. */
interface Moving {
  readonly from: MaildirPlace;
  readonly to: string;
}

/**
 * Moves messages into a folder; durable when it returns. One that is there already only loses its other name, and one
 * that another program took away is left out.
 *
 * @returns the base names of those that are in the folder now.
 * @throws StoreError with the code of the fault; what was not moved then is where it was.
 */
export async function moveAll(places: readonly FolderPlace[], target: Maildir): Promise<string[]> {
  const away = places.filter(({ path }) => dirname(dirname(path)) !== target.path);
  const there = await target.locate(new Set(away.map(({ base }) => base)));
  const moving = (await inParallel(away, (from) => placeIn(from, target, there.get(from.base)))).filter(
    (each) => each !== undefined,
  );
  if (moving.length > 0) await target.sync();
  await inParallel(moving, dropOldName);
  await syncAll(moving.map(({ from }) => from));
  return moving.map(({ from }) => from.base);
}

/** Removes messages for good, all names of each. @returns the base names of those that were there. */
export async function removeAll(places: readonly FolderPlace[]): Promise<string[]> {
  const removed = await inParallel(places, (place) =>
    guarded(`remove ${place.path}`, async () => {
      for (let now: MaildirPlace | undefined = place; now !== undefined; now = await maildirOf(place).find(place.base))
        if (await ifThere(unlink(now.path))) return place.base;
      return undefined;
    }),
  );
  await syncAll(places);
  return [...new Set(removed.filter((base) => base !== undefined))];
}

/** Makes what changed in the folders of these durable, each once. */
export async function syncAll(places: readonly Pick<MaildirPlace, 'path'>[]): Promise<void> {
  const maildirs = new Map(places.map((place) => [maildirOf(place).path, maildirOf(place)]));
  for (const maildir of maildirs.values()) await maildir.sync();
}

/** Gives the message its new name; `undefined` where it is gone, or where another file has that name. */
async function placeIn(
  from: FolderPlace,
  target: Maildir,
  there: MaildirPlace | undefined,
): Promise<Moving | undefined> {
  return guarded(`move ${from.path}`, async () => {
    if (there !== undefined) return (await isSame(from.path, there.path)) ? { from, to: there.path } : undefined;
    // A message that nobody has seen yet stays in `new`; as long as it does, its name has no flags.
    const part = basename(dirname(from.path));
    for (let now: MaildirPlace | undefined = from; now !== undefined; now = await maildirOf(from).find(from.base)) {
      const to = join(target.path, part, basename(now.path));
      const outcome = await placed(now.path, to);
      if (outcome !== 'gone') return outcome === 'placed' ? { from: now, to } : undefined;
    }
    return undefined;
  });
}

async function placed(from: string, to: string): Promise<'placed' | 'taken' | 'gone'> {
  try {
    return (await place(from, to)) ? 'placed' : 'taken';
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && !(await exists(from))) return 'gone';
    throw error;
  }
}

/** Takes the old name away. Where another program has changed the flags in it meanwhile, the new name gets them. */
async function dropOldName({ from, to }: Moving): Promise<void> {
  await guarded(`move ${from.path}`, async () => {
    if (await ifThere(unlink(from.path))) return;
    const now = await maildirOf(from).find(from.base);
    if (now === undefined || !(await isSame(now.path, to))) return;
    const target = maildirOf({ path: to });
    await rename(to, join(target.path, 'cur', formatName(now)));
    await target.sync();
    await ifThere(unlink(now.path));
  });
}

/** Whether two names are of one file. */
async function isSame(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((path) => lstat(path).catch(() => undefined)));
  return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
}
