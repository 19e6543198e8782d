/**
 * Composing a message from a draft (RFC 5322, RFC 2045-2049, RFC 2183, RFC 2231, RFC 6532).
 *
 * Why: everything that can be refused is refused before the first byte, the header and the envelope come from the same
 * parsed addresses, and what is produced is a plan that can be played again: the same bytes at every attempt, in memory
 * that does not grow with the attachments. This file must never know where the bytes go; dot-stuffing is the wire's.
 */

import { UsageError } from '../errors.ts';
import { distinctAddresses, needsUtf8, wireAddress } from './address.ts';
import { BASE64_BLOCK, Base64Encoder, base64Length } from './base64.ts';
import { type ComposedHeader, topHeader } from './compose-header.ts';
import { type Content, type Entity, rootEntity, type Segment } from './compose-parts.ts';
import type { Attachment, Draft } from './draft.ts';
import { type DataKind, fits, LineScanner } from './lines.ts';

export interface Envelope {
  /** The return path, without angle brackets. */
  readonly from: string;
  /** Without angle brackets, each once, in the order of To, Cc, Bcc. */
  readonly recipients: readonly string[];
}

export interface ComposedMessage extends AsyncIterable<Uint8Array> {
  /** With angle brackets. */
  readonly messageId: string;
  readonly envelope: Envelope;
  /** The header of the message as it will be sent, each line with its CRLF. */
  readonly headers: string;
  /** Exact, in octets; undefined while the size of an attachment is unknown. */
  readonly size: number | undefined;
  /** An address of the envelope has a local part that is not ASCII: the server must offer SMTPUTF8 (RFC 6531). */
  readonly needsUtf8: boolean;
  /** An octet above 127 is among the bytes: the server must offer 8BITMIME. */
  readonly has8bit: boolean;
  /** It is not made of lines: the server must offer BINARYMIME. */
  readonly isBinary: boolean;
  /** Every line end is CRLF, and no CR or LF stands alone. */
  readonly exactLines: boolean;
  /**
   * The same message, written for a way that takes this: text as it is for `8bit`, attachments too for `binary`, which
   * spares a quarter of them. As it comes from `compose`, it is written for `7bit`, which every server takes.
   */
  encode(most: DataKind): ComposedMessage;
  /**
   * The bytes, in chunks of mostly 64 KiB and more, from the start at every call and always the same: CRLF line ends,
   * no line above 998 octets; but for binary attachments.
   *
   * @throws UsageError `attachment-changed` when an attachment is longer or shorter than its `size`. What was produced
   * by then is not a whole message, and its last bytes never came: the caller must not end it.
   */
  chunks(): AsyncIterable<Uint8Array>;
}

/**
 * @returns the message, ready to be sent any number of times.
 * @throws UsageError `bad-address`, or `bad-header` for a text, name, id or field that a header cannot carry safely.
 */
export function compose(draft: Draft): ComposedMessage {
  const header = topHeader(draft);
  const narrowest = rootEntity(draft, '7bit');
  const forms = new Map<DataKind, ComposedMessage>();
  const encode = (most: DataKind): ComposedMessage => {
    // Where nothing had to be encoded, no way would have it otherwise.
    const kind = narrowest.encoded ? most : '7bit';
    const form = forms.get(kind) ?? written(kind === '7bit' ? narrowest : rootEntity(draft, kind), header, encode);
    forms.set(kind, form);
    return form;
  };
  return encode('7bit');
}

function written(root: Entity, header: ComposedHeader, encode: ComposedMessage['encode']): ComposedMessage {
  const headers = header.fields + root.header;
  const segments = [Buffer.from(`${headers}\r\n`), ...root.body];
  const utf8Headers = Buffer.byteLength(headers) > headers.length;
  const isBinary = root.kind === 'binary';
  const chunks = (): Octets => play(segments);
  return {
    messageId: header.messageId,
    envelope: envelopeOf(header),
    headers,
    size: totalSize(segments),
    needsUtf8: [header.sender, ...header.recipients].some(needsUtf8) || utf8Headers,
    has8bit: utf8Headers || root.kind === '8bit',
    isBinary,
    exactLines: !isBinary,
    encode,
    chunks,
    [Symbol.asyncIterator]: chunks,
  };
}

function envelopeOf(header: ComposedHeader): Envelope {
  return { from: wireAddress(header.sender), recipients: distinctAddresses(header.recipients) };
}

function totalSize(segments: readonly Segment[]): number | undefined {
  let total = 0;
  for (const segment of segments) {
    const size = segment instanceof Uint8Array ? segment.length : segment.attachment.size;
    if (size === undefined) return undefined;
    total += segment instanceof Uint8Array || segment.form !== 'base64' ? size : base64Length(size);
  }
  return total;
}

type Octets = AsyncGenerator<Uint8Array, void, undefined>;

async function* play(segments: readonly Segment[]): Octets {
  for (const segment of segments) {
    if (segment instanceof Uint8Array) yield segment;
    else yield* content(segment);
  }
}

function content({ attachment, form }: Content): Octets {
  if (form === 'base64') return encoded(attachment);
  return form === 'binary' ? read(attachment) : readLines(attachment, form);
}

async function* encoded(attachment: Attachment): Octets {
  const encoder = new Base64Encoder();
  for await (const chunk of read(attachment)) {
    // A block at once: memory stays constant whatever an attachment yields.
    for (let at = 0; at < chunk.length; at += BASE64_BLOCK) {
      const lines = encoder.push(chunk.subarray(at, at + BASE64_BLOCK));
      if (lines.length > 0) yield lines;
    }
  }
  const last = encoder.end();
  if (last.length > 0) yield last;
}

/** An attachment as it is, and no other. */
async function* read(attachment: Attachment): Octets {
  let octets = 0;
  for await (const chunk of attachment.open()) {
    octets += chunk.length;
    if (attachment.size !== undefined && octets > attachment.size) throw changed(attachment);
    yield chunk;
  }
  if (attachment.size !== undefined && octets !== attachment.size) throw changed(attachment);
}

/** What is said to be lines must be, to the last octet: a bare LF in it could end the message where somebody wants it to. */
async function* readLines(attachment: Attachment, kind: DataKind): Octets {
  const scanner = new LineScanner();
  for await (const chunk of read(attachment)) {
    scanner.push(chunk);
    if (!fits(scanner.kind, kind)) throw changed(attachment);
    yield chunk;
  }
  if (!fits(scanner.end(), kind)) throw changed(attachment);
}

function changed(attachment: Attachment): UsageError {
  return new UsageError('attachment-changed', `The attachment ${attachment.name} changed while it was being sent.`, {
    hint: 'Send the message again when the file is no longer being written.',
  });
}
