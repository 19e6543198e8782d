/**
 * Quoted-printable, both ways, over chunks of any size (RFC 2045 §6.7).
 *
 * Why: the encoding for text that is mostly ASCII. What comes out does not depend on how the input was cut: a space, a CR
 * or an escape cut in two is held back until its fate is known. This file must never know what the text says.
 */

import { CR, DEL, EQUALS, LF, SPACE, TAB } from '../wire/bytes.ts';
import type { Codec } from './codec.ts';

const EMPTY = Buffer.alloc(0);
/** One less than a line may have, so that there is always room for the `=` of a soft line break. */
const MAX_COLUMN = 75;
/** White space at the end of a line is transport padding; a run longer than a line can be is not. */
const MAX_RUN = 1000;

const HEX = Buffer.from('0123456789ABCDEF');

/** Encodes text whose line ends are CRLF. Any other CR or LF is escaped and thereby kept. */
export class QuotedPrintableEncoder implements Codec {
  readonly damaged = false;
  #out = Buffer.alloc(0);
  #size = 0;
  #column = 0;
  /** A space or TAB whose line may end here; 0 for none. */
  #blank = 0;
  #cr = false;

  push(chunk: Uint8Array): Uint8Array {
    this.#start(chunk.length);
    for (const octet of chunk) {
      if (this.#cr) {
        this.#cr = false;
        if (octet === LF) {
          this.#endLine();
          continue;
        }
        this.#flushBlank();
        this.#escape(CR);
      }
      if (octet === CR) {
        this.#cr = true;
        continue;
      }
      this.#flushBlank();
      if (octet === SPACE || octet === TAB) this.#blank = octet;
      else if (octet > SPACE && octet < DEL && octet !== EQUALS) this.#literal(octet);
      else this.#escape(octet);
    }
    return this.#out.subarray(0, this.#size);
  }

  end(): Uint8Array {
    this.#start(0);
    if (this.#cr) {
      this.#flushBlank();
      this.#escape(CR);
    } else if (this.#blank !== 0) this.#escape(this.#blank);
    return this.#out.subarray(0, this.#size);
  }

  /** Three characters an octet, and three more for a soft line break after every 25 of them. */
  #start(octets: number): void {
    this.#out = Buffer.allocUnsafe(octets * 4 + 16);
    this.#size = 0;
  }

  #endLine(): void {
    if (this.#blank !== 0) this.#escape(this.#blank);
    this.#blank = 0;
    this.#out[this.#size++] = CR;
    this.#out[this.#size++] = LF;
    this.#column = 0;
  }

  #flushBlank(): void {
    if (this.#blank !== 0) this.#literal(this.#blank);
    this.#blank = 0;
  }

  #literal(octet: number): void {
    this.#room(1);
    this.#out[this.#size++] = octet;
  }

  #escape(octet: number): void {
    this.#room(3);
    this.#out[this.#size++] = EQUALS;
    this.#out[this.#size++] = HEX[octet >> 4] as number;
    this.#out[this.#size++] = HEX[octet & 15] as number;
  }

  #room(width: number): void {
    if (this.#column + width > MAX_COLUMN) {
      this.#out[this.#size++] = EQUALS;
      this.#out[this.#size++] = CR;
      this.#out[this.#size++] = LF;
      this.#column = 0;
    }
    this.#column += width;
  }
}

const HEX_VALUES = new Int8Array(256).fill(-1);
for (const [value, digit] of [...'0123456789ABCDEF'].entries()) {
  HEX_VALUES[digit.charCodeAt(0)] = value;
  HEX_VALUES[digit.toLowerCase().charCodeAt(0)] = value;
}

/**
 * Decodes. White space before a line end is dropped, as RFC 2045 rule 3 asks; lines may end in LF alone; an `=` that starts
 * neither an escape nor a soft line break stands for itself and counts as damage.
 */
export class QuotedPrintableDecoder implements Codec {
  damaged = false;
  #held: Uint8Array = EMPTY;
  /** Inside a run of white space that was too long to be padding: the rest of it is text as well. */
  #longRun = false;

