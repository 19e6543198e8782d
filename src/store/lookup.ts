/**
 * Messages by their numbers, as they are now, in a mailbox of any size.
 *
 * Why: the journal says which message a number is, for ever, and the Maildir alone where that lies and which flags it has. So a
 * file is looked for where it was seen last; if it is not there any more, another program has moved it, and all folders
 * are looked at. What this file must never know: how it is known where a file was seen.
 */
import type { Changes } from './changes.ts';
import { folderName } from './folder-name.ts';
import { type FolderEntry, Folders } from './folders.ts';
import { type KnownMessage, knownWithin, type NumberRange, numbersOf } from './known-numbers.ts';
import type { MailboxPaths } from './mailbox.ts';
import { Maildir } from './maildir.ts';
import { formatName, parseName } from './name.ts';
import { numberNew } from './number-new.ts';
import { type StoredMessage, storedMessage } from './stored-message.ts';

export type { NumberRange };

/** All numbers there are. */
const ALL: NumberRange = { from: 1, to: Number.MAX_SAFE_INTEGER };

/** From so many on it is quicker to look at all folders than at each file by itself. */
const MANY = 1000;

/** A file that is renamed while its folder is read may be missing under either name, so what is not there is looked for again. */
const LOOKS = 2;

export class Lookup {
  /** Its folders, the inbox included. */
  readonly folders: Folders;
  readonly #paths: MailboxPaths;
  readonly #changes: Changes | undefined;

  private constructor(paths: MailboxPaths, folders: Folders, changes?: Changes) {
    this.#paths = paths;
    this.folders = folders;
    this.#changes = changes;
  }

  /**
   * Nothing is locked, created or repaired, and messages that no writer has numbered are left out.
   *
   * @throws StoreError `mailbox-missing`, `unsafe-folder`, or the code of a fault.
   */
  static async open(paths: MailboxPaths): Promise<Lookup> {
    return new Lookup(paths, new Folders(await Maildir.open(paths.maildir)));
  }

  /** The same for whoever makes a change, and so has the journal open in which new names are recorded. */
  beside(changes: Changes): Lookup {
    return new Lookup(this.#paths, this.folders, changes);
  }

  /**
   * The messages within each of these ranges that are here, in the order of their numbers.
   *
   * @throws StoreError `journal-damaged`, or the code of a fault.
   */
  async within(ranges: readonly NumberRange[]): Promise<StoredMessage[][]> {
    const known = await knownWithin(this.#paths, ranges);
    const entries = await this.#entries(known.flat());
    return known.map((items) =>
      items.flatMap((item) => {
        const entry = entries.get(item.base);
        return entry === undefined ? [] : [storedMessage(item, entry)];
      }),
    );
  }

  /**
   * All that are here. What other programs delivered gets its number first, unless another process is at work in the mailbox:
   * who wants all of them shall not miss what nobody has listed yet.
   *
   * @throws as `within`.
   */
  async all(): Promise<StoredMessage[]> {
    const found = (await this.within([ALL])).flat();
    const numbered = new Set(found.map(({ base }) => base));
    const others = await this.folders.locate({ has: (base) => !numbered.has(base) });
    if (others.length === 0 || !(await numberNew(this.#paths, this.#changes))) return found;
    return (await this.within([ALL])).flat();
  }

  /**
   * The same as `within`, where something is missing: what other programs moved under another name is looked for first. A number that
   * nobody had before is meant by nobody, whatever gets it now.
   */
  async withinMoved(ranges: readonly NumberRange[]): Promise<StoredMessage[][]> {
    const numbered = new Set((await knownWithin(this.#paths, ranges)).flat().map(({ number }) => number));
    if (numbered.size === 0 || !(await numberNew(this.#paths, this.#changes))) return ranges.map(() => []);
    return (await this.within(ranges)).map((found) => found.filter(({ number }) => numbered.has(number)));
  }

  /** Finds out which names messages have now that another program moved, where one with such a base name is not here. */
  async follow(bases: ReadonlySet<string>): Promise<void> {
    const here = new Set((await this.folders.locate(bases)).map(({ base }) => base));
    if (here.size < bases.size) await numberNew(this.#paths, this.#changes);
  }

  /** The numbers of the messages that have these base names, or once had them, whether they are here or not. @throws as `within`. */
  numbersOf(bases: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return numbersOf(this.#paths, bases);
  }

  async #entries(known: readonly KnownMessage[]): Promise<ReadonlyMap<string, FolderEntry>> {
    const entries = known.length > MANY ? new Map<string, FolderEntry>() : await this.#seenAgain(known);
    for (let looks = 0; looks < LOOKS; looks++) {
      const elsewhere = new Set(known.map(({ base }) => base).filter((base) => !entries.has(base)));
      if (elsewhere.size === 0) break;
      for (const entry of (await this.folders.list(elsewhere)).entries) entries.set(entry.base, entry);
    }
    return entries;
  }

  /** Those whose files are where they were seen last, under the same name or, having been read meanwhile, as seen. */
  async #seenAgain(known: readonly KnownMessage[]): Promise<Map<string, FolderEntry>> {
    const folders = new Map((await this.folders.all()).map(({ name, maildir }) => [name, maildir]));
    const entries = new Map<string, FolderEntry>();
    for (const { base, seen } of known) {
      const name = parseName(seen?.name ?? '');
      if (seen === undefined || name?.base !== base) continue;
      const folder = folderName(seen.folder);
      const maildir = folders.get(folder);
      const read = formatName({ base, flags: `${name.flags}S` });
      const entry = maildir?.entry(seen.part, seen.name) ?? maildir?.entry('cur', read);
      if (entry !== undefined && entry !== 'ignored') entries.set(base, { ...entry, folder });
    }
    return entries;
  }
}
