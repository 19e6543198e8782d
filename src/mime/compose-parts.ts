/**
 * The parts of a composed message: its tree, their MIME header fields and their bytes (RFC 2045, RFC 2046, RFC 2183).
 *
 * Why: the tree is only as deep as the content needs: mixed [ alternative [ text, related [ html, inline… ] ], attachments ].
 * A part is a header and a list of segments, each either bytes or an attachment still to be read; so a tree is flattened
 * once, and what is left is a list to play. This file must never know addresses or subjects.
 */

import { randomBytes } from 'node:crypto';
import { UsageError } from '../errors.ts';
import type { Attachment, Draft } from './draft.ts';
import { checkMessageId, checkText, foldField, MAX_LINE } from './header.ts';
import { parameterPieces } from './params.ts';
import { QuotedPrintableEncoder } from './quoted-printable.ts';
import { guessType } from './types.ts';

/** Bytes as they are, or an attachment to be read in this place. */
export type Segment = Uint8Array | Attachment;

/** What octets are, or may be: lines of ASCII, lines of any octets, or no lines at all (RFC 2045 §2.7 to §2.9). */
export type DataKind = '7bit' | '8bit' | 'binary';

const KINDS: readonly DataKind[] = ['7bit', '8bit', 'binary'];

export interface Entity {
  /** The MIME fields, each with its CRLF, without the empty line. */
  readonly header: string;
  readonly body: readonly Segment[];
  /** What the body is made of, with its attachments. */
  readonly kind: DataKind;
  /** Something in it had to be encoded, and would go as it is where more is allowed. */
  readonly encoded: boolean;
}

/**
 * @param most what the way takes: text is 8bit where that is allowed, and an attachment binary; else both are encoded.
 * @throws UsageError `bad-header` for a name, type or content id that a header cannot carry.
 */
export function rootEntity(draft: Draft, most: DataKind): Entity {
  const attachments = draft.attachments ?? [];
  const related = draft.html === undefined ? [] : attachments.filter((attachment) => attachment.inline === true);
  const others = attachments.filter((attachment) => !related.includes(attachment));
  const attached = (attachment: Attachment): Entity => attachmentEntity(attachment, most);
  const bodies: Entity[] = [];
  if (draft.text !== undefined) bodies.push(textEntity('plain', draft.text, most));
  if (draft.html !== undefined) {
    const html = textEntity('html', draft.html, most);
    bodies.push(
      related.length === 0 ? html : multipart('related', [html, ...related.map(attached)], ['type="text/html"']),
    );
  }
  const [first, second] = bodies;
  const content = second === undefined ? first : multipart('alternative', bodies);
  if (others.length === 0) return content ?? textEntity('plain', '', most);
  return multipart('mixed', [...(content === undefined ? [] : [content]), ...others.map(attached)]);
}

/** The boundary is 128 random bits after `=_`, which neither base64 nor quoted-printable can ever contain, and no file will. */
function multipart(subtype: string, parts: readonly Entity[], params: readonly string[] = []): Entity {
  const boundary = `=_${randomBytes(16).toString('hex')}`;
  const pieces = [`multipart/${subtype}`, ...params, `boundary="${boundary}"`];
  const body: Segment[] = [];
  let open = '';
  for (const part of parts) {
    body.push(Buffer.from(`${open}--${boundary}\r\n${part.header}\r\n`), ...part.body);
    open = '\r\n';
  }
  body.push(Buffer.from(`\r\n--${boundary}--\r\n`));
  // RFC 2045 §6.4: what holds a part of a kind says so too.
  const kind = KINDS.findLast((each) => parts.some((part) => part.kind === each)) ?? '7bit';
  const encoding = kind === '7bit' ? '' : foldField('Content-Transfer-Encoding', [kind]);
  return {
    header: foldField('Content-Type', withSemicolons(pieces)) + encoding,
    body: joined(body),
    kind,
    encoded: parts.some((part) => part.encoded),
  };
}

