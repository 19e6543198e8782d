/**
 * The parts of a composed message: its tree, their MIME header fields and their bytes (RFC 2045, RFC 2046, RFC 2183).
 *
 * Why: the tree is only as deep as the content needs: mixed [ alternative [ text, related [ html, inline… ], calendar ],
 * attachments ].
 * A part is a header and a list of segments, each either bytes or an attachment still to be read; so a tree is flattened
 * once, and what is left is a list to play. This file must never know addresses or subjects.
 */

import { randomBytes } from 'node:crypto';
import { UsageError } from '../errors.ts';
import { Base64Encoder, base64Length } from './base64.ts';
import type { Codec } from './codec.ts';
import { calendarFile, calendarMethod } from './compose-calendar.ts';
import { flowText } from './compose-flowed.ts';
import type { Attachment, Draft } from './draft.ts';
import { checkMessageId, checkText, foldField } from './header.ts';
import { DATA_KINDS, type DataKind, fits, LineScanner } from './lines.ts';
import { parameterPieces } from './params.ts';
import { QuotedPrintableEncoder } from './quoted-printable.ts';
import { guessType } from './types.ts';

/** A control character in text is no line's matter, but might not arrive. */
const CONTROLS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

/** Bytes as they are, or an attachment to be read in this place. */
export type Segment = Uint8Array | Content;

export interface Content {
  readonly attachment: Attachment;
  /** As what it goes: octets, lines that are what is said here, or base64. */
  readonly form: DataKind | 'base64';
}

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
  if (draft.calendar !== undefined) others.push(calendarFile(draft.calendar));
  const attached = (attachment: Attachment): Entity => attachmentEntity(attachment, most);
  const bodies = bodiesOf(draft, related.map(attached), most);
  const content = bodies.length > 1 ? multipart('alternative', bodies) : bodies[0];
  if (others.length === 0) return content ?? textEntity('', { type: 'text/plain' }, most);
  return multipart('mixed', [...(content === undefined ? [] : [content]), ...others.map(attached)]);
}

/** The same content in the forms there are of it, from the plainest to the richest (RFC 2046 §5.1.4). */
function bodiesOf({ text, flowed, html, calendar }: Draft, related: readonly Entity[], most: DataKind): Entity[] {
  const bodies: Entity[] = [];
  if (text !== undefined) {
    const plain = { type: 'text/plain', ...(flowed === true ? { params: ['format=flowed'] } : {}) };
    bodies.push(textEntity(flowed === true ? flowText(text) : text, plain, most));
  }
  if (html !== undefined) {
    const entity = textEntity(html, { type: 'text/html' }, most);
    bodies.push(related.length === 0 ? entity : multipart('related', [entity, ...related], ['type="text/html"']));
  }
  if (calendar !== undefined) {
    const method = calendarMethod(calendar);
    const params = method === undefined ? [] : [`method=${method}`];
    bodies.push(textEntity(calendar, { type: 'text/calendar', params }, most));
  }
  return bodies;
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
  const kind = DATA_KINDS.findLast((each) => parts.some((part) => part.kind === each)) ?? '7bit';
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

/** Text that is short lines goes as it is, where its octets may; anything else in the shorter of the two encodings. */
function textEntity(text: string, { type, params = [] }: { type: string; params?: string[] }, most: DataKind): Entity {
  if (typeof text !== 'string') throw new UsageError('bad-header', `The ${type} of the message is not text.`);
  const lines = text.replace(/\r?\n/g, '\r\n');
  const whole = lines === '' || lines.endsWith('\r\n') ? lines : `${lines}\r\n`;
  const canonical = Buffer.from(whole);
  const kind = CONTROLS.test(whole) ? 'binary' : kindOf(canonical);
  const plain = fits(kind, most === 'binary' ? '8bit' : most);
  const { encoding, body } = plain ? { encoding: kind, body: canonical } : shortest(canonical);
  const header =
    foldField('Content-Type', withSemicolons([type, 'charset=utf-8', ...params])) +
    foldField('Content-Transfer-Encoding', [encoding]);
  return { header, body: [body], kind: plain ? kind : '7bit', encoded: !plain };
}

function kindOf(octets: Buffer): DataKind {
  const scanner = new LineScanner();
  scanner.push(octets);
  return scanner.end();
}

/** Base64 is shorter from about one octet in six on that would have to be escaped. */
function shortest(text: Buffer): { encoding: string; body: Buffer } {
  const quoted = encodedBy(new QuotedPrintableEncoder(), text);
  if (quoted.length <= base64Length(text.length)) return { encoding: 'quoted-printable', body: quoted };
  return { encoding: 'base64', body: encodedBy(new Base64Encoder(), text) };
}

function encodedBy(encoder: Codec, octets: Buffer): Buffer {
  return Buffer.concat([encoder.push(octets), encoder.end()]);
}

function attachmentEntity(attachment: Attachment, most: DataKind): Entity {
  const { size } = attachment;
  const name = checkText('the name of an attachment', attachment.name);
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
    throw new UsageError('bad-attachment', `The size of the attachment ${name} is not a whole number of octets.`);
  }
  // What names a path or a URL and cannot be opened is no attachment: nothing is ever read or fetched because a value says so.
  if (typeof attachment.open !== 'function') {
    throw new UsageError('bad-attachment', `The attachment ${name} cannot be opened: it has no open().`, {
      hint: 'openAttachment makes one of a file.',
    });
  }
  const { type, form } = formOf(attachment, most);
  const disposition = attachment.inline === true ? 'inline' : 'attachment';
  const params = [...charsetParameter(type, attachment.charset), ...nameParameter(name)];
  const fields = [
    foldField('Content-Type', withSemicolons([type, ...params])),
    foldField('Content-Transfer-Encoding', [form]),
    foldField('Content-Disposition', withSemicolons([disposition, ...parameterPieces('filename', name)])),
  ];
  if (attachment.contentId !== undefined) {
    fields.push(foldField('Content-ID', [checkMessageId('the content id', attachment.contentId)]));
  }
  const kind = form === 'base64' ? '7bit' : form;
  return { header: fields.join(''), body: [{ attachment, form }], kind, encoded: form === 'base64' };
}

/** As what an attachment goes; a message only as it is, and else as a file of octets (RFC 2046 §5.2.1). */
function formOf(attachment: Attachment, most: DataKind): { type: string; form: Content['form'] } {
  const type = mediaType(attachment);
  const { lines } = attachment;
  const isMessage = type === 'message/rfc822';
  if (isMessage && lines !== undefined && fits(lines, most)) return { type, form: lines };
  const structured = /^(?:message|multipart)\//.test(type);
  return { type: structured ? 'application/octet-stream' : type, form: most === 'binary' ? 'binary' : 'base64' };
}

function charsetParameter(type: string, charset: string | undefined): string[] {
  if (charset === undefined || !type.startsWith('text/')) return [];
  return parameterPieces('charset', checkText('the charset of an attachment', charset));
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
  return type;
}

function withSemicolons(pieces: readonly string[]): string[] {
  return pieces.map((piece, index) => (index < pieces.length - 1 ? `${piece};` : piece));
}
