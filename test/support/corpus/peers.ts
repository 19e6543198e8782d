/** Second opinions on a message: mailparser and postal-mime, as far as what they tell can be compared. */
import { type Attachment, type AddressObject, simpleParser } from 'mailparser';
import PostalMime from 'postal-mime';
import { contents, type Facet } from './facets.ts';

export interface Opinion {
  readonly subject: string;
  readonly addresses: readonly string[];
  readonly names: readonly string[];
  /** All texts and attachments, without white space, one behind the other. */
  readonly content: string;
}

export async function byMailparser(octets: Buffer): Promise<Opinion> {
  const mail = await simpleParser(octets, { skipHtmlToText: true, skipTextToHtml: true, skipTextLinks: true });
  const attachments: readonly Attachment[] = mail.attachments;
  const people = (field: AddressObject | AddressObject[] | undefined) =>
    [field].flat().flatMap((list) => list?.value ?? []);
  return {
    subject: mail.subject ?? '',
    addresses: addressLines({ from: people(mail.from), to: people(mail.to), cc: people(mail.cc) }),
    names: attachments.flatMap(({ filename }) => filename ?? []),
    content: joined([mail.text, mail.html || '', ...attachments.map(({ content }) => content)]),
  };
}

export async function byPostalMime(octets: Buffer): Promise<Opinion> {
  const mail = await PostalMime.parse(octets);
  return {
    subject: mail.subject ?? '',
    addresses: addressLines({ from: [mail.from ?? []].flat(), to: mail.to ?? [], cc: mail.cc ?? [] }),
    names: mail.attachments.flatMap(({ filename }) => filename ?? []),
    content: joined([mail.text, mail.html, ...mail.attachments.map(({ content }) => content)]),
  };
}

function addressLines(
  fields: Readonly<Record<string, readonly { name: string; address?: string | undefined }[]>>,
): string[] {
  return Object.entries(fields).flatMap(([field, people]) =>
    people.map(({ name, address }) => `${field} ${name} <${address ?? ''}>`),
  );
}

function joined(pieces: readonly (string | ArrayBuffer | Uint8Array | undefined)[]): string {
  return pieces
    .map((piece) => {
      if (piece === undefined || typeof piece === 'string') return piece ?? '';
      return Buffer.from(piece instanceof ArrayBuffer ? new Uint8Array(piece) : piece).toString('latin1');
    })
    .join('\n')
    .replace(/\s+/g, '');
}

/** `untold`: what the peer tells does not show it, as neither tells of a tree. */
export type Verdict = 'as expected' | 'as we' | 'otherwise' | 'untold';

/** With whom a peer sides, where the expectation and we differ. */
export function verdict(peer: Opinion, facet: Facet, expected: readonly string[], ours: readonly string[]): Verdict {
  const holds = (lines: readonly string[], others: readonly string[]) => {
    if (facet === 'subject') return peer.subject === lines[0];
    if (facet === 'addresses') return same(peer.addresses, lines);
    if (facet === 'names')
      return same(
        peer.names,
        lines.map((line) => line.replace(/^\S+ /, '')),
      );
    const own = lines
      .filter((line) => !others.includes(line))
      .map((line) => contents.get(line.split(/[ ,]+/)[1] ?? ''));
    return own.length > 0 && own.every((content) => content !== undefined && peer.content.includes(content));
  };
  if (facet === 'structure') return 'untold';
  if (holds(ours, expected)) return 'as we';
  return holds(expected, ours) ? 'as expected' : 'otherwise';
}

function same(first: readonly string[], second: readonly string[]): boolean {
  return JSON.stringify(first) === JSON.stringify(second);
}
