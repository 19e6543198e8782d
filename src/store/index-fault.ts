/** What a failure of SQLite means for an index that can be made again. */

/** Primary result codes: https://sqlite.org/rescode.html. */
const DAMAGED: ReadonlySet<number> = new Set([1, 11, 26]);
const REASONS: ReadonlyMap<number, string> = new Map([
  [3, 'it may not be written'],
  [5, 'another process keeps it locked'],
  [6, 'another process keeps it locked'],
  [8, 'it may not be written'],
  [10, 'the disk reported an error'],
  [13, 'the disk is full'],
  [14, 'it cannot be opened'],
  [22, 'it is too large'],
]);

/** The index is in order, but not one of this mailbox as it is now: it is emptied. */
export class StaleIndex extends Error {}

/** The index was changed by another program, or makes no sense: it is thrown away. */
export class UnsealedIndex extends Error {}

/** Whether an index is spoilt: then it is thrown away and made again. */
export function isDamage(error: unknown): boolean {
  return error instanceof UnsealedIndex || DAMAGED.has(resultCode(error) ?? 0);
}

/** Why an index cannot be used now, to complete "because …"; undefined for an error that says nothing of it. */
export function whyUnusable(error: unknown): string | undefined {
  const code = resultCode(error);
  if (code === undefined) return undefined;
  return REASONS.get(code) ?? `SQLite said ${(error as Error).message}`;
}

/** Without what SQLite adds in the higher bits. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}
