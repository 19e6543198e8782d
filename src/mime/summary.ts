/**
 * What the header of a message says, as values: for listings, for threading, for answering (RFC 5322 §3.6).
 *
 * Why: a listing of thousands of messages reads only headers, so this is kept apart from bodies. Ids come out only in a
 * form that may be written into a new header.
 */

import { asBuffer } from '../wire/bytes.ts';
import type { Address } from './address.ts';
import { MAX_ADDRESSES, parseAddressList } from './address-list.ts';
import { parseDate } from './date.ts';
import { type Defect, noteOnce } from './defect.ts';
import type { Headers } from './header-fields.ts';
import { HeaderReader } from './header-reader.ts';
import { parseParameterized } from './params.ts';
import type { MessageSource } from './source.ts';

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

/**
 * @param headers of which the charsets are loaded already.
 * @param defects where to note what is lost or can be read in two ways.
 * @returns what a header block says.
 */
export function summarize(headers: Headers, defects: Defect[] = []): Summary {
  const addresses = (name: string) => addressesIn(headers.rawAll(name), defects);
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

/** The addresses of all fields of one name; fields are left out once more have been read than one of them may have. */
function addressesIn(values: readonly string[], defects: Defect[]): readonly Address[] {
  const found: Address[] = [];
  for (const value of values) {
    if (found.length >= MAX_ADDRESSES) {
      noteOnce(defects, { code: 'too-many-addresses', part: '' });
      break;
    }
    const list = parseAddressList(value);
    for (const { code } of list.defects) if (!USUAL.has(code)) noteOnce(defects, { code, part: '' });
    if (values.length === 1) return list.addresses;
    for (const address of list.addresses) found.push(address);
  }
  return found;
}

/** What is doubtful where somebody types it, and harmless in mail. */
const USUAL = new Set(['address-comment', 'phrase-special', 'source-route', 'obsolete-address', 'no-domain']);

/** The message ids in a field: printable ASCII in angle brackets, of a length that still fits a line; no thread has more. */
export function messageIds(value: string): string[] {
  const ids: string[] = [];
  MESSAGE_ID.lastIndex = 0;
  for (let id = MESSAGE_ID.exec(value); id !== null && ids.length < MAX_IDS; id = MESSAGE_ID.exec(value))
    ids.push(id[0]);
  return ids;
}

const MESSAGE_ID = /<[!-;=?-~]{1,900}>/g;
const MAX_IDS = 10_000;

function hintsAttachments(contentType: string | undefined): boolean {
  if (contentType === undefined) return false;
  const type = parseParameterized(contentType).value;
  return type.includes('/') && !/^(?:text\/|multipart\/(?:alternative|related|report|signed)$)/.test(type);
}

/** What a listing takes in of one header, in octets: a stranger's megabytes must not be multiplied by the rows of a list. */
export const LISTED_HEADER = 256 * 1024;

/**
 * Reads no further than the header of a message.
 *
 * @param source the message, or as much of it as there is.
 * @param limit octets after which no further chunk is asked for; the header ends there, then.
 */
export async function readHeaders(source: MessageSource, limit = Number.POSITIVE_INFINITY): Promise<Summary> {
  const reader = new HeaderReader();
  if (source instanceof Uint8Array) reader.push(asBuffer(source), 0);
  else await readFrom(source, reader, limit);
  if (!reader.done) reader.end();
  const headers = reader.headers();
  await headers.loadCharsets();
  return summarize(headers);
}

async function readFrom(chunks: AsyncIterable<Uint8Array>, reader: HeaderReader, limit: number): Promise<void> {
  let octets = 0;
  for await (const chunk of chunks) {
    reader.push(asBuffer(chunk), 0);
    octets += chunk.length;
    if (reader.done || octets >= limit) break;
  }
}
