/**
 * A message of the corpus as lines that can be compared and printed: its tree, its bodies by hash, who it is from and what
 * its parts are called. Every reading of a message, ours and others', is brought into this form.
 */
import { createHash } from 'node:crypto';

export const FACETS = ['structure', 'raw', 'bodies', 'texts', 'subject', 'addresses', 'date', 'ids', 'names'] as const;
export type Facet = (typeof FACETS)[number];
export type Facets = Readonly<Partial<Record<Facet, readonly string[]>>>;

/** A message with the reading that its corpus expects. A facet that is not there is not known there. */
export interface Expectation {
  /** `mime4j/basic-plain`. */
  readonly name: string;
  readonly octets: Buffer;
  readonly facets: Facets;
}

/** A part of an expected tree. Its number follows from its place. */
export interface Tree {
  readonly type: string;
  /** The parts of a multipart, or the one message that is embedded. */
  readonly children?: readonly Tree[];
  /** Of a part that holds no others: its decoded content, or its text where only that is known. */
  readonly body?: Uint8Array;
  readonly text?: string;
  readonly fileName?: string | undefined;
}

/** What can be said of a tree, numbered as RFC 3501 §6.4.5 numbers: written anew here, so that it tests ours. */
export function treeFacets(tree: Tree): Facets {
  const lines = { structure: [], bodies: [], texts: [], names: [] } as Record<string, string[]>;
  const walk = (part: Tree, number: string) => {
    const multipart = part.type.startsWith('multipart/') && part.children !== undefined;
    const shown = number === '' && !multipart ? '1' : number;
    lines['structure']?.push(`${shown || '-'} ${part.type}`);
    if (part.body !== undefined) lines['bodies']?.push(bodyLine(shown, part.body));
    if (part.text !== undefined) lines['texts']?.push(textLine(shown, part.text));
    if (part.fileName !== undefined) lines['names']?.push(`${shown} ${part.fileName}`);
    if (multipart) {
      part.children?.forEach((child, index) => walk(child, number === '' ? `${index + 1}` : `${number}.${index + 1}`));
      return;
    }
    const inner = part.children?.[0];
    if (inner === undefined) return;
    const embeds = inner.type.startsWith('multipart/') && inner.children !== undefined;
    walk(inner, embeds ? shown : `${shown}.1`);
  };
  walk(tree, '');
  return lines;
}

/** What the lines of bodies and texts stand for, by their hash, without white space: for finding it in others' readings. */
export const contents = new Map<string, string>();

export function bodyLine(number: string, body: Uint8Array): string {
  contents.set(digest(body), Buffer.from(body).toString('latin1').replace(/\s+/g, ''));
  return `${number} ${digest(body)}, ${body.length} octets`;
}

export function textLine(number: string, text: string): string {
  contents.set(digest(Buffer.from(text)), text.replace(/\s+/g, ''));
  return `${number} ${digest(Buffer.from(text))}, ${text.length} characters`;
}

/** Short enough to be read in a table, long enough that nothing collides by chance. */
export function digest(octets: Uint8Array): string {
  return createHash('sha256').update(octets).digest('hex').slice(0, 12);
}
