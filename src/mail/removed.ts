/**
 * Which messages somebody removed from the mailbox here, so that they may go on the server as well.
 *
 * A message that is missing for another reason must not be taken for one: each is looked for a second time, one that has a
 * name outside the trash is here, what another program copied before it removed the original is known by its Message-ID,
 * any may be in a Maildir within the mailbox that we do not look into, and a mailbox in which nothing at all is left of what
 * was in it may be one that was lost.
 */
import { StoreError } from '../errors.ts';
import { LISTED_HEADER, readHeaders } from '../mime/summary.ts';
import type { Pop3Client } from '../pop3/client.ts';
import { folderName, TRASH } from '../store/folder-name.ts';
import type { Mailbox, StoredMessage } from '../store/mailbox.ts';
import { isNear } from '../store/rewritten.ts';
import { headersOf } from './header-retrieval.ts';
import type { Wanted } from './retrieval.ts';
import type { Say } from './session.ts';

/** So many that are gone together are a doubt. */
const MANY = 20;
/** Headers under way at once. */
const BATCH = 64;

const STAYS = 'no message is deleted on the server for it';
const LOST = `of what was fetched nothing is in the mailbox any more but the newest, if that, which may be an accident: ${STAYS}. Use --delete if it is none.`;

/** A message that is stored and that the server still has. */
type Stored = Wanted & { readonly number: number };

/** @returns the numbers of those that were removed. @throws whatever a session or the mailbox throws. */
export async function removedOf(
  mailbox: Mailbox,
  client: Pop3Client,
  stored: readonly Stored[],
  say: Say,
): Promise<ReadonlySet<number>> {
  const trash = await mailbox.folders.named(folderName(TRASH));
  const folders = await foldersOf(mailbox, stored);
  const away = stored.filter(({ number }) => folders.get(number)?.some((folder) => folder !== trash) !== true);
  const missing = away.filter(({ number }) => !folders.has(number));
  if (isLost(mailbox, missing)) {
    say(LOST);
    return new Set();
  }
  const overlooked = missing.length === 0 ? [] : await mailbox.folders.overlooked();
  if (overlooked.length > 0) say(`what is missing may be in ${overlooked.join(', ')}, where nobody looks: ${STAYS}.`);
  const kept = overlooked.length > 0 ? missing.map(numberOf) : await copiedOf(mailbox, client, missing, trash);
  const isKept = new Set(kept);
  return new Set(away.map(numberOf).filter((number) => !isKept.has(number)));
}

/** In which folders they are. For what is not seen we look twice: it may have been on its way to another folder, and name. */
async function foldersOf(mailbox: Mailbox, stored: readonly Stored[]): Promise<ReadonlyMap<number, readonly string[]>> {
  const folders = await mailbox.foldersOf(new Set(stored.map(numberOf)));
  const unseen = new Set(stored.map(numberOf).filter((number) => !folders.has(number)));
  if (unseen.size === 0) return folders;
  await mailbox.refresh();
  return new Map([...folders, ...(await mailbox.foldersOf(unseen))]);
}

/** Whether nothing is left of many that came before all that is here, and that is less: it may have come since they were lost. */
function isLost(mailbox: Mailbox, missing: readonly Stored[]): boolean {
  const here = mailbox.messages();
  const oldest = here[0]?.number ?? Number.POSITIVE_INFINITY;
  const before = missing.filter(({ number }) => number < oldest).length;
  return before >= MANY && before > here.length;
}

/**
 * Of these messages those that another program, or an import, may have put into a folder under a number of its own; where
 * nobody can say, it may have.
 */
async function copiedOf(
  mailbox: Mailbox,
  client: Pop3Client,
  missing: readonly Stored[],
  trash: string,
): Promise<ReadonlySet<number>> {
  const foreign = mailbox.messages().filter(({ uidl, folder }) => uidl === undefined && folder !== trash);
  const idOf = new Map<StoredMessage, string | undefined>();
  const doubtful = missing.flatMap((message) => {
    const copies = foreign.filter((each) => each.number > message.number && isNear(each.size, message.size));
    return copies.length === 0 ? [] : [{ message, copies }];
  });
  for (const copy of new Set(doubtful.flatMap(({ copies }) => copies))) idOf.set(copy, await messageId(mailbox, copy));
  const copied = new Set<number>();
  for (let from = 0; from < doubtful.length; from += BATCH) {
    const batch = doubtful.slice(from, from + BATCH);
    const headers = await headersOf(
      client,
      batch.map(({ message }) => message),
    );
    for (const [row, { message, copies }] of batch.entries()) {
      const header = headers[row];
      const id = header === undefined ? undefined : (await readHeaders(header)).messageId;
      if (id === undefined || copies.some((copy) => (idOf.get(copy) ?? id) === id)) copied.add(message.number);
    }
  }
  return copied;
}

/** Undefined where it cannot be read; then it may be any. */
async function messageId(mailbox: Mailbox, { number }: StoredMessage): Promise<string | undefined> {
  try {
    const content = await mailbox.read(number);
    return (await readHeaders(content.chunks(), LISTED_HEADER)).messageId ?? '';
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

function numberOf({ number }: Stored): number {
  return number;
}
