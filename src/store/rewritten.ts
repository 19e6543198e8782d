/**
 * A message that a mail program wrote again when it moved it, as it was before.
 *
 * mutt copies the header line by line, with the line ends of the wire that were in it, and ends what it writes itself, such
 * as Content-Length and the empty line, with LF alone: so what it added can be told, and taken away again. Dovecot, where it
 * copies and does not link, has LF for every line end. Whether that is the message it was is for its hash to say. Pure.
 */
import { CR, CRLF, LF } from '../wire/bytes.ts';
import { normaliseEol } from '../wire/eol.ts';

/** A longer header is not looked at. */
const MAX_HEADER = 256 * 1024;
/** What line ends and fields of the header come to: so many octets, and one in so many. */
const SLACK = 1024;
const SHARE = 8;

interface Header {
  /** As it was, with the empty line. */
  readonly before: Uint8Array;
  /** So many octets of the file it stands for. */
  readonly length: number;
  /** What other lines end with. */
  readonly end: 'LF' | 'CRLF';
}

/** Whether a file of one size may be a message of another one, written again. */
export function isNear(size: number, other: number): boolean {
  return Math.abs(size - other) <= SLACK + other / SHARE;
}

/** @param open reads the file from its start. @returns the message as it was; undefined where nobody wrote it again. */
export async function asReceived(
  open: () => AsyncGenerator<Uint8Array, void, undefined>,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const header = await headerOf(open());
  if (header === undefined) return undefined;
  return header.end === 'LF' ? normaliseEol(open()) : withHeader(header, open());
}

async function* withHeader({ before, length }: Header, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield before;
  let position = 0;
  for await (const chunk of chunks) {
    yield chunk.subarray(Math.max(0, length - position));
    position += chunk.length;
  }
}

async function headerOf(chunks: AsyncIterable<Uint8Array>): Promise<Header | undefined> {
  let read = Buffer.alloc(0);
  for await (const chunk of chunks) {
    read = Buffer.concat([read, chunk]);
    const header = readHeader(read);
    if (header !== 'more') return header;
    if (read.length > MAX_HEADER) return undefined;
  }
  return undefined;
}

/** Undefined where each line ends as on the wire. */
function readHeader(octets: Buffer): Header | undefined | 'more' {
  const kept: Uint8Array[] = [];
  let lines = 0;
  for (let at = 0; ; ) {
    const end = octets.indexOf(LF, at);
    if (end === -1) return 'more';
    const line = octets.subarray(at, end + 1);
    const isOwn = line.at(-2) === CR;
    at = end + 1;
    lines += 1;
    const isEmpty = line.length === (isOwn ? 2 : 1);
    if (isOwn && !isEmpty) kept.push(line);
    if (!isEmpty) continue;
    if (isOwn && kept.length === lines - 1) return undefined;
    return { before: Buffer.concat([...kept, CRLF]), length: at, end: kept.length === 0 ? 'LF' : 'CRLF' };
  }
}
