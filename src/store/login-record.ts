/**
 * When we last logged in to the server of a mailbox, and before when it does not want us back (RFC 2449 §6.5).
 *
 * It saves a question that would be asked in vain. What this file must never know: clocks, or what a login is.
 */
import { join } from 'node:path';
import { readHint, writeHint } from './hint-file.ts';

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

/** The record of this login, kept in the `state` folder; undefined where there is none. Never throws. */
export async function readLoginRecord(state: string, login: string): Promise<LoginRecord | undefined> {
  const value = await readHint(fileIn(state));
  if (value?.['login'] !== login) return undefined;
  const { at, delay, notBefore } = value;
  return { login, at: numberOr(at), delay: numberOr(delay), notBefore: numberOr(notBefore) };
}

/** Replaces the record; where there is no such folder yet, nothing is written. Never throws. */
export function writeLoginRecord(state: string, record: LoginRecord): Promise<void> {
  return writeHint(fileIn(state), record);
}

function numberOr(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function fileIn(state: string): string {
  return join(state, 'login.json');
}
