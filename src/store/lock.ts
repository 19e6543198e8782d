/**
 * One writer to a mailbox: a lock file that names its holder.
 *
 * Why: Node has no `flock`, and a file that merely exists outlives a killed holder. So the file says which process holds it:
 * id, boot and start time, since ids are used again. A ticket is written completely under a name of its own and then
 * linked, so a lock is never seen half written. A dead holder's lock is replaced by whoever holds the takeover lock
 * beside it, so that two cannot both win. The calls are synchronous: nothing else of ours runs between look and act.
 */
import { randomBytes } from 'node:crypto';
import {
  constants,
  copyFileSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { kill, pid } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreError } from '../errors.ts';
import { errnoOf, storeFault } from './fault.ts';
import { checkFolder, makeFolder, NO_LINKS } from './folder.ts';

/** What tells a process from all others, earlier and later ones as well. */
export interface Life {
  readonly pid: number;
  /** Differs after each start of the machine; empty where the system does not tell. */
  readonly boot: string;
  /** When the process started, in ticks since the boot; empty where the system does not tell. */
  readonly start: string;
}

interface Holder extends Life {
  readonly token: string;
}

export class Lock {
  readonly #path: string;
  readonly #token: string;

  private constructor(path: string, token: string) {
    this.#path = path;
    this.#token = token;
  }

  /**
   * Takes the lock at once or not at all.
   *
   * @throws StoreError `mailbox-busy` (temporary) with the holder's process id, or the code of the fault.
   */
  static acquire(path: string): Lock {
    const token = randomBytes(8).toString('hex');
    const ticket = `${path}.${pid}.${token}`;
    try {
      const holder: Holder = { ...ownLife(), token };
      writeFileSync(ticket, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
      if (!linked(ticket, path)) takeOver(ticket, path);
      removeTickets(path);
      return new Lock(path, token);
    } catch (error) {
      throw storeFault(error, `lock the mailbox (${path})`);
    } finally {
      rmSync(ticket, { force: true });
    }
  }

  /** The same for the mailbox whose journal is in the folder `state`; that is made where it is missing, and must be our own. */
  static async ofMailbox(state: string): Promise<Lock> {
    await makeFolder(state);
    await checkFolder(state);
    return Lock.acquire(join(state, 'lock'));
  }

  /** Takes the lock at once; undefined where another process has it. @throws StoreError with the code of a fault. */
  static tryAcquire(path: string): Lock | undefined {
    try {
      return Lock.acquire(path);
    } catch (error) {
      if (error instanceof StoreError && error.code === 'mailbox-busy') return undefined;
      throw error;
    }
  }

  /**
   * Takes the lock as soon as it is free, within so many milliseconds.
   *
   * @throws StoreError as `acquire`.
   */
  static async wait(path: string, patience: number): Promise<Lock> {
    const end = performance.now() + patience;
    for (;;) {
      const lock = performance.now() > end ? Lock.acquire(path) : Lock.tryAcquire(path);
      if (lock !== undefined) return lock;
      // Not all at once again.
      await sleep(10 + Math.random() * 20);
    }
  }

  /** Gives the lock back. Never throws: one that stays is a dead process's as soon as we end. */
  release(): void {
    try {
      const holder = holderOf(this.#path);
      if (typeof holder === 'object' && holder.token === this.#token) rmSync(this.#path, { force: true });
    } catch {
      // The work is done, and the disk that fails here has nothing to do with it.
    }
  }

  /** For `using`: as `release`. */
  [Symbol.dispose](): void {
    this.release();
  }
}

/** Replaces a dead holder's lock. Only one process at a time gets past the takeover lock. */
function takeOver(ticket: string, path: string): void {
  refuseIfAlive(path);
  const takeover = `${path}.takeover`;
  if (!linked(ticket, takeover)) {
    // Its holder is at work, or was killed during the few calls below: then the way is clear for the next attempt.
    if (refuseIfAlive(takeover) !== 'none') rmSync(takeover, { force: true });
    throw busy();
  }
  try {
    // If the lock was given back just now, linking takes it unless another is faster.
    if (refuseIfAlive(path) !== 'none') renameSync(ticket, path);
    else if (!linked(ticket, path)) throw busy();
  } finally {
    rmSync(takeover, { force: true });
  }
}

/** Removes the tickets that processes killed in `acquire` left beside the lock: the name of each says whose it is. */
export function removeTickets(path: string): void {
  for (const file of readdirSync(dirname(path))) {
    if (!file.startsWith(`${basename(path)}.`)) continue;
    const [, id] = /^\.(\d+)\.[0-9a-f]{16}$/.exec(file.slice(basename(path).length)) ?? [];
    if (id !== undefined && !isRunning(Number(id))) rmSync(join(dirname(path), file), { force: true });
  }
}

/** Whether the ticket now has this name too; false when the name was taken. */
export function linked(ticket: string, path: string): boolean {
  try {
    linkSync(ticket, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    if (!NO_LINKS.has(errnoOf(error))) throw error;
  }
  // QUIRK: without hard links (exFAT, some FUSE) the lock may be seen half written; the worst case is a duplicate.
  try {
    copyFileSync(ticket, path, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Returns what is there instead of a living holder's lock. */
function refuseIfAlive(path: string): Holder | 'none' | 'spoilt' {
  const holder = holderOf(path);
  if (typeof holder === 'object' && isAlive(holder)) throw busy(holder.pid);
  return holder;
}

/** A lock that cannot be understood was spoilt by a power cut, so it belongs to an earlier boot. */
function holderOf(path: string): Holder | 'none' | 'spoilt' {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isHolder(value) ? value : 'spoilt';
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'none';
    if (error instanceof SyntaxError) return 'spoilt';
    throw error;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const { pid: id, boot, start, token } = value as Record<string, unknown>;
  const texts = [boot, start, token].every((text) => typeof text === 'string');
  return texts && Number.isSafeInteger(id) && (id as number) > 0;
}

/** Of this process. */
export function ownLife(): Life {
  return { pid, boot: bootId(), start: stat(pid)?.start ?? '' };
}

/** Whether a process of this machine is there still; where that cannot be told, it is. */
export function isAlive(holder: Life): boolean {
  const boot = bootId();
  if (boot !== '' && holder.boot !== '' && boot !== holder.boot) return false;
  if (!isRunning(holder.pid)) return false;
  const now = stat(holder.pid);
  if (now === undefined) return true;
  if (now.state === 'Z' || now.state === 'X') return false;
  return holder.start === '' || now.start === holder.start;
}

/** Whether there is a process with this id. */
function isRunning(id: number): boolean {
  try {
    kill(id, 0);
    return true;
  } catch (error) {
    // EPERM: it belongs to somebody else.
    return errnoOf(error) === 'EPERM';
  }
}

/** Fields 3 and 22 of Linux's `/proc/<pid>/stat`. The second field, the name, may contain anything up to the last `)`. */
function stat(id: number): { state: string; start: string } | undefined {
  const text = readSystemFile(`/proc/${id}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  return state === undefined || start === undefined ? undefined : { state, start };
}

/** Of the time since this machine was started; empty where the system does not tell. */
function bootId(): string {
  return readSystemFile('/proc/sys/kernel/random/boot_id').trim();
}

/** Empty where there is no such file: these are Linux's. */
function readSystemFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function busy(holder?: number): StoreError {
  const who = holder === undefined ? 'Another process' : `Another process (${holder})`;
  return new StoreError('mailbox-busy', `${who} is using this mailbox.`, {
    hint: 'Wait until it has finished, then run the same command again.',
  });
}
