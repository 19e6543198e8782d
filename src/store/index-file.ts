/**
 * The file of the index: opened, checked, thrown away.
 *
 * Why a seal: SQLite notices a page that makes no sense, but not a letter that was changed in one. What the file was like when
 * we closed it is written beside it; if it is like that no more, somebody else has written to it, and it is not believed. Beside a
 * write-ahead log, another process is at work, or was killed: then the log tells what is right. SQLite is loaded here, when it
 * is needed.
 */
import { constants, closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { checkFolder, makeFolder } from './folder.ts';
import { StaleIndex } from './index-fault.ts';
import { APPLICATION, SCHEMA, VERSION } from './index-schema.ts';

const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
/** Pages of memory that a connection may use, in KiB. */
const CACHE = 32 * 1024;

export interface IndexFile {
  readonly database: DatabaseSync;
  /** Closes it. Never throws. */
  close(): void;
}

/** Where the index is, in its folder. */
export function indexIn(folder: string): string {
  return join(folder, 'index.sqlite');
}

/**
 * Opens the index, making it (0600, in a folder of 0700) where there is none.
 *
 * @param wait how long to wait for another process that writes, in milliseconds.
 * @throws StaleIndex for one that is not to be believed, errors of SQLite, and StoreError for its folder.
 */
export async function openIndexFile(path: string, wait: number): Promise<IndexFile> {
  await makeFolder(dirname(path));
  await checkFolder(dirname(path));
  if (!isSealed(path)) throw new StaleIndex('It was changed by another program.');
  closeSync(openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600));
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
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    prepare(database);
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

/** Removes an index and what belongs to it. Another process that has it open goes on with what it has. */
export function removeIndex(path: string): void {
  for (const end of ['', '-wal', '-shm', '.seal']) rmSync(path + end, { force: true });
}

async function connect(path: string, wait: number): Promise<DatabaseSync> {
  const sqlite = await import('node:sqlite');
  const database = new sqlite.DatabaseSync(path, { timeout: wait });
  database.exec(`PRAGMA cache_size = -${CACHE}; PRAGMA temp_store = MEMORY`);
  return database;
}

/** Makes the tables in a file that is empty. */
function prepare(database: DatabaseSync): void {
  if (isCurrent(database)) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been faster.
    if (!isCurrent(database)) {
      const { count } = database.prepare('SELECT count(*) AS count FROM sqlite_schema').get() as { count: number };
      if (count > 0) throw new StaleIndex('It is of another version.');
      database.exec(SCHEMA);
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function isCurrent(database: DatabaseSync): boolean {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  const { application_id: kind } = database.prepare('PRAGMA application_id').get() as { application_id: number };
  return version === VERSION && kind === APPLICATION;
}

function isSealed(path: string): boolean {
  const now = describe(path);
  if (now === undefined || statSync(`${path}-wal`, { throwIfNoEntry: false }) !== undefined) return true;
  try {
    return readFileSync(`${path}.seal`, 'utf8') === now;
  } catch {
    return false;
  }
}

/** Says what the file is like now, unless another process has replaced it. */
function seal(path: string, inode: number): void {
  if (isSealed(path) || statSync(path).ino !== inode) return;
  writeFileSync(`${path}.seal`, describe(path) ?? '', { mode: 0o600 });
}

/** What changes with everything that is written to a file; undefined where there is none, or nothing in it. */
function describe(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined || found.size === 0n) return undefined;
  return `${VERSION} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
}
