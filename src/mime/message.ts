/**
 * A message as a reader sees it: who, what about, the text, and the list of its parts.
 *
 * Why: the text is kept up to a cap, attachments are counted but never held; to save one, see extract.ts.
 * This file must never know where messages come from.
 */

import { type Bodies, decodeBodies, isBody, isEmbedded } from './bodies.ts';
import { loadCharsets } from './charset.ts';
import type { Codec } from './codec.ts';
import { type Defect, note } from './defect.ts';
import { MessageParser } from './parse.ts';
import type { Part } from './part.ts';
import { type PartInfo, partInfo } from './part-info.ts';
import { type Summary, summarize } from './summary.ts';
import { createDecoder } from './transfer.ts';

/** `text` is the plain text alone; see `readableText` for what a person reads. */
export interface Message extends Summary, Bodies {
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
 * @param source the message, or its octets as they come.
 * @throws only what `source` throws.
 */
export async function readMessage(
  source: Uint8Array | AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): Promise<Message> {
  const { contents, defects, size } = await readContents(source, options.maxText ?? 8 * 1024 * 1024);
  const root = contents[0] as Content;
  const summary = await summarize(root.part.headers);
  for (const { part } of contents) await part.headers.loadCharsets();
  await loadCharsets(contents.map(({ part }) => part.params.get('charset') ?? 'utf-8'));
  const found = contents.flatMap(({ part, text }) => (text === undefined ? [] : [{ part, octets: text }]));
  const listed = contents.filter(({ part }) => part.kind !== 'multipart');
  return {
    ...summary,
    ...decodeBodies(found, defects),
    parts: listed.map(infoOf),
    attachments: listed.filter((content) => content.text === undefined && !isEmbedded(content.part)).map(infoOf),
    size,
    defects,
  };
}

const infoOf = ({ part, size }: Content) => partInfo(part, size);

async function readContents(source: Uint8Array | AsyncIterable<Uint8Array>, maxText: number) {
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
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    size += chunk.length;
    parser.push(chunk);
  }
  parser.end();
  return { contents, defects: parser.defects, size };
}
