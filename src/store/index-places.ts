/** Where messages lie now, as rows of the index: found again by their base name, wherever another program has put them. */
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { NUMBER_OF } from './index-journal.ts';
import { type ChangedPlace, lookAt, type Place, pathOf } from './index-scan.ts';
import { parseName, secondsOf } from './name.ts';

/** The places that were looked at, by their paths. */
export function seenPlaces(database: DatabaseSync): Map<string, Place & { mtime: string; id: number }> {
  const rows = database.prepare('SELECT id, folder, part, mtime FROM places').all();
  return new Map(rows.map((row) => [pathOf(row as never), row as never]));
}

/** Whether a place has other names in it than the index says, or is unknown to it. */
export function differs(database: DatabaseSync, { folder, part, names, gone }: ChangedPlace): boolean {
  const place = database.prepare('SELECT id FROM places WHERE folder = ? AND part = ?').get(folder, part);
  if (place === undefined || gone) return true;
  const rows = tuples<[string]>(
    database,
    'SELECT name FROM messages WHERE place = ?1 UNION ALL SELECT name FROM ignored WHERE place = ?1',
    place['id'] as number,
  );
  if (rows.length !== names.length) return true;
  const known = new Set(rows.map(([name]) => name));
  return names.some((name) => !known.has(name));
}

/** The rows of a place as arrays: objects take twice as long, and there may be hundreds of thousands. */
function tuples<T extends readonly unknown[]>(database: DatabaseSync, sql: string, place: number): T[] {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return statement.all(place) as unknown as T[];
}

/** Notes when the places were looked at, of which nothing else is to be said. */
export function notePlaces(database: DatabaseSync, places: readonly ChangedPlace[]): void {
  const note = database.prepare('UPDATE places SET mtime = ? WHERE folder = ? AND part = ?');
  for (const { mtime, folder, part } of places) note.run(mtime, folder, part);
}

/** What is no message is: a link, a folder, another thing that is no file, or a file whose name is none for a message. */
export type IgnoredKind = 'link' | 'folder' | 'special' | 'name';

/** Something in a folder that is no message, and is never opened. */
export interface Ignored {
  /** In the Maildir. */
  readonly path: string;
  readonly kind: IgnoredKind;
}

/** What is in the places and is no message. */
export function ignoredIn(database: DatabaseSync): Ignored[] {
  const rows = database
    .prepare(
      'SELECT folder, part, name, kind FROM ignored JOIN places ON places.id = place ORDER BY folder, part, name',
    )
    .all() as unknown as (Place & { name: string; kind: IgnoredKind })[];
  return rows.map(({ name, kind, ...place }) => ({ path: join(pathOf(place), name), kind }));
}

/**
 * Takes over what is in the places that have changed.
 *
 * @returns how many messages have no number yet; they are left out, and looked for again.
 */
export function applyPlaces(database: DatabaseSync, maildir: string, changed: readonly ChangedPlace[]): number {
  const update = new PlaceUpdate(database, maildir);
  for (const place of changed) update.take(place);
  update.removeVanished();
  const forget = database.prepare('DELETE FROM places WHERE folder = ? AND part = ?');
  for (const { folder, part, gone } of changed) if (gone) forget.run(folder, part);
  return update.unnumbered;
}

class PlaceUpdate {
  unnumbered = 0;
  readonly #database: DatabaseSync;
  readonly #maildir: string;
  /** Messages whose name is in its place no more. */
  readonly #vanished: { readonly number: number; readonly place: number; readonly name: string }[] = [];
  // Prepared once: they are run for every message.
  readonly #numberOf: StatementSync;
  readonly #moved: StatementSync;
  readonly #arrived: StatementSync;
  readonly #ignored: StatementSync;

  constructor(database: DatabaseSync, maildir: string) {
    this.#database = database;
    this.#maildir = maildir;
    this.#numberOf = database.prepare(NUMBER_OF);
    this.#moved = database.prepare('UPDATE messages SET place = ?, name = ?, flags = ? WHERE number = ?');
    this.#arrived = database.prepare(
      'INSERT INTO messages (number, place, name, flags, size, date) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#ignored = database.prepare('INSERT OR IGNORE INTO ignored (place, name, kind) VALUES (?, ?, ?)');
  }

  take(place: ChangedPlace): void {
    const { folder, part, names } = place;
    this.#database.prepare("INSERT OR IGNORE INTO places (folder, part, mtime) VALUES (?, ?, '')").run(folder, part);
    const { id } = this.#database.prepare('SELECT id FROM places WHERE folder = ? AND part = ?').get(folder, part) as {
      id: number;
    };
    const before = new Map(
      tuples<[string, number]>(this.#database, 'SELECT name, number FROM messages WHERE place = ?', id),
    );
    const unnumbered = this.unnumbered;
    this.#database.prepare('DELETE FROM ignored WHERE place = ?').run(id);
    for (const name of names) {
      if (!before.delete(name)) this.#arrive(place, id, name);
    }
    for (const [name, number] of before) this.#vanished.push({ number, place: id, name });
    // Those without a number are to be looked for again.
    const mtime = this.unnumbered > unnumbered ? '' : place.mtime;
    this.#database.prepare('UPDATE places SET mtime = ? WHERE id = ?').run(mtime, id);
  }

  /** To be done at the end: what was found again, under another name or in another place, stays. */
  removeVanished(): void {
    const lost = this.#database.prepare('DELETE FROM messages WHERE number = ? AND place = ? AND name = ?');
    const rest = [
      this.#database.prepare('DELETE FROM headers WHERE number = ?'),
      this.#database.prepare('DELETE FROM content WHERE rowid = ?'),
    ];
    for (const { number, place, name } of this.#vanished) {
      if (lost.run(number, place, name).changes > 0) for (const statement of rest) statement.run(number);
    }
  }

  #arrive(place: Place, id: number, fileName: string): void {
    const name = parseName(fileName);
    if (name === undefined) return this.#ignore(id, fileName, 'name');
    const number = (this.#numberOf.get(name.base) as { number: number } | undefined)?.number;
    if (number !== undefined && this.#move(number, id, fileName, name.flags)) return;
    const found = lookAt(join(this.#maildir, pathOf(place), fileName));
    // Octets that are no UTF-8 came as U+FFFD, and a file of that name is not there.
    if (found === undefined) return fileName.includes('\ufffd') ? this.#ignore(id, fileName, 'name') : undefined;
    if (!found.isFile()) return this.#ignore(id, fileName, kindOf(found));
    if (number === undefined) {
      this.unnumbered++;
      return;
    }
    this.#arrived.run(number, id, fileName, name.flags, found.size, secondsOf(name.base) * 1000);
  }

  /** Hidden files are other programs' own. */
  #ignore(place: number, name: string, kind: IgnoredKind): void {
    if (!name.startsWith('.')) this.#ignored.run(place, name, kind);
  }

  /** False where the message is not in the index yet. */
  #move(number: number, place: number, name: string, flags: string): boolean {
    return this.#moved.run(place, name, flags, number).changes > 0;
  }
}

function kindOf(found: Stats): IgnoredKind {
  return found.isSymbolicLink() ? 'link' : found.isDirectory() ? 'folder' : 'special';
}
