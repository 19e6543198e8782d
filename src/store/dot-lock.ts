/**
 * The lock of a mailbox file that other programs use as well: a file beside it, `NAME.lock`.
 *
 * Why not `Lock`: others know nothing of what is in the file, only that it is there and how old it is. Ours says whose it is,
 * so that the lock of a run that was killed is replaced at once and what it noted is handed on, and that of one that was only
 * stopped, however long, is not; that of any other program, machine or container is left until it is old. A lock is never
 * seen half written.
 */
import { randomBytes } from 'node:crypto';
import { lstatSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { geteuid, pid } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import { errnoOf, storeFault } from './fault.ts';
import { isAlive, type Life, Lock, linked, ownLife, removeTickets } from './lock.ts';

/** How old the lock of a program that is gone must be, and how often it is looked for. Milliseconds. */
const ABANDONED = 300_000;
const STEP = 100;

export class DotLock {
  /** What a dead holder had noted, whose lock this was. */
  readonly left: string;
  readonly #path: string;

  private constructor(path: string, left: string) {
    this.#path = path;
    this.left = left;
  }

  /**
   * Takes the lock of the file at `path`, within so many milliseconds.
   *
   * @throws StoreError `mailbox-busy` where another program holds it, or the code of the fault.
   */
  static async acquire(path: string, patience: number): Promise<DotLock> {
    const lock = `${path}.lock`;
    const end = performance.now() + patience;
    for (;;) {
      const left = attempt(lock);
      if (left !== undefined) return new DotLock(lock, left);
      if (performance.now() > end) {
        throw new StoreError('mailbox-busy', `Another program is using ${path}.`, {
          hint: `Try again later; if none is, remove ${lock}.`,
        });
      }
      await sleep(STEP);
    }
  }

  /** Leaves word for whoever finds the lock when we are dead: one line, Latin-1, empty for none. @throws StoreError. */
  note(text: string): void {
    if (this.#isOurs()) withTicket(this.#path, text, (ticket) => renameSync(ticket, this.#path));
  }

  /** Gives the lock back. Never throws: one that stays is a dead process's as soon as we end. */
  release(): void {
    try {
      if (this.#isOurs()) rmSync(this.#path, { force: true });
    } catch {
      // The work is done.
    }
  }

  /** Other programs take a lock away that is old; then it may be theirs. */
  #isOurs(): boolean {
    return contentAt(this.#path).startsWith(contentOf(''));
  }
}

/** Takes the lock if it is free. @returns what a dead holder left, or undefined where somebody else has it. */
function attempt(lock: string): string | undefined {
  return withTicket(lock, '', (ticket) => {
    const left = linked(ticket, lock) ? '' : takeOver(ticket, lock);
    if (left !== undefined) removeTickets(lock);
    else if (isAbandoned(lock)) rmSync(lock, { force: true });
    return left;
  });
}

/** Replaces a dead run's lock in one step, note and all. Only one of us at a time gets past the takeover lock. */
function takeOver(ticket: string, lock: string): string | undefined {
  if (noteOfDead(lock) === undefined) return undefined;
  const takeover = Lock.tryAcquire(`${lock}.takeover`);
  try {
    const left = takeover && noteOfDead(lock);
    if (left === undefined) return undefined;
    writeFileSync(ticket, contentOf(left), 'latin1');
    renameSync(ticket, lock);
    return left;
  } finally {
    takeover?.release();
  }
}

function withTicket<T>(lock: string, note: string, use: (ticket: string) => T): T {
  const ticket = `${lock}.${pid}.${randomBytes(8).toString('hex')}`;
  try {
    writeFileSync(ticket, contentOf(note), { flag: 'wx', mode: 0o600, encoding: 'latin1' });
    return use(ticket);
  } catch (error) {
    throw storeFault(error, `lock ${lock}`);
  } finally {
    rmSync(ticket, { force: true });
  }
}

/** The process id on a line of its own, as some programs have it. */
function contentOf(note: string): string {
  const { boot, start } = ownLife();
  return `${pid}\nposthorn ${boot} ${start} ${pidSpace()}\n${note}`;
}

interface Holder extends Life {
  readonly note: string;
}

/** Who holds the lock; undefined for another program or user, and for what may be on another machine or in another container. */
function holderOf(lock: string): Holder | undefined {
  const found = /^([1-9]\d{0,9})\nposthorn (\S+) (\d*) (\S*)\n(.*)$/.exec(contentAt(lock));
  const [, id, boot = '', start = '', space, note = ''] = found ?? [];
  return boot === ownLife().boot && space === pidSpace() ? { pid: Number(id), boot, start, note } : undefined;
}

function noteOfDead(lock: string): string | undefined {
  const holder = holderOf(lock);
  return holder === undefined || isAlive(holder) ? undefined : holder.note;
}

/** Within which process ids are counted: containers have one each. Empty where the system does not tell. */
function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function contentAt(lock: string): string {
  try {
    const { uid } = lstatSync(lock);
    return uid === geteuid?.() ? readFileSync(lock, 'latin1') : '';
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}

function isAbandoned(lock: string): boolean {
  const holder = holderOf(lock);
  if (holder !== undefined && isAlive(holder)) return false;
  const found = statSync(lock, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED;
}
