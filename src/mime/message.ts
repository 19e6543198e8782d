/**
 * A message as a reader sees it: who, what about, the text, and the list of its parts.
 *
 * Why: the text is kept up to a cap, attachments are counted but never held; to save one, the message is read again and
 * that part streams to its sink. This file must never know where messages come from or where parts go.
 */

import { UsageError } from '../errors.ts';
import { decodeText, loadCharsets } from './charset.ts';
import type { Codec } from './codec.ts';
import { type Defect, note } from './defect.ts';
import { htmlToText } from './html.ts';
import { parseParameterized } from './params.ts';
import { MessageParser } from './parse.ts';
import type { Part } from './part.ts';
import { messageIds, type Summary, summarize } from './summary.ts';
import { createDecoder } from './transfer.ts';

export interface PartInfo {
  /** What `extractPart` takes: `1`, `2.1`. */
  readonly number: string;
  readonly type: string;
  readonly charset: string | undefined;
  /** `attachment`, `inline`, or what else the sender wrote. */
  readonly disposition: string | undefined;
  /** As the sender wrote it, on one line. Never to be used as a path. */
  readonly fileName: string | undefined;
  /** Of the content, decoded, in octets; of an embedded message, as it stands. */
  readonly size: number;
  /** With angle brackets. */
  readonly contentId: string | undefined;
}

export interface Message extends Summary {
  /** The text to read: the plain text of the message, else its HTML as text. Lines end in LF. */
  readonly text: string | undefined;
  /** The first HTML body, as the sender wrote it. */
  readonly html: string | undefined;
  /** Everything that can be extracted, also out of embedded messages, in order. */
  readonly parts: readonly PartInfo[];
  /** The parts that are not the text of the message; an embedded message is one. */
  readonly attachments: readonly PartInfo[];
  /** The whole message, in octets. */
  readonly size: number;
  readonly defects: readonly Defect[];
}

export interface ReadOptions {
  /** How much text is kept, decoded and in octets, of all text parts together; 8 MiB. */
  readonly maxText?: number;
}

/** One part while it is read, and what was kept of it. */
interface Content {
  readonly part: Part;
  readonly decoder: Codec;
  readonly text: Uint8Array[] | undefined;
  size: number;
}

/**
 * Reads a message of any quality: what is wrong with it is in `defects`.
 *
 * @throws only what `chunks` throws.
 */
export async function readMessage(chunks: AsyncIterable<Uint8Array>, options: ReadOptions = {}): Promise<Message> {
  const { contents, defects, size } = await readContents(chunks, options.maxText ?? 8 * 1024 * 1024);
  const root = contents[0] as Content;
  const summary = await summarize(root.part.headers);
  for (const { part } of contents) await part.headers.loadCharsets();
  await loadCharsets(contents.map(({ part }) => part.params.get('charset') ?? 'utf-8'));
  const bodies = contents.filter((content) => content.text !== undefined);
  const { text, html } = await bodyText(bodies, defects);
  const listed = contents.filter(({ part }) => part.kind !== 'multipart');
  return {
    ...summary,
    text,
    html,
    parts: listed.map(partInfo),
    attachments: listed.filter((content) => content.text === undefined && !isEmbedded(content.part)).map(partInfo),
    size,
    defects,
  };
}

async function readContents(chunks: AsyncIterable<Uint8Array>, maxText: number) {
  const contents: Content[] = [];
  const open: Content[] = [];
  let [room, size] = [maxText, 0];
  const keep = (content: Content, octets: Uint8Array) => {
    content.size += octets.length;
    if (content.text === undefined || octets.length === 0) return;
    if (octets.length > room) note(parser.defects, { code: 'text-truncated', part: content.part.number });
    content.text.push(Uint8Array.from(octets.subarray(0, room)));
    room -= Math.min(room, octets.length);
  };
  const parser = new MessageParser({
    partStart(part) {
      const content = { part, decoder: createDecoder(part.encoding), text: isBody(part) ? [] : undefined, size: 0 };
      contents.push(content);
      open.push(content);
    },
    body(_part, chunk) {
      const content = open.at(-1);
      if (content !== undefined) keep(content, content.decoder.push(chunk));
    },
    partEnd(part) {
      const content = open.pop();
      if (content === undefined) return;
      keep(content, content.decoder.end());
      if (part.kind === 'message') content.size = part.bodyEnd - part.bodyStart;
      if (content.decoder.damaged) note(parser.defects, { code: 'bad-encoding', part: part.number });
    },
  });
  for await (const chunk of chunks) {
    size += chunk.length;
    parser.push(chunk);
  }
  parser.end();
  return { contents, defects: parser.defects, size };
}

