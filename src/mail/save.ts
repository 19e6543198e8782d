/** Attachments, or whole messages, from the mailbox into files of a folder: safe names, nothing overwritten, 0600. */
import { UsageError } from '../errors.ts';
import { extractPart, extractParts } from '../mime/extract.ts';
import type { PartInfo } from '../mime/part-info.ts';
import { type FileSink, type SavedFile, saveFile } from '../store/save.ts';
import { type OpenMessage, readOpened } from './read.ts';

export interface SavedPart extends SavedFile {
  /** The part's number; undefined for the message itself. */
  readonly part: string | undefined;
  /** The name the sender gave it, if any. */
  readonly wanted: string | undefined;
}

/**
 * Saves parts of a message: those named by number or file name, or else all attachments.
 *
 * @throws UsageError `no-such-part`, `no-such-attachment`; StoreError. Files saved before a failure stay.
 */
export async function saveParts(message: OpenMessage, wanted: readonly string[], folder: string): Promise<SavedPart[]> {
  const parts = await chooseParts(message, wanted);
  // All attachments come in one reading, ten thousand too. Those that are named may lie in one another, so each has its own.
  const readings = wanted.length === 0 ? [parts] : parts.map((part) => [part]);
  const saved: SavedPart[] = [];
  for (const reading of readings) await saveReading(message, reading, folder, saved);
  return saved;
}

async function saveReading(message: OpenMessage, parts: readonly PartInfo[], folder: string, saved: SavedPart[]) {
  const infos = new Map(parts.map((part) => [part.number, part]));
  let file: FileSink | undefined;
  try {
    for await (const { part, octets, last } of extractParts(message.chunks(), infos.keys())) {
      const { number } = part;
      const wanted = infos.get(number)?.fileName;
      file ??= await saveFile(folder, wanted ?? `part-${number}${extension(part.type)}`);
      await file.write(octets);
      if (!last) continue;
      saved.push({ ...(await file.commit()), part: number, wanted });
      file = undefined;
    }
  } catch (error) {
    await file?.abort();
    throw error;
  }
}

/** Streams one part to a sink, decoded. @throws as `saveParts`; UsageError where it is not exactly one. */
export async function streamPart(
  message: OpenMessage,
  wanted: readonly string[],
  sink: (chunk: Uint8Array) => void | Promise<void>,
): Promise<void> {
  const [part, another] = await chooseParts(message, wanted);
  if (part === undefined) {
    throw new UsageError('no-such-attachment', `Message ${message.stored.number} has no attachments.`, {
      hint: `Name a part of it, as posthorn read ${message.stored.number} shows them.`,
    });
  }
  if (another !== undefined) {
    throw new UsageError('which-part', 'Only one part can go to standard output.', {
      hint: 'Name it by its number, as posthorn read shows it.',
    });
  }
  await extractPart(message.chunks(), part.number, sink);
}

/** Saves the message itself, exactly as it was received. */
export async function saveMessage(message: OpenMessage, folder: string): Promise<SavedPart> {
  const { subject } = await readOpened(message);
  const name = `${message.stored.number}-${subject.replaceAll(/\s+/g, ' ').slice(0, 60).trim() || 'message'}.eml`;
  const file = await saveFile(folder, name);
  try {
    for await (const chunk of message.chunks()) await file.write(chunk);
    return { ...(await file.commit()), part: undefined, wanted: undefined };
  } catch (error) {
    await file.abort();
    throw error;
  }
}

async function chooseParts(message: OpenMessage, wanted: readonly string[]): Promise<PartInfo[]> {
  const { parts, attachments } = await readOpened(message);
  if (wanted.length === 0) return [...attachments];
  return wanted.map((name) => {
    const found = parts.find(({ number }) => number === name) ?? attachments.find(({ fileName }) => fileName === name);
    if (found !== undefined) return found;
    throw new UsageError('no-such-part', `Message ${message.stored.number} has no part ${name}.`, {
      hint: `See its parts with posthorn read ${message.stored.number}.`,
    });
  });
}

/** For parts without a name: what their type suggests, so that a double click does the right thing. */
export function extension(type: string): string {
  const known: Record<string, string> = {
    'text/plain': '.txt',
    'text/html': '.html',
    'text/calendar': '.ics',
    'message/rfc822': '.eml',
    'image/png': '.png',
    'image/jpeg': '.jpg',
    'application/pdf': '.pdf',
  };
  return Object.hasOwn(known, type) ? (known[type] ?? '') : '.bin';
}