/** Neighbouring bytes become one segment, so that small parts leave in one chunk. */
function joined(segments: readonly Segment[]): Segment[] {
  const out: Segment[] = [];
  let run: Uint8Array[] = [];
  const flush = () => {
    if (run.length > 0) out.push(Buffer.concat(run));
    run = [];
  };
  for (const segment of segments) {
    if (segment instanceof Uint8Array) run.push(segment);
    else {
      flush();
      out.push(segment);
    }
  }
  flush();
  return out;
}

/** Text that is short lines goes as it is, where its octets may; anything else as quoted-printable. */
function textEntity(subtype: 'plain' | 'html', text: string, most: DataKind): Entity {
  if (typeof text !== 'string') throw new UsageError('bad-header', `The ${subtype} text of the message is not text.`);
  const lines = text.replace(/\r?\n/g, '\r\n');
  const canonical = Buffer.from(lines === '' || lines.endsWith('\r\n') ? lines : `${lines}\r\n`);
  const found = lineKind(canonical);
  const kind = found === '8bit' && most === '7bit' ? undefined : found;
  const body = kind === undefined ? quotedPrintable(canonical) : canonical;
  const header =
    foldField('Content-Type', [`text/${subtype};`, 'charset=utf-8']) +
    foldField('Content-Transfer-Encoding', [kind ?? 'quoted-printable']);
  return { header, body: [body], kind: kind ?? '7bit', encoded: kind === undefined };
}

function quotedPrintable(text: Buffer): Buffer {
  const encoder = new QuotedPrintableEncoder();
  return Buffer.concat([encoder.push(text), encoder.end()]);
}

/** What text in CRLF lines is; undefined where a line is too long, or holds what might not arrive. */
function lineKind(text: Buffer): '7bit' | '8bit' | undefined {
  let [start, kind]: [number, '7bit' | '8bit'] = [0, '7bit'];
  // By index, as an iterator takes five times as long.
  for (let at = 0; at < text.length; at++) {
    const octet = text[at] ?? 0;
    if (octet === 10) start = at + 1;
    else if (at - start > MAX_LINE) return undefined;
    else if (octet === 13 ? text[at + 1] !== 10 : octet === 127 || (octet < 32 && octet !== 9)) return undefined;
    else if (octet > 127) kind = '8bit';
  }
  return kind;
}

function attachmentEntity(attachment: Attachment, most: DataKind): Entity {
  const binary = most === 'binary';
  const { size } = attachment;
  const name = checkText('the name of an attachment', attachment.name);
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
    throw new UsageError('bad-attachment', `The size of the attachment ${name} is not a whole number of octets.`);
  }
  const disposition = attachment.inline === true ? 'inline' : 'attachment';
  const fields = [
    foldField('Content-Type', withSemicolons([mediaType(attachment), ...nameParameter(name)])),
    foldField('Content-Transfer-Encoding', [binary ? 'binary' : 'base64']),
    foldField('Content-Disposition', withSemicolons([disposition, ...parameterPieces('filename', name)])),
  ];
  if (attachment.contentId !== undefined) {
    fields.push(foldField('Content-ID', [checkMessageId('the content id', attachment.contentId)]));
  }
  return { header: fields.join(''), body: [attachment], kind: binary ? 'binary' : '7bit', encoded: !binary };
}

/** For programs that look only here, an ASCII name; the true one is in Content-Disposition, where RFC 2183 wants it. */
function nameParameter(name: string): string[] {
  return parameterPieces('name', name).slice(-1);
}

function mediaType(attachment: Attachment): string {
  const type = checkText('the type of an attachment', attachment.type ?? guessType(attachment.name)).toLowerCase();
  if (!/^[\w!#$&.+^-]{1,127}\/[\w!#$&.+^-]{1,127}$/.test(type)) {
    throw new UsageError(
      'bad-header',
      `The type of the attachment ${attachment.name} is not of the form type/subtype.`,
    );
  }
  return /^(?:message|multipart)\//.test(type) ? 'application/octet-stream' : type;
}

function withSemicolons(pieces: readonly string[]): string[] {
  return pieces.map((piece, index) => (index < pieces.length - 1 ? `${piece};` : piece));
}
