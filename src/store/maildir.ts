/**
 * A Maildir: a folder of messages, one file each, that mutt, notmuch and Dovecot can use at the same time.
 *
 * Why: a message is complete from the moment it has a name in `new/`, no lock is needed to read, and wire bytes are
 * kept exactly, CRLF included. Other programs move, flag and remove messages while we look, so a message is always
 * found by its base name. What this file must never know: servers, numbers and journals.
 */
import { randomBytes } from 'node:crypto';
import { type Dirent, lstatSync } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError, UsageError } from '../errors.ts';
import { type Delivered, Delivery } from './delivery.ts';
import { guarded, ifThere } from './fault.ts';
import { checkFolder, exists, makeFolder, removeLeftover, syncFolder } from './folder.ts';
import {
  baseOf,
  formatName,
  isBase,
  isUnique,
  parseName,
  RANDOM_BYTES,
  secondsOf,
  sortFlags,
  uniqueBase,
} from './name.ts';

/** 36 hours, in milliseconds. */
const ABANDONED = 36 * 3_600_000;

/** Where a message is, as its name said when we looked. */
export interface MaildirPlace {
  readonly base: string;
  readonly path: string;
  /** Sorted letters; `S` is seen. */
  readonly flags: string;
}

/** Where messages are: those that nobody has looked at yet, and all others. */
export const PARTS = ['new', 'cur'] as const;
export type MaildirPart = (typeof PARTS)[number];

/** How often what vanished is looked for again. */
const LOOKS = 3;

/** A message in the folder as it was when we looked. */
export interface MaildirEntry extends MaildirPlace {
  /** In bytes. */
  readonly size: number;
}

/** The size of the message with this base name, in bytes, where it need not be asked for. */
export type KnownSize = (base: string) => number | undefined;

export interface MaildirListing {
  /** In order of delivery time, then base name; each base name once. */
  readonly entries: readonly MaildirEntry[];
  /** Paths that are no messages: folders, links, FIFOs, devices. They are never opened. */
  readonly ignored: readonly string[];
}

export class Maildir {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens the Maildir at `path`; with `create`, missing folders are made (0700).
   *
   * @throws StoreError `mailbox-missing`, `not-a-folder` (also for a link in place of `new`), `unsafe-folder`.
   */
  static async open(path: string, { create = false }: { create?: boolean } = {}): Promise<Maildir> {
    for (const folder of [path, join(path, 'tmp'), join(path, 'new'), join(path, 'cur')]) {
      if (create) await makeFolder(folder);
      await checkFolder(folder);
    }
    return new Maildir(path);
  }

  /** The Maildir that is known to be at `path`. */
  static at(path: string): Maildir {
    return new Maildir(path);
  }

  /** Whether the folder at `path` is a Maildir, whoever made it. */
  static isAt(path: string): boolean {
    return ['cur', 'new'].every((part) => lstatSync(join(path, part), { throwIfNoEntry: false })?.isDirectory());
  }

  /** A base name that nothing else has. */
  static newBase(): string {
    return uniqueBase(Date.now() / 1000, randomBytes(RANDOM_BYTES));
  }

  /**
   * Starts a message. Its file is created with the first bytes that leave the buffer.
   *
   * @param base the name it will have; from `newBase` unless it was fixed before.
   * @param replaces as in `Delivery`.
   */
  deliver(base: string = Maildir.newBase(), replaces?: () => Promise<string | undefined>): Delivery {
    if (!isBase(base)) throw new UsageError('bad-maildir-name', 'This is not a base name for a Maildir.');
    return new Delivery(this.path, base, replaces);
  }

  /** Commits many messages with shared waits, all or none. See `Delivery.commitAll`. */
  commitAll(deliveries: readonly Delivery[]): Promise<Delivered[]> {
    return Delivery.commitAll(deliveries);
  }

  /** All messages in `new/` and `cur/`, or those with these base names. A file whose size is known is not looked at. */
  async list(only?: ReadonlySet<string>, sizeOf?: KnownSize): Promise<MaildirListing> {
    const entries = new Map<string, MaildirEntry>();
    const ignored: string[] = [];
    let vanished = await this.#look(entries, ignored, only, sizeOf);
    // A name that is gone when it is looked at was mostly changed by another program: the message has another one.
    for (let again = 0; again < LOOKS && vanished.size > 0; again += 1)
      vanished = await this.#look(entries, [], vanished);
    const sorted = [...entries.values()].sort(byDelivery);
    return { entries: sorted, ignored };
  }

