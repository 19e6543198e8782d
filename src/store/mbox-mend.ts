/**
 * What a run that was killed left at the end of a mailbox file: an entry that is not finished, or that nobody knows of yet.
 *
 * The note in its lock says where it began and how. It is taken away only if that is what is there, with nothing behind it:
 * within an entry no line begins with `From `, so one that does is another program's. What this file must never know: what
 * is in an entry.
 */
import type { FileHandle } from 'node:fs/promises';
import { latin1 } from '../wire/bytes.ts';

/** An entry on its way into a file. */
export interface Begun {
  /** Of the file before it, in octets. */
  readonly size: number;
  /** How it begins; a character is an octet. */
  readonly begin: string;
}

const STEP = 64 * 1024;
/** Where another entry begins; a program that looks for no end of line may have put it right behind half a line of ours. */
const NEXT =
  /\nFrom |(?<!\n>+)From [^\n]{1,330} (?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) /;
/** No shorter than what that finds. */
const OVERLAP = 400;
/** Before an entry the file may get so many line ends. */
const GAP = 2;

/** Reads the note of a lock; undefined where it is none. */
export function readNote(text: string): Begun | undefined {
  if (!/^\{"size":\d{1,15},"begin":".*"\}$/.test(text)) return undefined;
  const { size, begin } = JSON.parse(text) as Record<string, unknown>;
  return Number.isSafeInteger(size) && typeof begin === 'string' ? { size: size as number, begin } : undefined;
}

/** Cuts the file off where the entry began, durably. The lock of the file must be ours. */
export async function cutUnfinished(file: FileHandle, begun: Begun | undefined): Promise<void> {
  if (begun === undefined || (await file.stat()).size <= begun.size || !(await isLast(file, begun))) return;
  await file.truncate(begun.size);
  await file.sync();
}

async function isLast(file: FileHandle, { size, begin }: Begun): Promise<boolean> {
  const head = (await textAt(file, size, GAP + begin.length)).replace(/^\n{1,2}/, '');
  if (!begin.startsWith(head.slice(0, begin.length))) return false;
  // Behind the line of From of its own.
  for (let at = size + GAP + 1; ; at += STEP) {
    const text = await textAt(file, at, STEP + OVERLAP);
    if (NEXT.test(text)) return false;
    if (text.length < STEP) return true;
  }
}

async function textAt(file: FileHandle, position: number, length: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return latin1(buffer.subarray(0, bytesRead));
}
