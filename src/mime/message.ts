/**
 * A message as a reader sees it: who, what about, the text, and the list of its parts.
 *
 * Why: this is what people and programs want of a message, in one value; to save a part, see extract.ts. This file must
 * never know where messages come from.
 */

import { type Bodies, decodeBodies, isEmbedded } from './bodies.ts';
import { isKnownCharset, isPlatformCharset, loadCharsets } from './charset.ts';
import { type Content, readContents } from './contents.ts';
import { type Defect, note } from './defect.ts';
import { type Notices, readNotices } from './notices.ts';
import type { Part } from './part.ts';
import { type PartInfo, partInfo } from './part-info.ts';
import { besideRoot, referredIds } from './related.ts';
import type { MessageSource } from './source.ts';
import { type Summary, summarize } from './summary.ts';

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
  readonly maxText?: number | undefined;
}

/**
 * Reads a message of any quality: what is wrong with it is in `defects`.
 *
 * @param source the message, or its octets as they come.
 * @throws only what `source` throws.
 */
export async function readMessage(source: MessageSource, options: ReadOptions = {}): Promise<Message> {
  const { contents, defects, size } = await readContents(source, options.maxText ?? 8 * 1024 * 1024);
  const labels = new Set<string>();
  for (const { part } of contents) addCharsets(part, labels);
  if (![...labels].every(isPlatformCharset)) {
    await loadCharsets(labels);
    noteUnknown(contents, labels, defects);
  }
  const beside = besideRoot(contents.map(({ part }) => part));
  const parents = new Set(contents.map(({ part }) => part.parent));
  // What stands in a multipart before its first part is text only where there is none.
  const isPreamble = (part: Part) => part.kind === 'multipart' && parents.has(part);
  const isText = ({ part, text }: Content) => text !== undefined && !beside.has(part) && !isPreamble(part);
  const bodies = decodeBodies(contents.filter(isText), defects);
  const listed = contents.filter(({ part }) => part.kind !== 'multipart');
  const others = listed.filter((content) => !isText(content) && !isEmbedded(content.part)).map(infoOf);
  const inline = inlineImages(others, bodies.html);
  const shown = new Set(inline);
  return {
    ...summarize((contents[0] as Content).part.headers, defects),
    ...bodies,
    ...readNotices(contents),
    parts: listed.map(infoOf),
    attachments: others.filter((part) => !shown.has(part)),
    inline,
    size,
    defects,
  };
}

const infoOf = ({ part, size }: Content) => partInfo(part, size);

function addCharsets({ headers, params }: Part, labels: Set<string>): void {
  headers.addCharsets(labels);
  const charset = params.get('charset');
  if (charset !== undefined) labels.add(charset);
}

/** Text in these charsets is shown as the best that can be made of it. */
function noteUnknown(contents: readonly Content[], labels: ReadonlySet<string>, defects: Defect[]): void {
  const unknown = new Set<string>();
  for (const label of labels) if (!isKnownCharset(label)) unknown.add(label);
  if (unknown.size === 0) return;
  for (const { part } of contents) {
    const own = new Set<string>();
    addCharsets(part, own);
    if ([...own].some((label) => unknown.has(label)))
      note(defects, { code: 'unknown-charset', offset: part.start, part: part.number });
  }
}

function inlineImages(parts: readonly PartInfo[], html = ''): PartInfo[] {
  const images = parts.filter(({ type, contentId }) => contentId !== undefined && type.startsWith('image/'));
  if (images.length === 0) return images;
  const shown = referredIds(html);
  return images.filter(({ contentId = '' }) => shown.has(contentId));
}
