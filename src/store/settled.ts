/**
 * That everything a server listed was here, and that the mailbox is as it was then.
 *
 * Why: to find nothing new among 100,000 messages, a journal of 200,000 records would be read each time, and the names of as
 * many files. Whether they are what they were, a few times of change say, which no program can set: those of the journal and
 * of each folder with messages in it. One that was young proves nothing, since more may have happened in the same moment.
 * What this file must never know: what a listing is.
 */
import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { readHint, writeHint } from './hint-file.ts';
import { isYoung, pathOf, placesIn } from './index-scan.ts';
import { Lock } from './lock.ts';
import type { MailboxPaths } from './mailbox.ts';

/** A listing of which everything is here, and the lock of the mailbox, which keeps that true. */
export interface Settled {
  readonly listing: string;
  readonly lock: Lock;
}

/**
 * Takes the lock where nothing has changed since `settle`, and tells what that was told; undefined, with no lock, where
 * something has.
 *
 * @throws StoreError `mailbox-busy`, and `unsafe-folder` where others can write what would be believed.
 */
export async function takeSettled(paths: MailboxPaths): Promise<Settled | undefined> {
  const { listing, mailbox } = (await readHint(fileIn(paths))) ?? {};
  if (typeof listing !== 'string') return undefined;
  const lock = await Lock.ofMailbox(paths.state);
  if (mailbox === (await shapeOf(paths))) return { listing, lock };
  lock.release();
  return undefined;
}

/**
 * Notes that everything of a listing is here. To be done under the lock.
 *
 * @param before of the mailbox, from before it was read: what others did to it since, nobody has seen.
 * @param listing a text that tells it from all others; undefined where there is none.
 */
export async function settle(
  paths: MailboxPaths,
  before: string | undefined,
  listing: string | undefined,
): Promise<void> {
  if (before === undefined || listing === undefined || before !== (await shapeOf(paths))) return;
  await writeHint(fileIn(paths), { listing, mailbox: before });
}

/** What changes with everything that is done to journal and folders; undefined where that cannot be told now. */
export async function shapeOf({ maildir, state }: MailboxPaths): Promise<string | undefined> {
  try {
    const places = (await placesIn(maildir)).map((place) => join(maildir, pathOf(place)));
    const found = [join(state, 'journal'), maildir, ...places].map((path) => lstatSync(path, { bigint: true }));
    if (found.some(({ ctimeNs }) => isYoung(ctimeNs))) return undefined;
    const shape = found.map(({ ino, size, ctimeNs }) => `${ino} ${size} ${ctimeNs}`).join(', ');
    return createHash('sha256').update(shape).digest('hex');
  } catch {
    return undefined;
  }
}

function fileIn({ state }: MailboxPaths): string {
  return join(state, 'settled.json');
}