  push(chunk: Uint8Array): Uint8Array {
    return this.#decode(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]), false);
  }

  end(): Uint8Array {
    return this.#decode(this.#held, true);
  }

  /** Octets are copied up to `=`; padding is taken back from the output where its line ends. */
  #decode(input: Uint8Array, final: boolean): Uint8Array {
    const length = input.length;
    const out = Buffer.allocUnsafe(length);
    let at = this.#takeLongRun(input, out);
    let size = at;
    // Blanks in the output before this are no padding.
    let kept = at;
    while (at < length) {
      const octet = input[at] as number;
      if (octet === EQUALS) {
        const value = hexOctet(input, at + 1);
        const next = value >= 0 ? at + 3 : this.#afterEquals(input, at, final);
        if (next < 0) break;
        if (value >= 0) out[size++] = value;
        else if (next === at) out[size++] = EQUALS;
        at = next === at ? at + 1 : next;
        kept = size;
      } else {
        out[size++] = octet;
        at += 1;
        if (octet === LF) {
          size = endLine(out, kept, size);
          kept = size;
        }
      }
    }
    if (at === length) return out.subarray(0, this.#endChunk(out, kept, size, final));
    this.#held = Buffer.from(input.subarray(at));
    return out.subarray(0, size);
  }

  #takeLongRun(input: Uint8Array, out: Buffer): number {
    if (!this.#longRun) return 0;
    const to = skipBlanks(input, 0);
    out.set(input.subarray(0, to));
    this.#longRun = to === input.length;
    return to;
  }

  /** Where a soft line break ends; `at` when the `=` stands for itself; -1 when that is not yet known. */
  #afterEquals(input: Uint8Array, at: number, final: boolean): number {
    if (input[at + 1] === CR && input[at + 2] === LF) return at + 3;
    if (!final && at + 2 === input.length && (HEX_VALUES[input[at + 1] as number] ?? -1) >= 0) return -1;
    const to = skipBlanks(input, at + 1);
    if (to - at <= MAX_RUN) {
      if (to === input.length) return final ? to : -1;
      if (input[to] === LF) return to + 1;
      if (input[to] === CR && input[to + 1] === LF) return to + 2;
      if (input[to] === CR && to + 1 === input.length && !final) return -1;
    }
    this.damaged = true;
    return at;
  }

  /** Keeps back what may be padding; the end of the data counts as a line end. @returns where the output ends. */
  #endChunk(out: Buffer, kept: number, size: number, final: boolean): number {
    const end = size > kept && out[size - 1] === CR ? size - 1 : size;
    const from = blanksFrom(out, kept, end);
    const long = end - from > MAX_RUN;
    if (final) return long || end < size ? size : from;
    this.#longRun ||= long && end === size;
    const stop = long ? end : from;
    this.#held = stop === size ? EMPTY : Buffer.from(out.subarray(stop, size));
    return stop;
  }
}

/** The octet that two hexadecimal digits from `at` on stand for; negative when they are none. */
export function hexOctet(input: Uint8Array, at: number): number {
  if (at + 1 >= input.length) return -1;
  return ((HEX_VALUES[input[at] as number] as number) << 4) | (HEX_VALUES[input[at + 1] as number] as number);
}

/** Moves the line end that ends at `size` to where the padding before it begins. @returns where the output ends. */
function endLine(out: Buffer, kept: number, size: number): number {
  const end = size - 2 >= kept && out[size - 2] === CR ? size - 2 : size - 1;
  const from = blanksFrom(out, kept, end);
  if (from === end || end - from > MAX_RUN) return size;
  out.copyWithin(from, end, size);
  return from + size - end;
}

/** Where the blanks before `end` begin. */
function blanksFrom(out: Buffer, kept: number, end: number): number {
  let from = end;
  while (from > kept && isBlank(out[from - 1])) from -= 1;
  return from;
}

function skipBlanks(input: Uint8Array, at: number): number {
  let to = at;
  while (isBlank(input[to])) to += 1;
  return to;
}

function isBlank(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB;
}
