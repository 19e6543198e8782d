/**
 * What the header of a message says, as values: for listings, for threading, for answering (RFC 5322 §3.6).
 *
 * Why: a listing of thousands of messages reads only headers, so this is kept apart from bodies. Ids come out only in a
 * form that may be written into a new header.
 */

import type { Address } from './address.ts';
import { parseAddressList } from './address-list.ts';
import { parseDate } from './date.ts';
import { HeaderReader, type Headers } from './header-reader.ts';
import { parseParameterized } from './params.ts';

export interface Summary {
  readonly headers: Headers;
  /** Decoded, on one line; empty when there is none. */
  readonly subject: string;
  readonly from: readonly Address[];
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly replyTo: readonly Address[];
  readonly date: Date | undefined;
  /** With angle brackets. */
  readonly messageId: string | undefined;
  readonly inReplyTo: string | undefined;
  readonly references: readonly string[];
  /** A guess from the top Content-Type: true for a message that is more than text and its alternatives. */
  readonly hasAttachments: boolean;
}

/** @returns what a header block says; its charsets are loaded first, if it names unusual ones. */
export async function summarize(headers: Headers): Promise<Summary> {
  await headers.loadCharsets();
  const addresses = (name: string) => headers.rawAll(name).flatMap((value) => parseAddressList(value).addresses);
  const ids = (name: string) => messageIds(headers.raw(name) ?? '');
  return {
    headers,
    subject: headers.get('subject') ?? '',
    from: addresses('from'),
    to: addresses('to'),
    cc: addresses('cc'),
    replyTo: addresses('reply-to'),
    date: parseDate(headers.raw('date') ?? ''),
    messageId: ids('message-id')[0],
    inReplyTo: ids('in-reply-to')[0],
    references: ids('references'),
    hasAttachments: hintsAttachments(headers.raw('content-type')),
  };
}

/** The message ids in a field: printable ASCII in angle brackets, of a length that still fits a line. */
export function messageIds(value: string): string[] {
  return Array.from(value.matchAll(/<[!-;=?-~]{1,900}>/g), (match) => match[0]);
}

function hintsAttachments(contentType: string | undefined): boolean {
  const type = parseParameterized(contentType ?? 'text/plain').value;
  return type.includes('/') && !/^(?:text\/|multipart\/(?:alternative|related|report|signed)$)/.test(type);
}

/**
 * Reads no further than the header of a message.
 *
 * @param source the message, or as much of it as there is.
 */
export async function readHeaders(source: Uint8Array | AsyncIterable<Uint8Array>): Promise<Summary> {
  const reader = new HeaderReader();
  if (source instanceof Uint8Array) reader.push(Buffer.from(source.buffer, source.byteOffset, source.byteLength), 0);
  else {
    for await (const chunk of source) {
      reader.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength), 0);
      if (reader.done) break;
    }
  }
  if (!reader.done) reader.end();
  return summarize(reader.headers());
}
