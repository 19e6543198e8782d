/**
 * Quoted-printable, both ways, over chunks of any size (RFC 2045 §6.7).
 *
 * Why: the encoding for text that is mostly ASCII. What comes out does not depend on how the input was cut: a space, a CR
 * or an escape cut in two is held back until its fate is known. This file must never know what the text says.
 */

import type { Codec } from './codec.ts';

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;
const EQUALS = 61;
const DEL = 127;
/** One less than a line may have, so that there is always room for the `=` of a soft line break. */
const MAX_COLUMN = 75;
/** White space at the end of a line is transport padding; a run longer than a line can be is not. */
const MAX_RUN = 1000;

const HEX = Array.from({ length: 256 }, (_, octet) =>
  Buffer.from(`=${octet.toString(16).toUpperCase().padStart(2, '0')}`),
);

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
    this.#out.set(HEX[octet] as Buffer, this.#size);
    this.#size += 3;
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

/** What the decoder does next: copy or skip up to `to`, write one octet, or wait for more input. */
interface Step {
  readonly to: number;
  readonly octet?: number;
  readonly copy?: boolean;
}

/**
 * Decodes. White space before a line end is dropped, as RFC 2045 rule 3 asks; lines may end in LF alone; an `=` that starts
 * neither an escape nor a soft line break stands for itself and counts as damage.
 */
export class QuotedPrintableDecoder implements Codec {
  damaged = false;
  #held: Uint8Array = Buffer.alloc(0);
  /** Inside a run of white space that was too long to be padding: the rest of it is text as well. */
  #longRun = false;

  push(chunk: Uint8Array): Uint8Array {
    return this.#decode(this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]), false);
  }

  end(): Uint8Array {
    return this.#decode(this.#held, true);
  }

  #decode(input: Uint8Array, final: boolean): Uint8Array {
    const out = Buffer.allocUnsafe(input.length);
    let [at, size] = [0, 0];
    if (this.#longRun && input.length > 0) {
      while (isBlank(input[at])) out[size++] = input[at++] as number;
      this.#longRun = at === input.length;
    }
    while (at < input.length) {
      const octet = input[at] as number;
      if (octet !== EQUALS && octet !== SPACE && octet !== TAB) {
        out[size++] = octet;
        at += 1;
        continue;
      }
      const step = octet === EQUALS ? this.#escape(input, at, final) : this.#blanks(input, at, final);
      if (step === undefined) break;
      if (step.octet !== undefined) out[size++] = step.octet;
      else if (step.copy === true) while (at < step.to) out[size++] = input[at++] as number;
      at = step.to;
    }
    this.#held = Buffer.from(input.subarray(at));
    return out.subarray(0, size);
  }

  #blanks(input: Uint8Array, at: number, final: boolean): Step | undefined {
    const to = skipBlanks(input, at);
    if (to - at > MAX_RUN) {
      this.#longRun = to === input.length;
      return { to, copy: true };
    }
    const end = lineEnd(input, to, final);
    return end === undefined ? undefined : { to, copy: end === 0 };
  }

  #escape(input: Uint8Array, at: number, final: boolean): Step | undefined {
    const [high, low] = [hexValue(input[at + 1]), hexValue(input[at + 2])];
    if (high >= 0 && low >= 0) return { to: at + 3, octet: high * 16 + low };
    if (!final && high >= 0 && at + 2 === input.length) return undefined;
    const to = skipBlanks(input, at + 1);
    if (to - at <= MAX_RUN) {
      const end = lineEnd(input, to, final);
      if (end === undefined) return undefined;
      if (end > 0) return { to: to + end };
    }
    this.damaged = true;
    return { to: at + 1, octet: EQUALS };
  }
}

/** The length of the line end at `at`: 2, 1, or 0 for none; the end of the data counts as one. Undefined: not yet known. */
function lineEnd(input: Uint8Array, at: number, final: boolean): number | undefined {
  if (at === input.length) return final ? 1 : undefined;
  if (input[at] === LF) return 1;
  if (input[at] !== CR) return 0;
  if (at + 1 === input.length) return final ? 0 : undefined;
  return input[at + 1] === LF ? 2 : 0;
}

function skipBlanks(input: Uint8Array, at: number): number {
  let to = at;
  while (isBlank(input[to])) to += 1;
  return to;
}

function isBlank(octet: number | undefined): boolean {
  return octet === SPACE || octet === TAB;
}

function hexValue(octet: number | undefined): number {
  if (octet === undefined) return -1;
  if (octet >= 48 && octet <= 57) return octet - 48;
  const letter = octet & 0xdf;
  return letter >= 65 && letter <= 70 ? letter - 55 : -1;
}
