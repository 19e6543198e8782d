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
import { isNotice, MAX_NOTICE, type Notices, readNotices } from './notices.ts';
import { MessageParser } from './parse.ts';
import type { Part } from './part.ts';
import { type PartInfo, partInfo } from './part-info.ts';
import { besideRoot, referredIds } from './related.ts';
import { type Summary, summarize } from './summary.ts';
import { createDecoder } from './transfer.ts';

/** `text` is the plain text alone; see `readableText` for what a person reads. */
export interface Message extends Summary, Bodies, Notices {
  /** Everything that can be extracted, also out of embedded messages, in order. */
  readonly parts: readonly PartInfo[];
  /** The parts that are neither the text of the message nor images in it; an embedded message is one. */
  readonly attachments: readonly PartInfo[];
  /** The images that the HTML of the message shows (RFC 2392). */
  readonly inline: readonly PartInfo[];
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
  readonly notice: Uint8Array[] | undefined;
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
  const beside = besideRoot(contents.map(({ part }) => part));
  const isText = ({ part, text }: Content) => text !== undefined && !beside.has(part);
  const found = contents.filter(isText).map(({ part, text = [] }) => ({ part, octets: text }));
  const bodies = decodeBodies(found, defects);
  const shown = referredIds(bodies.html ?? '');
  const listed = contents.filter(({ part }) => part.kind !== 'multipart');
  const others = listed.filter((content) => !isText(content) && !isEmbedded(content.part)).map(infoOf);
  const isInline = ({ type, contentId = '' }: PartInfo) => type.startsWith('image/') && shown.has(contentId);
  return {
    ...summary,
    ...bodies,
    ...(await readNotices(contents)),
    parts: listed.map(infoOf),
    attachments: others.filter((part) => !isInline(part)),
    inline: others.filter(isInline),
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
    if (content.notice !== undefined && content.size <= MAX_NOTICE) content.notice.push(Uint8Array.from(octets));
    if (content.text === undefined || octets.length === 0) return;
    if (octets.length > room) note(parser.defects, { code: 'text-truncated', part: content.part.number });
    content.text.push(Uint8Array.from(octets.subarray(0, room)));
    room -= Math.min(room, octets.length);
  };
  const parser = new MessageParser({
    partStart(part) {
      const [text, notice] = [isBody(part) ? [] : undefined, isNotice(part) ? [] : undefined];
      const content = { part, decoder: createDecoder(part.encoding), text, notice, size: 0 };
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
