/**
 * Messages that another program moved and gave another name, as mutt does: what is in a file without a number says whose it
 * is.
 *
 * A file takes over the number of a message that is nowhere any more and whose content, by size and SHA-256, is its own; a
 * copy beside its original stays a message of its own. Only where a size gives reason to is a file read at all. What this
 * file must never know: how a number is recorded.
 */
import { StoreError } from '../errors.ts';
import type { FolderEntry, Folders } from './folders.ts';
import { type Ledger, type LedgerItem, storedHere } from './ledger.ts';
import { type Digest, digestOf, readStored } from './reader.ts';
import { asReceived, isNear } from './rewritten.ts';

/** A message, and the name it has now. */
export interface Moved {
  readonly number: number;
  /** The name it had. */
  readonly from: string;
  readonly to: string;
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

/** The messages whose content we know and that are not here, by their sizes. */
type MissingBySize = ReadonlyMap<number, Missing[]>;

function missingIn(ledger: Ledger, here: ReadonlySet<string>): MissingBySize {
  const missing: Missing[] = [];
  for (const item of ledger.items()) {
    const facts = storedHere(item) ?? item.stub;
    if (facts !== undefined && !here.has(item.base)) missing.push({ item, ...facts });
  }
  return Map.groupBy(missing, ({ size }) => size);
}

async function recognized(unknown: readonly FolderEntry[], missing: MissingBySize, folders: Folders): Promise<Moved[]> {
  const moved = new Map<string, Moved>();
  for (const { base: to, path, size } of unknown) {
    const found = await takeOwner(path, size, missing);
    if (found !== undefined) moved.set(found.base, { number: found.number, from: found.base, to });
  }
  // Another look: a message may have been on its way while the folders were read one after the other.
  if (moved.size > 0) for (const { base } of await folders.locate(moved)) moved.delete(base);
  return [...moved.values()];
}

/** Takes the message that a file is out of those that are missing. Undefined also for a file that cannot be read, or is gone by now. */
async function takeOwner(path: string, size: number, missing: MissingBySize): Promise<LedgerItem | undefined> {
  try {
    const found = missing.has(size) ? takeFrom(missing, await digestOf(readStored(path))) : undefined;
    if (found !== undefined || ![...missing.keys()].some((other) => isNear(size, other))) return found;
    const before = await asReceived(() => readStored(path));
    // What stands for a message must be as it was: the journal tells it from the message itself by its size.
    return before && takeFrom(missing, await digestOf(before), ({ item }) => storedHere(item) !== undefined);
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

/** Each is taken once, and stays away then. */
function takeFrom(
  missing: MissingBySize,
  { size, sha256 }: Digest,
  isMeant: (each: Missing) => boolean = () => true,
): LedgerItem | undefined {
  const alike = missing.get(size) ?? [];
  const at = alike.findIndex((each) => each.sha256 === sha256 && isMeant(each));
  return at === -1 ? undefined : alike.splice(at, 1)[0]?.item;
}
