/**
 * From an errno to a StoreError: one table, so that a full disk has the same code wherever it is met.
 *
 * Why: a caller decides by `code` (stop the session, exit 73, 74 or 75), a person by the sentence and the hint. What
 * this file must never know: which operation failed; the caller says what it was doing.
 */
import { constants } from 'node:os';
import { PosthornError, StoreError } from '../errors.ts';

interface Fault {
  readonly code: string;
  readonly reason: string;
  readonly hint: string;
}

const FULL: Fault = {
  code: 'disk-full',
  reason: 'the disk is full',
  hint: 'Free some space, then run the same command again; nothing was deleted on the server.',
};
const FORBIDDEN: Fault = {
  code: 'not-permitted',
  reason: 'permission was denied',
  hint: 'Check who owns the folder and its mode (it should be yours, 0700).',
};
const TOO_MANY: Fault = {
  code: 'too-many-files',
  reason: 'too many files are open',
  hint: 'Raise the limit (ulimit -n) or close other programs, then run the same command again.',
};
const MISSING: Fault = {
  code: 'mailbox-missing',
  reason: 'the folder is not there',
  hint: 'Check the path, and that the disk it is on is mounted; nothing was created in its place.',
};
const TAKEN: Fault = {
  code: 'name-taken',
  reason: 'something else has that name',
  hint: 'Look at what is there, and move it away or choose another path; nothing was overwritten.',
};
const BROKEN: Fault = {
  code: 'io-error',
  reason: 'the disk reported an error',
  hint: 'Check the disk; nothing was deleted on the server.',
};

const FAULTS: ReadonlyMap<string, Fault> = new Map([
  ['ENOSPC', FULL],
  ['EDQUOT', { ...FULL, reason: 'the disk quota is used up' }],
  ['EFBIG', { ...FULL, code: 'file-too-large', reason: 'the file would be larger than allowed here' }],
  ['EACCES', FORBIDDEN],
  ['EPERM', FORBIDDEN],
  ['EROFS', { ...FORBIDDEN, code: 'read-only', reason: 'the file system is read-only' }],
  ['EMFILE', TOO_MANY],
  ['ENFILE', TOO_MANY],
  ['ENOENT', MISSING],
  ['ENOTDIR', MISSING],
  ['EEXIST', TAKEN],
  ['ELOOP', TAKEN],
]);

/** The errno name of a system error, such as `ENOSPC`; `undefined` for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException;
  // QUIRK: Node has no name for some of the system's errors, such as that of a quota, and says only their number.
  if (errno !== undefined && code?.startsWith('Unknown system error')) return nameOf(-errno) ?? code;
  return typeof code === 'string' ? code : undefined;
}

function nameOf(errno: number): string | undefined {
  return Object.entries(constants.errno).find(([, value]) => value === errno)?.[0];
}

/**
 * What to throw for a failed file operation. An error thrown on purpose, and a bug, pass through unchanged.
 *
 * @param doing completes the sentence "Could not …", such as `write /path`.
 */
export function storeFault(cause: unknown, doing: string): Error {
  if (cause instanceof PosthornError) return cause;
  const errno = errnoOf(cause);
  if (errno === undefined || errno.startsWith('ERR_')) return cause instanceof Error ? cause : new Error(String(cause));
  const { code, reason, hint } = FAULTS.get(errno) ?? BROKEN;
  return new StoreError(code, `Could not ${doing}: ${reason} (${errno}).`, { hint, cause });
}

/** Runs a file operation and turns its failure into a StoreError. */
export async function guarded<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeFault(error, doing);
  }
}

/** Waits for what is done to a file. @returns false where no file has the name, so that nothing was done. */
export async function ifThere(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
