/**
 * A durable, append-only journal: what was appended is on the disk when `append` returns.
 *
 * A line holds what one append wrote (journal-line.ts). A power cut can only spoil the last line, because each one is synced
 * before the next is written; a spoilt last line is cut off. Damage anywhere else cannot come from a crash and stops us
 * loudly. What this file must never know: what the records mean.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StoreError } from '../errors.ts';
import { errnoOf, guarded } from './fault.ts';
import { syncFolder } from './folder.ts';
import { decode, encode, HEADER, isHeader, LINE_LIMIT, lines, PREFIX, swallowed } from './journal-line.ts';
import { writeAll } from './writer.ts';

const { O_RDWR, O_RDONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
/** Records in one line; keeps a line far below `LINE_LIMIT`. */
const BATCH = 4096;

/** Turns a parsed JSON value into a record; `undefined` when it is none, which counts as damage. */
export type RecordReader<T> = (value: unknown) => T | undefined;

/**
 * How far a journal was read: up to `end`, in bytes; the last line before it begins at `line`, with `prefix`. The first line
 * behind that of the format begins with `first`: two journals may end alike, but no two begin with the same names.
 */
export interface JournalMark {
  readonly end: number;
  readonly line: number;
  readonly prefix: string;
  readonly first: string;
}

/** What a journal has behind a mark, and the next mark. */
export interface JournalTail<T> {
  readonly records: readonly T[];
  readonly mark: JournalMark;
}

const START: JournalMark = { end: 0, line: 0, prefix: '', first: '' };

export class Journal<T> {
  /** What was in the journal when it was opened, in order. */
  readonly records: readonly T[];
  /** How many bytes of an unfinished last line were cut off. */
  readonly repaired: number;
  readonly #path: string;
  readonly #file: FileHandle;
  #end: number;
  /** The appends under way, in order. A failure stays in it: after a failed sync nothing more is trusted. */
  #queue: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle, { records, end, torn }: Replay<T>) {
    this.#path = path;
    this.#file = file;
    this.records = records;
    this.#end = end;
    this.repaired = torn;
  }

  /**
   * Opens or creates the journal (0600), repairs its tail, and makes sure that all of `records` is durable.
   *
   * @throws StoreError `journal-damaged`, or the code of the fault.
   */
  static async open<T>(path: string, read: RecordReader<T>): Promise<Journal<T>> {
    return guarded(`open the journal ${path}`, async () => {
      const file = await open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
      try {
        const replay = await replayFile(file, path, read);
        if (replay.torn > 0) await file.truncate(replay.end);
        if (replay.end === 0) {
          await writeAll(file, HEADER, 0);
          replay.end = HEADER.length;
        }
        // A process killed between write and sync leaves lines that only the kernel knows.
        await file.sync();
        await syncFolder(dirname(path));
        return new Journal(path, file, replay);
      } catch (error) {
        await file.close();
        throw error;
      }
    });
  }

  /** The records alone, changing nothing; none when there is no journal. Works while another process appends. */
  static async read<T>(path: string, read: RecordReader<T>): Promise<readonly T[]> {
    return (await Journal.readSince(path, read))?.records ?? [];
  }

  /**
   * What was appended behind a mark, changing nothing; without a mark, everything. Works while another process appends.
   *
   * @param most records, as far as whole lines go: the next mark is where to go on. None means that there are no more.
   * @returns undefined where this is not the journal that the mark was made of: another stands in its place, or is cut.
   */
  static async readSince<T>(
    path: string,
    read: RecordReader<T>,
    mark: JournalMark = START,
    most = Number.POSITIVE_INFINITY,
  ): Promise<JournalTail<T> | undefined> {
    return guarded(`read the journal ${path}`, async () => {
      const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
        if (errnoOf(error) === 'ENOENT') return undefined;
        throw error;
      });
      if (file === undefined) return mark.end === 0 ? { records: [], mark: START } : undefined;
      try {
        if ((await file.stat()).size < mark.end || !(await isAt(file, mark))) return undefined;
        const { records, end, last } = await replayFile(file, path, read, mark, most);
        return { records, mark: await markAt(file, { line: last, end }) };
      } finally {
        await file.close();
      }
    });
  }

  /** In bytes. */
  get size(): number {
    return this.#end;
  }

  /** Appends records, in order, with one sync for up to some thousands. After a failure every later append fails too. */
  append(records: readonly T[]): Promise<void> {
    this.#queue = this.#queue.then(() => guarded(`write the journal ${this.#path}`, () => this.#write(records)));
    this.#queue.catch(() => undefined);
    return this.#queue;
  }

  /** Waits for the appends under way and closes the file. */
  async close(): Promise<void> {
    await this.#queue.catch(() => undefined);
    await this.#file.close();
  }

  /** For `await using`: as `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #write(records: readonly T[]): Promise<void> {
    for (let start = 0; start < records.length; start += BATCH) {
      const line = encode(records.slice(start, start + BATCH));
      await writeAll(this.#file, line, this.#end);
      await this.#file.datasync();
      this.#end += line.length;
    }
  }
}

/**
 * Builds up what the records of a journal come to.
 *
 * @param hint what to do about one that contradicts itself.
 * @throws StoreError `journal-damaged` where it does.
 */
