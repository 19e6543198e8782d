/**
 * Base64, both ways, over chunks of any size (RFC 2045 §6.8).
 *
 * Why: this is where most of the octets of mail go through, so both ways leave the work to the platform in large blocks
 * and touch no single octet unless something is wrong. This file must never know what the bytes are.
 */

import { asBuffer, CR, EQUALS, LF, SPACE } from '../wire/bytes.ts';
import type { Codec } from './codec.ts';

const EMPTY = Buffer.alloc(0);

/** Octets in one line of base64, and the characters they become. */
const LINE_IN = 57;
const LINE_OUT = 76;
/**
 * Octets encoded at once, and what becomes of them. Both, and the text between them, stay below 128 KiB, from where on
 * the allocator takes each piece from the system and gives it back: that took four times as long.
 */
export const BASE64_BLOCK = LINE_IN * 1024;
const BLOCK_OUT = (LINE_OUT + 2) * 1024;

/** The exact length of `octets` bytes as lines of base64, each with its CRLF. */
export function base64Length(octets: number): number {
  const characters = Math.ceil(octets / 3) * 4;
  return characters + Math.ceil(characters / LINE_OUT) * 2;
}

/** Writes base64 in lines of 76 characters, each with its CRLF, in whole blocks; only the end may be shorter. */
export class Base64Encoder implements Codec {
  readonly damaged = false;
  readonly #held = Buffer.allocUnsafe(BASE64_BLOCK);
  #size = 0;

  push(chunk: Uint8Array): Uint8Array {
    const blocks = Math.floor((this.#size + chunk.length) / BASE64_BLOCK);
    const out = blocks === 0 ? EMPTY : Buffer.allocUnsafe(blocks * BLOCK_OUT);
    let taken = 0;
    for (let block = 0; block < blocks; block++) {
      const whole = this.#size === 0 ? chunk.subarray(taken, taken + BASE64_BLOCK) : this.#filled(chunk);
      writeLines(whole, out, block * BLOCK_OUT);
      taken += BASE64_BLOCK - this.#size;
      this.#size = 0;
    }
    this.#hold(chunk.subarray(taken));
    return out;
  }

  end(): Uint8Array {
    const out = Buffer.allocUnsafe(base64Length(this.#size));
    writeLines(this.#held.subarray(0, this.#size), out, 0);
    return out;
  }

  #hold(octets: Uint8Array): void {
    this.#held.set(octets, this.#size);
    this.#size += octets.length;
  }

  /** What is held, made a block with what follows. */
  #filled(chunk: Uint8Array): Uint8Array {
    this.#held.set(chunk.subarray(0, BASE64_BLOCK - this.#size), this.#size);
    return this.#held;
  }
}

/** One call of the platform for all of it; then its lines are moved apart in place, from the last to the first. */
function writeLines(octets: Uint8Array, out: Buffer, start: number): void {
  const characters = out.write(asBuffer(octets).toString('base64'), start, 'latin1');
  let end = start + base64Length(octets.length);
  for (let line = Math.ceil(characters / LINE_OUT) - 1; line >= 0; line--) {
    const from = start + line * LINE_OUT;
    const to = start + line * (LINE_OUT + 2);
    out.copyWithin(to, from, Math.min(from + LINE_OUT, start + characters));
    out[end - 2] = CR;
    out[end - 1] = LF;
    end = to;
  }
}

const ALPHABET = new Uint8Array(256).fill(255);
for (const [value, pair] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries()) {
  ALPHABET[pair.charCodeAt(0)] = value;
}
/** QUIRK: the URL-safe alphabet of RFC 4648 §5 is read too, as the platform's decoder does. */
ALPHABET['-'.charCodeAt(0)] = 62;
ALPHABET['_'.charCodeAt(0)] = 63;

/**
 * Reads base64. White space and line ends are skipped; so is anything outside the alphabet, which counts as damage. `=`
 * ends a group of four, and what follows it is read on, because some programs join encoded pieces. A last group without
 * padding is read; a last group of one character holds no octet.
 */
export class Base64Decoder implements Codec {
  damaged = false;
  /** Up to three characters of a group still open. */
  #open = '';

  push(chunk: Uint8Array): Uint8Array {
    const padding = chunk.indexOf(EQUALS);
    if (padding < 0) return this.#fast(chunk) ?? this.#slow(chunk);
    const line = chunk.lastIndexOf(LF, padding) + 1;
    const head = chunk.subarray(0, line);
    return Buffer.concat([this.#fast(head) ?? this.#slow(head), this.#slow(chunk.subarray(line))]);
  }

  end(): Uint8Array {
    if (this.#open === '') return EMPTY;
    this.damaged = true;
    return Buffer.from(this.#open, 'base64');
  }

  /**
   * The platform decodes at gigabytes a second, line ends included, but says only how many octets it wrote. If that is
   * what the count of characters without line ends promises, in whole groups, then there was nothing else among them.
   */
  #fast(chunk: Uint8Array): Buffer | undefined {
    const all = this.#withOpen(chunk);
    const characters = all.length - lineEndOctets(all);
    let [cut, open] = [all.length, ''];
    while (open.length < characters % 4) {
      const character = all[--cut];
      if (character === undefined) return undefined;
      if (ALPHABET[character] !== 255) open = String.fromCharCode(character) + open;
      else if (character !== CR && character !== LF) return undefined;
    }
    const out = Buffer.allocUnsafe(((characters - open.length) / 4) * 3);
    if (out.write(all.toString('latin1', 0, cut), 'base64') !== out.length) return undefined;
    this.#open = open;
    return out;
  }

  #slow(chunk: Uint8Array): Buffer {
    const all = this.#withOpen(chunk);
    const out = Buffer.allocUnsafe(all.length);
    const group = Buffer.allocUnsafe(all.length);
    let [size, count] = [0, 0];
    for (const octet of all) {
      if (ALPHABET[octet] !== 255) group[count++] = octet;
      else if (octet === EQUALS) {
        if (count % 4 === 1) this.damaged = true;
        size += out.write(group.toString('latin1', 0, count), size, 'base64');
        count = 0;
      } else if (octet > SPACE || octet === 0) this.damaged = true;
    }
    const whole = count - (count % 4);
    size += out.write(group.toString('latin1', 0, whole), size, 'base64');
    this.#open = group.toString('latin1', whole, count);
    return out.subarray(0, size);
  }

  #withOpen(chunk: Uint8Array): Buffer {
    return this.#open === '' ? asBuffer(chunk) : Buffer.concat([Buffer.from(this.#open), chunk]);
  }
}

/** A CR at the very end counts too: its LF comes with the next chunk. */
function lineEndOctets(octets: Buffer): number {
  let count = octets.at(-1) === CR ? 1 : 0;
  for (let at = octets.indexOf(LF); at >= 0; at = octets.indexOf(LF, at + 1)) count += octets[at - 1] === CR ? 2 : 1;
  return count;
}
