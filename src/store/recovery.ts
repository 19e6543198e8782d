/**
 * What a crash left of deliveries, mended: an unfinished file of ours goes, and a planned message that is in the Maildir is
 * adopted instead of fetched again. What this file must never know: servers.
 */
import { dirname } from 'node:path';
import { syncFolder } from './folder.ts';
import type { FolderEntry, Folders } from './folders.ts';
import type { LedgerItem } from './ledger.ts';
import type { LedgerJournal } from './ledger-journal.ts';
import type { Maildir } from './maildir.ts';
import { inParallel } from './parallel.ts';
import { openContent } from './reader.ts';

/** @param entries what is in the folders. @throws StoreError with the code of the fault. */
export async function recover(
  journal: LedgerJournal,
  inbox: Maildir,
  folders: Folders,
  entries: readonly FolderEntry[],
): Promise<void> {
  const planned = [...journal.ledger.items()].filter(({ listed }) => listed !== undefined);
  const pending = new Map(planned.map((item) => [item.base, item]));
  for (const { maildir } of await folders.all()) await maildir.removeUnfinished(pending);
  const adopted = entries.filter((entry) => isToAdopt(entry, pending.get(entry.base)));
  if (adopted.length === 0) return;
  // Our files are synced before they are linked, but the entry of this one may not be durable yet.
  await inbox.sync();
  // What took the place of a header may lie in another folder.
  for (const folder of new Set(adopted.map(({ path }) => dirname(path)))) await syncFolder(folder);
  const records = await inParallel(adopted, async ({ base, path }) => {
    const content = await openContent(path);
    const found = { base, path, size: content.size, sha256: await content.sha256() };
    const { header, stub } = journal.planned(base);
    return header && stub === undefined ? journal.stub(found) : journal.stored(found, false);
  });
  await journal.record(records);
}

/** Whether a file is one whose delivery was not recorded any more. What stands for a message is not the message. */
function isToAdopt({ size }: { readonly size: number }, item: LedgerItem | undefined): boolean {
  return item !== undefined && item.stored === undefined && item.stub?.size !== size;
}
