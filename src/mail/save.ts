/**
 * Attachments, or whole messages, from the mailbox into files: safe names, nothing overwritten, 0600, and nothing half
 * written left behind where it fails or is stopped.
 */
import { AbortedError, UsageError } from '../errors.ts';
import { extractPart, extractParts } from '../mime/extract.ts';
import { mboxEntry } from '../mime/mbox.ts';
import type { PartInfo } from '../mime/part-info.ts';
import { LISTED_HEADER, readHeaders, type Summary } from '../mime/summary.ts';
import { createFile, type FileSink, type SavedFile, saveFile } from '../store/save.ts';
import { type OpenMessage, readOpened } from './read.ts';

export interface SavedPart extends SavedFile {
  /** The number of the message it is from. */
  readonly message: number;
  /** The part's number; undefined for the message itself. */
  readonly part: string | undefined;
  /** The name the sender gave it, if any. */
  readonly wanted: string | undefined;
}

/**
 * Saves parts of a message: those named by number or file name, or else all attachments; each is yielded as soon as it
 * is on the disk, and stays whatever becomes of the next.
 *
 * @throws UsageError `no-such-part`; StoreError; AbortedError by the signal.
 */
export async function* saveParts(
  message: OpenMessage,
  wanted: readonly string[],
  folder: string,
  signal?: AbortSignal,
): AsyncGenerator<SavedPart, void, undefined> {
  const parts = await chooseParts(message, wanted);
  // All attachments come in one reading, ten thousand too. Those that are named may lie in one another, so each has its own.
  const readings = wanted.length === 0 ? [parts] : parts.map((part) => [part]);
  for (const reading of readings) yield* saveReading(message, reading, folder, signal);
}

async function* saveReading(
  message: OpenMessage,
  parts: readonly PartInfo[],
  folder: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<SavedPart, void, undefined> {
  const infos = new Map(parts.map((part) => [part.number, part]));
  let file: FileSink | undefined;
  try {
    for await (const { part, octets, last } of extractParts(contentOf(message, signal), infos.keys())) {
      const { number } = part;
      const wanted = infos.get(number)?.fileName;
      file ??= await saveFile(folder, wanted ?? `part-${number}${extension(part.type)}`);
      await file.write(octets);
      if (!last) continue;
      const saved = await file.commit();
      file = undefined;
      yield { ...saved, message: message.stored.number, part: number, wanted };
    }
  } finally {
    await file?.abort();
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

/** Saves the message itself, exactly as it was received, under its number and its subject. */
export async function saveMessage(message: OpenMessage, folder: string, signal?: AbortSignal): Promise<SavedPart> {
  const { subject } = await headerOf(message);
  const { number } = message.stored;
  const name = `${number}-${subject.replaceAll(/\s+/g, ' ').slice(0, 60).trim() || 'message'}.eml`;
  const saved = await fill(await saveFile(folder, name), contentOf(message, signal));
  return { ...saved, message: number, part: undefined, wanted: undefined };
}

/**
 * Saves messages into one new mailbox file (mboxrd, see `mboxEntry`), under exactly this path.
 *
 * @throws StoreError `name-taken` where there is something already; AbortedError by the signal. Nothing is left then.
 */
export async function saveMbox(
  messages: readonly OpenMessage[],
  path: string,
  signal?: AbortSignal,
): Promise<SavedFile> {
  return fill(await createFile(path), mboxOf(messages, signal));
}

/** The octets of that file, to be had one message after the other. */
export async function* mboxOf(
  messages: readonly OpenMessage[],
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const message of messages) {
    const { from, date = new Date(0) } = await headerOf(message);
    const envelope = { sender: from[0]?.address, date: message.received ?? date };
    yield* mboxEntry(contentOf(message, signal), envelope);
  }
}

async function fill(file: FileSink, content: AsyncIterable<Uint8Array>): Promise<SavedFile> {
  try {
    for await (const chunk of content) await file.write(chunk);
    return await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}

function headerOf(message: OpenMessage): Promise<Summary> {
  return readHeaders(message.chunks(), LISTED_HEADER);
}

async function* contentOf(
  message: OpenMessage,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of message.chunks()) {
    if (signal?.aborted) throw new AbortedError('aborted', 'Stopped; what was not saved completely was removed.');
    yield chunk;
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