  /** Gathers what is there, or only what has these base names; returns those whose names were gone meanwhile. */
  async #look(
    entries: Map<string, MaildirEntry>,
    ignored: string[],
    only?: ReadonlySet<string>,
    sizeOf?: KnownSize,
  ): Promise<Set<string>> {
    const vanished = new Set<string>();
    for (const folder of PARTS) {
      for (const file of await this.#files(folder)) {
        const { name: fileName } = file;
        const base = baseOf(fileName);
        if (only?.has(base) === false || !isBase(base)) continue;
        const entry = this.entry(folder, fileName, file.isFile() ? sizeOf?.(base) : undefined);
        if (entry === 'ignored') ignored.push(join(this.path, folder, fileName));
        else if (entry === undefined) vanished.add(base);
        else entries.set(base, entry);
      }
    }
    for (const base of entries.keys()) vanished.delete(base);
    return vanished;
  }

  /** Where each message of these base names is, by its name alone: nothing else is looked at. */
  async locate(bases: { has(base: string): boolean }): Promise<Map<string, MaildirPlace>> {
    const places = new Map<string, MaildirPlace>();
    for (const folder of PARTS) {
      for (const fileName of await this.#names(folder)) {
        // All others are passed over without being taken apart.
        const name = bases.has(baseOf(fileName)) ? parseName(fileName) : undefined;
        if (name !== undefined) places.set(name.base, { ...name, path: join(this.path, folder, fileName) });
      }
    }
    return places;
  }

  /** The message with this base name, wherever it is now and whatever its flags. */
  async find(base: string): Promise<MaildirEntry | undefined> {
    for (const folder of [...PARTS, ...PARTS]) {
      for (const fileName of await this.#names(folder)) {
        if (baseOf(fileName) !== base) continue;
        const entry = this.entry(folder, fileName);
        if (entry !== undefined && entry !== 'ignored') return entry;
      }
    }
    return undefined;
  }

  /**
   * Sets and clears flags, which moves the message to `cur/`. If another program has moved it, it is looked for.
   *
   * @returns the message as it is now; `undefined` when it is gone.
   */
  async flag<P extends MaildirPlace>(entry: P, change: FlagChange): Promise<P | undefined> {
    return guarded(`change the flags of ${entry.path}`, async () => {
      let there: MaildirPlace | undefined = entry;
      for (; there !== undefined; there = await this.find(entry.base)) {
        const flags = changedFlags(there.flags, change);
        const path = join(this.path, 'cur', formatName({ base: there.base, flags }));
        if (path === there.path) {
          if (await exists(path)) return { ...entry, ...there };
          continue;
        }
        // A target beside a source that is gone is the message itself, moved by somebody who was faster.
        if ((await exists(path)) && (await exists(there.path)))
          throw new StoreError('name-taken', `${path} already exists.`);
        if (await ifThere(rename(there.path, path))) return { ...entry, path, flags };
      }
      return undefined;
    });
  }

  /** Marks a message as seen. */
  markSeen(entry: MaildirEntry): Promise<MaildirEntry | undefined> {
    return this.flag(entry, { add: 'S' });
  }

  /** Makes what is in `new/` and `cur/` durable, whoever put it there. What left `new/` is in `cur/` before that. */
  async sync(): Promise<void> {
    await syncFolder(join(this.path, 'cur'));
    await syncFolder(join(this.path, 'new'));
  }

  /** Removes the unfinished files that bear one of these base names, and those of ours that nobody finishes any more. */
  async removeUnfinished(bases: { has(base: string): boolean }): Promise<void> {
    // Other programs make folders without one.
    if (!(await exists(join(this.path, 'tmp')))) return;
    for (const fileName of await this.#names('tmp')) {
      const path = join(this.path, 'tmp', fileName);
      if (bases.has(fileName) || (isUnique(fileName) && isAbandoned(path))) await removeLeftover(path);
    }
  }

  #names(folder: MaildirPart | 'tmp'): Promise<string[]> {
    return guarded(`read the folder ${join(this.path, folder)}`, () => readdir(join(this.path, folder)));
  }

  #files(folder: MaildirPart): Promise<Dirent[]> {
    const path = join(this.path, folder);
    return guarded(`read the folder ${path}`, () => readdir(path, { withFileTypes: true }));
  }

  /**
   * The message with this file name; `undefined` when it vanished or is hidden. The synchronous call costs a fifth of the other
   * one here.
   *
   * @param size where it is known that this is a file, and of which size: then it is not looked at.
   */
  entry(folder: MaildirPart, fileName: string, size?: number): MaildirEntry | 'ignored' | undefined {
    const name = parseName(fileName);
    if (name === undefined) return undefined;
    const path = join(this.path, folder, fileName);
    if (size !== undefined) return { base: name.base, path, size, flags: name.flags };
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (!found.isFile()) return 'ignored';
    return { base: name.base, path, size: found.size, flags: name.flags };
  }
}

/** Whether a file was last written so long ago that, as Maildirs have it, whoever did is not coming back. */
function isAbandoned(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.mtimeMs < Date.now() - ABANDONED;
}

/** Letters to set and to clear. */
export interface FlagChange {
  readonly add?: string;
  readonly remove?: string;
}

function changedFlags(flags: string, { add = '', remove = '' }: FlagChange): string {
  const kept = [...flags].filter((letter) => !remove.includes(letter)).join('');
  return sortFlags(kept + add);
}

function byDelivery(one: MaildirEntry, other: MaildirEntry): number {
  const difference = secondsOf(one.base) - secondsOf(other.base);
  if (difference !== 0) return difference;
  return one.base < other.base ? -1 : 1;
}
