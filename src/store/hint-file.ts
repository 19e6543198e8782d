/**
 * A small file in JSON that saves work and that nothing depends on: lost, damaged or not writable, it is as if it had never
 * been there. What this file must never know: what is in it.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { removeLeftover } from './folder.ts';

/** Longer than any of ours, in bytes. */
const LIMIT = 4096;

/** What the file says; undefined where there is none, or none that can be read. Never throws. */
export async function readHint(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    const value: unknown = text.length > LIMIT ? undefined : JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the file (0600); where its folder is not there yet, nothing is written. Never throws. */
export async function writeHint(path: string, value: object): Promise<void> {
  // What a run that was killed left of it is written over; two at once may spoil it, which does no harm.
  const unfinished = `${path}.new`;
  try {
    await writeFile(unfinished, JSON.stringify(value), { mode: 0o600 });
    await rename(unfinished, path);
  } catch {
    await removeLeftover(unfinished);
  }
}
