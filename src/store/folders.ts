/**
 * The folders of a mailbox: the inbox, and each Maildir beside its `cur` whose name begins with a dot (Maildir++).
 *
 * Other programs make, rename and remove folders and move messages between them while we look, so nothing is kept from
 * one look to the next, and a message is always found by its base name. What this file must never know: numbers, journals.
 */
import { type Dirent, readdirSync } from 'node:fs';
import { lstat, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StoreError } from '../errors.ts';
import { errnoOf, guarded } from './fault.ts';
import { syncFolder } from './folder.ts';
import { folderName, folderPart, INBOX } from './folder-name.ts';
import { type FlagChange, type KnownSize, Maildir, type MaildirEntry, type MaildirPlace } from './maildir.ts';
import { inParallel } from './parallel.ts';
import { openContent, type StoredContent } from './reader.ts';

/** How often a message is opened that another program goes on moving. */
const TRIES = 5;

/** A message, and the name of the folder it is in. */
export interface FolderPlace extends MaildirPlace {
  readonly folder: string;
}

export interface FolderEntry extends MaildirEntry {
  readonly folder: string;
}

/** A folder of the mailbox. */
export interface Folder {
  /** As a person writes it; see `readFolderName`. */
  readonly name: string;
  readonly maildir: Maildir;
}

export class Folders {
  readonly #inbox: Maildir;

  constructor(inbox: Maildir) {
    this.#inbox = inbox;
  }

  /** All there are now: the inbox first, then by name. */
  async all(): Promise<Folder[]> {
    const { path } = this.#inbox;
    const folders = (await foldersIn(path)).map((part) => ({
      name: folderName(part),
      maildir: Maildir.at(join(path, part)),
    }));
    return [{ name: INBOX, maildir: this.#inbox }, ...folders];
  }

  /**
   * What in the folder of the mailbox is none of its folders and may hold mail all the same: a Maildir without a dot, a link, and
   * an empty folder, on which a disk may not be mounted.
   */
  async overlooked(): Promise<string[]> {
    const { path } = this.#inbox;
    const ours = new Set(await foldersIn(path));
    return guarded(`read the folder ${path}`, async () => {
      const others = (await readdir(path, { withFileTypes: true })).filter(({ name }) => !ours.has(name));
      const holding = others.filter((entry) => mayHold(join(path, entry.name), entry));
      return holding.map(({ name }) => name).sort();
    });
  }

  /** The name of the folder that is meant: one that is written otherwise only in its capitals is that one. */
  async named(name: string): Promise<string> {
    const names = (await this.all()).map((folder) => folder.name);
    if (names.includes(name)) return name;
    const alike = names.filter((each) => each.toLowerCase() === name.toLowerCase());
    return alike.length === 1 && alike[0] !== undefined ? alike[0] : name;
  }

  /** The Maildir of a folder; made (0700) where it is missing. @throws StoreError as `Maildir.open`. */
  async open(name: string): Promise<Maildir> {
    const found = (await this.all()).find((folder) => folder.name === name);
    if (found !== undefined) return Maildir.open(found.maildir.path, { create: true });
    const maildir = await Maildir.open(join(this.#inbox.path, folderPart(name)), { create: true });
    await markFolder(maildir.path);
    return maildir;
  }

  /**
   * All messages, or those with these base names; one that has a place in two folders, as a move that was interrupted leaves
   * it, is told of once.
   *
   * @param sizeOf as for `Maildir.list`.
   */
  async list(only?: ReadonlySet<string>, sizeOf?: KnownSize): Promise<{ entries: FolderEntry[]; ignored: string[] }> {
    const entries = new Map<string, FolderEntry>();
    const ignored: string[] = [];
    for (const { name, maildir } of await this.all()) {
      const listing = await unlessGone(name, () => maildir.list(only, sizeOf));
      for (const entry of listing?.entries ?? []) entries.set(entry.base, { ...entry, folder: name });
      ignored.push(...(listing?.ignored ?? []));
    }
    return { entries: [...entries.values()], ignored };
  }

  /** Where each of these messages is, by the names of the files alone; one may be in several folders. */
  async locate(bases: { has(base: string): boolean }): Promise<FolderPlace[]> {
    const found: FolderPlace[] = [];
    for (const { name, maildir } of await this.all()) {
      const places = await unlessGone(name, () => maildir.locate(bases));
      for (const place of places?.values() ?? []) found.push({ ...place, folder: name });
    }
    return found;
  }

  /** The message with this base name, wherever it is now. */
  async find(base: string): Promise<FolderEntry | undefined> {
    for (const { name, maildir } of await this.all()) {
      const entry = await unlessGone(name, () => maildir.find(base));
      if (entry !== undefined) return { ...entry, folder: name };
    }
    return undefined;
  }

  /** Opens a message, wherever another program is moving it; undefined when it is gone. @throws StoreError. */
  async content({ base, path }: MaildirPlace): Promise<StoredContent | undefined> {
    let place: Pick<MaildirPlace, 'path'> | undefined = { path };
    for (let tries = 0; place !== undefined && tries < TRIES; tries += 1) {
      try {
        return await openContent(place.path);
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'mailbox-missing') throw error;
      }
      place = await this.find(base);
    }
    return undefined;
  }

  /** When each of these got its place or its flags, in milliseconds since 1970; undefined for one that is gone. */
  changedAt(places: readonly FolderPlace[]): Promise<(number | undefined)[]> {
    return inParallel(places, ({ path }) =>
      lstat(path).then(
        ({ ctimeMs }) => ctimeMs,
        () => undefined,
      ),
    );
  }

  /**
   * Sets and clears flags of a message, wherever it is by now.
   *
   * @returns the message as it is then; `undefined` when it is gone.
   */
  async flag<P extends FolderPlace>(place: P, change: FlagChange): Promise<P | undefined> {
    const flagged = await maildirOf(place).flag(place, change);
    if (flagged !== undefined) return flagged;
    const moved = await this.find(place.base);
    return moved === undefined ? undefined : maildirOf(moved).flag({ ...place, ...moved }, change);
  }
}

/** The folders of Maildir++ in a Maildir: hidden ones with a `cur` and a `new` in them. Links are not followed. */
export async function foldersIn(maildir: string): Promise<string[]> {
  return guarded(`read the folder ${maildir}`, async () => {
    const entries = await readdir(maildir, { withFileTypes: true });
    const hidden = entries.filter((entry) => entry.name.startsWith('.') && entry.isDirectory());
    return hidden
      .map(({ name }) => name)
      .filter((name) => Maildir.isAt(join(maildir, name)))
      .sort();
  });
}

function mayHold(path: string, entry: Dirent): boolean {
  if (!entry.name.startsWith('.')) return Maildir.isAt(path);
  return entry.isSymbolicLink() || (entry.isDirectory() && readdirSync(path).length === 0);
}

/** The Maildir that a message lies in. */
export function maildirOf({ path }: Pick<MaildirPlace, 'path'>): Maildir {
  return Maildir.at(dirname(dirname(path)));
}

/** Maildir++ marks a folder within a mailbox with an empty file, so that nobody takes it for a mailbox of its own. */
async function markFolder(path: string): Promise<void> {
  await guarded(`create the folder ${path}`, async () => {
    await writeFile(join(path, 'maildirfolder'), '', { mode: 0o600, flag: 'wx' }).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error;
    });
    await syncFolder(path);
  });
}

/** A folder that another program removes while we look has no messages; the mailbox itself must be there. */
async function unlessGone<T>(name: string, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (name !== INBOX && error instanceof StoreError && error.code === 'mailbox-missing') return undefined;
    throw error;
  }
}
