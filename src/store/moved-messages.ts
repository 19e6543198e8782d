/**
 * Messages that another program moved and gave another name, as mutt does: what is in a file without a number says whose it
 * is.
 *
 * A file takes over the number of a message that is nowhere any more and whose content, by size and SHA-256, is its own; a
 * copy beside its original stays a message of its own. Only where a size gives reason to is a file read at all. What this
 * file must never know: how a number is recorded.
 */
import { createHash } from 'node:crypto';
import { StoreError } from '../errors.ts';
import type { FolderEntry, Folders } from './folders.ts';
import type { Ledger, LedgerItem } from './ledger.ts';
import { readStored } from './reader.ts';
import { asReceived, isNear } from './rewritten.ts';

/** A message, and the name it has now. */
export interface Moved {
  readonly number: number;
  /** The name it had. */
  readonly from: string;
  readonly to: string;
}

interface Digest {
  readonly size: number;
  readonly sha256: string;
}

interface Missing extends Digest {
  readonly item: LedgerItem;
}

/** @param entries all that is in the folders. @throws StoreError with the code of a fault of a folder. */
export async function movedAmong(
  entries: readonly FolderEntry[],
  ledger: Ledger,
  folders: Folders,
): Promise<readonly Moved[]> {
  const here = new Set(entries.map(({ base }) => base));
  const moved: Moved[] = [];
  for (const { base: to } of entries) {
    const item = ledger.byBase(to);
    if (item === undefined || here.has(item.base)) continue;
    // It is back under a name that it had before.
    moved.push({ number: item.number, from: item.base, to });
    here.add(item.base);
  }
  const unknown = entries.filter(({ base }) => ledger.byBase(base) === undefined);
  if (unknown.length > 0) moved.push(...(await recognized(unknown, missingIn(ledger, here), folders)));
  return moved;
}

/** The messages whose content we know and that are not here. */
function missingIn(ledger: Ledger, here: ReadonlySet<string>): Missing[] {
  const missing: Missing[] = [];
  for (const item of ledger.items()) {
    const facts = item.stored ?? item.stub;
    if (facts !== undefined && !facts.elsewhere && !here.has(item.base)) missing.push({ item, ...facts });
  }
  return missing;
}

async function recognized(
  unknown: readonly FolderEntry[],
  missing: readonly Missing[],
  folders: Folders,
): Promise<Moved[]> {
  const moved = new Map<string, Moved>();
  const taken = new Set<number>();
  if (missing.length === 0) return [];
  for (const { base: to, path, size } of unknown) {
    const near = missing.filter((each) => isNear(size, each.size) && !taken.has(each.item.number));
    const found = near.length === 0 ? undefined : await ownerOf(path, size, near);
    if (found === undefined) continue;
    taken.add(found.number);
    moved.set(found.base, { number: found.number, from: found.base, to });
  }
  // Another look: a message may have been on its way while the folders were read one after the other.
  if (moved.size > 0) for (const { base } of await folders.locate(moved)) moved.delete(base);
  return [...moved.values()];
}

/** Undefined also for a file that cannot be read, or is gone by now. */
async function ownerOf(path: string, size: number, missing: readonly Missing[]): Promise<LedgerItem | undefined> {
  try {
    const same = missing.filter((each) => each.size === size);
    const found = same.length === 0 ? undefined : ownerIn(same, await digestOf(readStored(path)));
    if (found !== undefined) return found;
    const before = await asReceived(() => readStored(path));
    // What stands for a message must be as it was: the journal tells it from the message itself by its size.
    return (
      before &&
      ownerIn(
        missing.filter(({ item }) => item.stored !== undefined),
        await digestOf(before),
      )
    );
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

function ownerIn(missing: readonly Missing[], { size, sha256 }: Digest): LedgerItem | undefined {
  return missing.find((each) => each.size === size && each.sha256 === sha256)?.item;
}

async function digestOf(chunks: AsyncIterable<Uint8Array>): Promise<Digest> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest('hex') };
}
