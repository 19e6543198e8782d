/**
 * When we last logged in to the server of a mailbox, and before when it does not want us back (RFC 2449 §6.5).
 *
 * It saves a question that would be asked in vain, and nothing depends on it: lost, damaged or not writable it is as if
 * it had never been there. What this file must never know: clocks, or what a login is.
 */
import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeLeftover } from './folder.ts';

export interface LoginRecord {
  /** Whose login it was: a record about another server or user counts for nothing. */
  readonly login: string;
  /** In milliseconds since 1970. */
  readonly at?: number | undefined;
  /** The pause the server asks of this user, in seconds. */
  readonly delay?: number | undefined;
  /** In milliseconds since 1970. */
  readonly notBefore?: number | undefined;
}

/** Longer than any record of ours. */
const MAX_RECORD = 4096;

/** The record of this login, kept in the `state` folder; undefined where there is none. Never throws. */
export async function readLoginRecord(state: string, login: string): Promise<LoginRecord | undefined> {
  try {
    const text = await readFile(fileIn(state), 'utf8');
    const value: unknown = text.length > MAX_RECORD ? undefined : JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('login' in value) || value.login !== login) return undefined;
    const { at, delay, notBefore } = value as Record<string, unknown>;
    return { login, at: numberOr(at), delay: numberOr(delay), notBefore: numberOr(notBefore) };
  } catch {
    return undefined;
  }
}

/** Replaces the record; where there is no such folder yet, nothing is written. Never throws. */
export async function writeLoginRecord(state: string, record: LoginRecord): Promise<void> {
  const unfinished = `${fileIn(state)}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(unfinished, JSON.stringify(record), { mode: 0o600, flag: 'wx' });
    await rename(unfinished, fileIn(state));
  } catch {
    await removeLeftover(unfinished);
  }
}

function numberOr(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function fileIn(state: string): string {
  return join(state, 'login.json');
}
