/**
 * The file of the index: made, opened, checked, thrown away.
 *
 * Why a seal: SQLite notices a page that makes no sense, but not a letter that was changed in one. What the file was like when
 * we closed it is written beside it; if it is like that no more, somebody else has written to it, and it is not believed. Beside
 * a write-ahead log, another process is at work, or was killed: then the log tells what is right, and nothing is removed. A new
 * file gets its name when it is complete, so that two processes cannot disagree on one that is half made. SQLite is loaded
 * here, when it is needed.
 */
import { randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { checkFolder, makeFolder, place } from './folder.ts';
import { StaleIndex, UnsealedIndex } from './index-fault.ts';
import { APPLICATION, SCHEMA, VERSION } from './index-schema.ts';
import { inTransaction } from './index-transaction.ts';

/** Memory that a connection may use for pages, in KiB; more makes nothing faster, since the system keeps them too. */
const CACHE = 4 * 1024;
/** Between the end of the log and the seal there is a moment; so often it is looked again, so many milliseconds apart. */
const LOOKS = 10;
/** The same where there is another way to the answer. */
const FEW_LOOKS = 2;
const PAUSE = 20;

export interface IndexFile {
  readonly database: DatabaseSync;
  /** Closes it. Never throws. */
  close(): void;
}

export interface OpenOptions {
  /** How long to wait for another process that writes, in milliseconds. */
  readonly wait: number;
  /** Whether everything in it is to be forgotten. */
  readonly afresh?: boolean;
  /** False where it is only wanted if it is there, and of this version. */
  readonly make?: boolean;
}

/** Where the index is, in its folder. */
export function indexIn(folder: string): string {
  return join(folder, 'index.sqlite');
}

/**
 * Opens the index, making it (0600, in a folder of 0700) where there is none.
 *
 * @throws UnsealedIndex for one that is not to be believed, StaleIndex for one that would have to be made and must not, errors
 *   of SQLite and of the system, StoreError for its folder.
 */
export async function openIndexFile(path: string, options: OpenOptions): Promise<IndexFile> {
  const { wait, afresh = false, make = true } = options;
  if (make) await makeFolder(dirname(path));
  await checkFolder(dirname(path));
  if (isMissing(path)) {
    if (!make) throw new StaleIndex('There is none.');
    await makeFile(path);
  }
  for (let looks = 1; !isSealed(path); looks++) {
    if (looks === (make ? LOOKS : FEW_LOOKS)) throw new UnsealedIndex('It was changed by another program.');
    await setTimeout(PAUSE);
  }
  const database = await connect(path, wait);
  const inode = statSync(path).ino;
  const close = (): void => {
    try {
      database.close();
      seal(path, inode);
    } catch {
      // What is not sealed is made again.
    }
  };
  try {
    if (!make && !isCurrent(database)) throw new StaleIndex('It is of another version.');
    if (afresh || !isCurrent(database)) remake(database, afresh);
    return { database, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** An index in memory, for a run that cannot have the one on the disk. */
export async function openMemoryIndex(): Promise<IndexFile> {
  const database = await connect(':memory:', 0);
  database.exec(SCHEMA);
  return { database, close: () => database.close() };
}

/** Removes an index that is spoilt, and what belongs to it. */
export function removeIndex(path: string): void {
  const [folder, name] = [dirname(path), basename(path)];
  for (const file of readdirSync(folder)) if (file.startsWith(name)) rmSync(join(folder, file), { force: true });
}

/** Nothing has the name, or a file without a byte in it: that is what is left of a file that was cut. */
function isMissing(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.size === 0 && found.isFile() && !isBeingWritten(path)) removeIndex(path);
  return found === undefined || found.size === 0;
}

async function makeFile(path: string): Promise<void> {
  const fresh = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    writeFileSync(fresh, '', { mode: 0o600, flag: 'wx' });
    const database = await connect(fresh, 0);
    try {
      database.exec(SCHEMA);
    } finally {
      database.close();
    }
    seal(fresh, statSync(fresh).ino, path);
    // Another process may have been faster; then its index is as good.
    await place(fresh, path);
  } finally {
    for (const end of ['', '-wal', '-shm', '-journal']) rmSync(fresh + end, { force: true });
  }
}

async function connect(path: string, wait: number): Promise<DatabaseSync> {
  const sqlite = await import('node:sqlite');
  const database = new sqlite.DatabaseSync(path, { timeout: wait });
  try {
    database.exec(`PRAGMA cache_size = -${CACHE}; PRAGMA temp_store = MEMORY`);
    // Of a power cut the log keeps the file whole; that the last of it may be missing does not matter here.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Throws away what is in the tables, whatever they are, and makes ours. */
function remake(database: DatabaseSync, afresh: boolean): void {
  inTransaction(database, () => {
    // Another process may have been faster.
    if (!afresh && isCurrent(database)) return;
    // The virtual ones first: others belong to them, and go with them.
    const tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC";
    for (const { name } of database.prepare(tables).all() as { name: string }[])
      database.exec(`DROP TABLE IF EXISTS "${name.replaceAll('"', '""')}"`);
    database.exec(SCHEMA);
  });
}

function isCurrent(database: DatabaseSync): boolean {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  const { application_id: kind } = database.prepare('PRAGMA application_id').get() as { application_id: number };
  return version === VERSION && kind === APPLICATION;
}

function isBeingWritten(path: string): boolean {
  return statSync(`${path}-wal`, { throwIfNoEntry: false }) !== undefined;
}

function isSealed(path: string): boolean {
  if (isBeingWritten(path)) return true;
  try {
    const { ino } = statSync(path);
    return readFileSync(sealOf(path, ino), 'utf8') === describe(path);
  } catch {
    return false;
  }
}

/** Says what the file is like now, unless another process has replaced it. `name` is the one that it will have. */
function seal(path: string, inode: number, name = path): void {
  if (isBeingWritten(path) || statSync(path).ino !== inode || isSealed(path)) return;
  writeFileSync(sealOf(name, inode), describe(path), { mode: 0o600 });
}

function sealOf(path: string, inode: number): string {
  return `${path}.${inode}.seal`;
}

/** What changes with everything that is written to a file. */
function describe(path: string): string {
  const { size, mtimeNs } = statSync(path, { bigint: true });
  return `${size} ${mtimeNs}`;
}