export function applyAll<T, S extends { apply(record: T): boolean }>(
  state: S,
  records: readonly T[],
  path: string,
  hint: string,
): S {
  for (const record of records) {
    if (!state.apply(record))
      throw new StoreError('journal-damaged', `The journal ${path} contradicts itself.`, { hint });
  }
  return state;
}

interface Replay<T> {
  readonly records: T[];
  /** Where the next line goes: behind the last good one. */
  end: number;
  /** Where that one begins. */
  readonly last: number;
  /** Bytes behind `end`. */
  readonly torn: number;
}

async function replayFile<T>(
  file: FileHandle,
  path: string,
  read: RecordReader<T>,
  from: JournalMark = START,
  most = Number.POSITIVE_INFINITY,
): Promise<Replay<T>> {
  const records: T[] = [];
  let { end, line: last } = from;
  let torn = 0;
  for await (const line of lines(file, end)) {
    // Something follows a bad line, so the line was not the last one.
    if (torn > 0 || line.length > LINE_LIMIT) throw damaged(path, end);
    const batch = decode(line);
    if (end === 0 && !isHeader(line, batch)) throw unknownFormat(path);
    if (batch === undefined) {
      if (swallowed(line)) throw damaged(path, end);
      torn = line.length;
      continue;
    }
    for (const value of end === 0 ? [] : batch) {
      const record = read(value);
      if (record === undefined) throw damaged(path, end);
      records.push(record);
    }
    last = end;
    end += line.length;
    if (records.length >= most) break;
  }
  return { records, end, last, torn };
}

async function isAt(file: FileHandle, mark: JournalMark): Promise<boolean> {
  const { prefix, first } = await markAt(file, mark);
  return prefix === mark.prefix && first === mark.first;
}

async function markAt(file: FileHandle, { line, end }: Pick<JournalMark, 'line' | 'end'>): Promise<JournalMark> {
  const first = end > HEADER.length ? await prefixAt(file, { line: HEADER.length, end }) : '';
  return { end, line, prefix: await prefixAt(file, { line, end }), first };
}

/** What the line before a mark begins with: checksum and length tell it from any other. */
async function prefixAt(file: FileHandle, { line, end }: Pick<JournalMark, 'line' | 'end'>): Promise<string> {
  if (end === 0) return '';
  const { buffer, bytesRead } = await file.read(Buffer.alloc(PREFIX), 0, PREFIX, line);
  return buffer.toString('latin1', 0, bytesRead);
}

function damaged(path: string, offset: number): StoreError {
  return new StoreError('journal-damaged', `The journal ${path} is damaged at byte ${offset}.`, {
    hint: 'The mail itself is not affected. Restore the file from a backup, or move it away: messages are then numbered anew, and those still on the server are fetched again.',
  });
}

function unknownFormat(path: string): StoreError {
  return new StoreError('journal-unknown', `The journal ${path} is in a format that this version does not know.`, {
    hint: 'It was probably written by a newer version; use that one.',
  });
}
