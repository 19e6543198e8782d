/**
 * Which parts of a message are its text, and the text they make together (RFC 2046 §5.1.4, RFC 2183).
 *
 * Why: this choice is made in one place, so that what is shown, answered and saved agree. HTML is turned into text only when
 * somebody wants to read it: most programs that read a message never do.
 */

import { decodeText } from './charset.ts';
import { type Defect, note } from './defect.ts';
import { unflow } from './flowed.ts';
import { htmlToText } from './html.ts';
import type { KeptOctets } from './kept.ts';
import type { Part } from './part.ts';
import { fileName } from './part-info.ts';

/** Characters whose lines are looked at together. */
const BLOCK = 65_536;

/** A piece of the text of a message, decoded. Lines end in LF; what came as format=flowed is a line for each paragraph. */
export interface Body {
  /** The number of its part. */
  readonly part: string;
  readonly html: boolean;
  readonly text: string;
}

/** Whether a part is text of the message itself, and no attachment. A multipart counts where it has no parts. */
export function isBody(part: Part): boolean {
  if (isEmbedded(part)) return false;
  if (part.type.startsWith('multipart/')) return true;
  if (part.type !== 'text/plain' && part.type !== 'text/html') return false;
  if (part.disposition?.value === 'attachment') return false;
  return part.depth === 0 || fileName(part) === undefined;
}

/** Whether a part is inside an embedded message. */
export function isEmbedded(part: Part): boolean {
  for (let parent = part.parent; parent !== undefined; parent = parent.parent) {
    if (parent.kind === 'message') return true;
  }
  return false;
}

export interface Bodies {
  /** What is to be read, in the order of the parts: of alternatives the plain one. */
  readonly bodies: readonly Body[];
  /** The plain text among them; undefined when there is none. */
  readonly text: string | undefined;
  /** The first HTML, as the sender wrote it, whether it is to be read or not. */
  readonly html: string | undefined;
}

/**
 * Decodes the text of a message. Elsewhere than among alternatives each part counts, because mailing lists and some
 * programs add text in parts of its own.
 *
 * @param found the parts for which `isBody` holds, in their order, and the octets of each. Charsets are loaded already.
 */
export function decodeBodies(
  found: readonly { readonly part: Part; readonly text: KeptOctets | undefined }[],
  defects: Defect[],
): Bodies {
  const plain = new Set(found.filter(({ part }) => part.type === 'text/plain').map(({ part }) => alternativeOf(part)));
  plain.delete(undefined);
  const bodies: Body[] = [];
  let html: string | undefined;
  for (const { part, text: kept } of found) {
    if (kept === undefined || (part.kind === 'multipart' && kept.size === 0)) continue;
    const decoded = decodeText(kept.octets, part.params.get('charset'));
    if (!decoded.clean) note(defects, { code: 'bad-charset', part: part.number });
    const text = inParagraphs(part, withLf(decoded.text));
    const body = { part: part.number, html: part.type === 'text/html', text };
    if (body.html) html ??= body.text;
    if (!body.html || !plain.has(alternativeOf(part))) bodies.push(body);
  }
  const texts = bodies.filter((body) => !body.html).map((body) => body.text);
  return { bodies, text: joinPieces(texts), html };
}

/**
 * The text to read of a message: what is plain, and what is HTML alone as text. Each piece is converted by itself, so that
 * the HTML of one part cannot swallow another.
 *
 * @returns undefined when the message has no text.
 */
export async function readableText({ bodies }: Pick<Bodies, 'bodies'>): Promise<string | undefined> {
  const texts: string[] = [];
  for (const { html, text } of bodies) texts.push(html ? await htmlToText(text) : text);
  return joinPieces(texts);
}

/** A piece begins a line of its own: the line end before a boundary is no part of the piece before it. */
function joinPieces(texts: readonly string[]): string | undefined {
  if (texts.length === 0) return undefined;
  return texts.reduce((all, text) => (all === '' || all.endsWith('\n') ? all + text : `${all}\n${text}`));
}

/**
 * Lines that end in LF. It goes block by block and puts arrays together, because replacing makes a string of millions of
 * pieces out of millions of lines, which stays twenty times as large as its text.
 */
function withLf(text: string): string {
  if (text.length <= BLOCK) return text.replace(/\r\n/g, '\n');
  const blocks: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = at + BLOCK + (text[at + BLOCK - 1] === '\r' ? 1 : 0);
    blocks.push(text.slice(at, end).split('\r\n').join('\n'));
    at = end;
  }
  return blocks.join('');
}

function inParagraphs({ type, params }: Part, text: string): string {
  if (type !== 'text/plain' || params.get('format')?.toLowerCase() !== 'flowed') return text;
  return unflow(text, params.get('delsp')?.toLowerCase() === 'yes');
}

function alternativeOf(part: Part): Part | undefined {
  let parent = part.parent;
  while (parent !== undefined && parent.type !== 'multipart/alternative') parent = parent.parent;
  return parent;
}
