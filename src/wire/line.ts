/**
 * One line of a text protocol: octets up to CRLF (RFC 1939 §3, RFC 5321 §2.3.8), within a stated bound.
 *
 * A bare CR, a bare LF or a NUL is refused: a reader that guesses at line ends is what response injection and message
 * smuggling live on. This file must never know what a line means.
 */
import { LimitError, ProtocolError } from '../errors.ts';
import { asBuffer, CR, LF } from './bytes.ts';
import type { Parser } from './parser.ts';

/** A bound of ours on one line, with room above the 512 and 2,048 octets of the RFCs. Octets, CRLF included. */
export const MAX_LINE = 8192;

/** Reads one line; the result has no CRLF. Text is Latin-1 (lossless) unless UTF-8 is asked for. */
export class LineParser implements Parser<string> {
  result: { readonly value: string } | undefined;
  readonly #limit: number;
  readonly #encoding: 'latin1' | 'utf8';
  #pieces: Buffer[] = [];
  #length = 0;

  constructor(encoding: 'latin1' | 'utf8' = 'latin1', limit = MAX_LINE) {
    this.#encoding = encoding;
    this.#limit = limit;
  }

  push(bytes: Uint8Array): number {
    const chunk = asBuffer(bytes);
    const end = chunk.indexOf(LF);
    const taken = end < 0 ? chunk.length : end + 1;
    this.#length += taken;
    if (this.#length > this.#limit) {
      throw new LimitError('line-too-long', `The other side sent a line of more than ${this.#limit} octets.`);
    }
    // A copy when it is not the whole line: the rest of a large chunk must not be kept alive by a few octets.
    if (end < 0) this.#pieces.push(Buffer.from(chunk));
    else this.#finish(chunk.subarray(0, taken));
    return taken;
  }

  #finish(last: Buffer): void {
    const line = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
    const text = line.subarray(0, -2);
    if (line.at(-2) !== CR) throw new ProtocolError('bad-line', 'The other side ended a line without CRLF.');
    if (text.includes(CR)) throw new ProtocolError('bad-line', 'The other side sent a bare CR inside a line.');
    if (text.includes(0)) throw new ProtocolError('bad-line', 'The other side sent a NUL inside a line.');
    this.result = { value: text.toString(this.#encoding) };
  }
}