/** Whether a part is text of the message itself, and no attachment. A multipart counts for its preamble alone. */
function isBody(part: Part): boolean {
  if (isEmbedded(part)) return false;
  if (part.type.startsWith('multipart/')) return true;
  if (part.type !== 'text/plain' && part.type !== 'text/html') return false;
  if (dispositionOf(part)?.value === 'attachment') return false;
  return part.depth === 0 || fileName(part) === undefined;
}

function isEmbedded(part: Part): boolean {
  for (let parent = part.parent; parent !== undefined; parent = parent.parent) {
    if (parent.kind === 'message') return true;
  }
  return false;
}

/**
 * Puts the text together in the order of the parts. Of alternatives the plain one is read; elsewhere each part counts,
 * because mailing lists and some programs add text in parts of its own.
 */
async function bodyText(bodies: readonly Content[], defects: Defect[]) {
  const plain = new Set(bodies.filter(({ part }) => part.type === 'text/plain').map(({ part }) => alternativeOf(part)));
  plain.delete(undefined);
  const hasText = bodies.some(({ part }) => part.kind === 'leaf');
  const texts: string[] = [];
  let html: string | undefined;
  for (const { part, text = [] } of bodies) {
    if (part.kind === 'multipart' && (hasText || text.length === 0)) continue;
    const decoded = decodeText(Buffer.concat(text), part.params.get('charset'));
    if (!decoded.clean) note(defects, { code: 'bad-charset', part: part.number });
    const lines = decoded.text.replaceAll('\r\n', '\n');
    if (part.type !== 'text/html') texts.push(lines);
    else {
      html ??= lines;
      if (!plain.has(alternativeOf(part))) texts.push(await htmlToText(lines));
    }
  }
  return { text: texts.length === 0 ? undefined : texts.join(''), html };
}

function alternativeOf(part: Part): Part | undefined {
  let parent = part.parent;
  while (parent !== undefined && parent.type !== 'multipart/alternative') parent = parent.parent;
  return parent;
}

function dispositionOf(part: Part) {
  const value = part.headers.raw('content-disposition');
  return value === undefined ? undefined : parseParameterized(value);
}

function fileName(part: Part): string | undefined {
  const name =
    dispositionOf(part)?.params.get('filename') ??
    parseParameterized(part.headers.raw('content-type') ?? '').params.get('name');
  return name?.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').toWellFormed();
}

function partInfo({ part, size }: Content): PartInfo {
  return {
    number: part.number,
    type: part.type,
    charset: part.params.get('charset')?.toLowerCase(),
    disposition: dispositionOf(part)?.value,
    fileName: fileName(part),
    size,
    contentId: messageIds(part.headers.raw('content-id') ?? '')[0],
  };
}

/**
 * Streams one part out of a message, decoded. An embedded message comes out as it stands.
 *
 * @param number as in `PartInfo`.
 * @param sink takes the octets in order; a promise it returns is waited for.
 * @throws UsageError `no-such-part`, and what `chunks` and `sink` throw.
 */
export async function extractPart(
  chunks: AsyncIterable<Uint8Array>,
  number: string,
  sink: (chunk: Uint8Array) => void | Promise<void>,
): Promise<PartInfo> {
  const ready: Uint8Array[] = [];
  let found: Content | undefined;
  let ended = false;
  const parser = new MessageParser(
    {
      partStart(part) {
        if (found !== undefined || part.number !== number || part.kind !== 'leaf') return;
        found = { part, decoder: createDecoder(part.encoding), text: undefined, size: 0 };
      },
      body(part, chunk) {
        if (part === found?.part) ready.push(found.decoder.push(chunk));
      },
      partEnd(part) {
        if (part !== found?.part) return;
        ready.push(found.decoder.end());
        ended = true;
      },
    },
    { descend: (part) => part.number !== number },
  );
  const drain = async () => {
    for (const octets of ready.splice(0)) {
      if (found !== undefined) found.size += octets.length;
      if (octets.length > 0) await sink(octets);
    }
  };
  for await (const chunk of chunks) {
    parser.push(chunk);
    await drain();
    if (ended) break;
  }
  if (!ended) parser.end();
  await drain();
  if (found !== undefined) return partInfo(found);
  throw new UsageError('no-such-part', `the message has no part ${number}`, { hint: 'List its parts first.' });
}
