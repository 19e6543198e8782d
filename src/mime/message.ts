/**
 * A message as a reader sees it: who, what about, the text, and the list of its parts.
 *
 * Why: the text is kept up to a cap, attachments are counted but never held; to save one, see extract.ts.
 * This file must never know where messages come from.
 */

import { decodeText, loadCharsets } from './charset.ts';
import type { Codec } from './codec.ts';
import { type Defect, note } from './defect.ts';
import { htmlToText } from './html.ts';
import { MessageParser } from './parse.ts';
import type { Part } from './part.ts';
import { dispositionOf, fileName, type PartInfo, partInfo } from './part-info.ts';
import { type Summary, summarize } from './summary.ts';
import { createDecoder } from './transfer.ts';

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
    parts: listed.map(infoOf),
    attachments: listed.filter((content) => content.text === undefined && !isEmbedded(content.part)).map(infoOf),
    size,
    defects,
  };
}

const infoOf = ({ part, size }: Content) => partInfo(part, size);

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
