/**
 * Files in text as uuencode writes them: `begin 644 name`, lines that begin with their length, `end` (POSIX uuencode).
 *
 * Why: old programs still put attachments into the text so. It reads octets in any chunks and gives the text without those
 * files, and the files. A line says how long it is, and that is never believed: only what is there is decoded. What looks
 * like a beginning is text after all, unless a line of data follows it: people write such lines.
 */

import { asBuffer, LF } from '../wire/bytes.ts';
import type { Codec } from './codec.ts';

/** `begin` and a name; longer lines are text. Lines of data have 62 characters. */
const MAX_LINE = 1000;
/** Of one text; what follows is text. */
export const MAX_FILES = 1000;
const BEGIN = /^begin [0-7]{3,4} (\S.*)$/;

export interface UuHandlers {
  /** Text outside files, as it stands. */
  text(octets: Uint8Array): void;
  /** A file begins; its name as it was written, one character an octet. */
  begin(name: string): void;
  data(octets: Uint8Array): void;
  /** @param complete whether its `end` was there. */
  end(complete: boolean): void;
}

export class UuReader {
  readonly #handlers: UuHandlers;
  #line: Uint8Array[] = [];
  #length = 0;
  /** The first octets of the line were given on as text, because it is too long to be anything else. */
  #long = false;
  /** A line that begins a file if a line of data follows. */
  #begin: { octets: Buffer; name: string } | undefined;
  #inside = false;
  #found = 0;

  constructor(handlers: UuHandlers) {
    this.#handlers = handlers;
  }

  push(chunk: Uint8Array): void {
    const octets = asBuffer(chunk);
    let at = 0;
    while (at < octets.length) {
      if (this.#isIdle) at = this.#skipText(octets, at);
      if (at === octets.length) return;
      const lf = octets.indexOf(LF, at);
      const end = lf < 0 ? octets.length : lf + 1;
      this.#add(octets.subarray(at, end), lf >= 0);
      at = end;
    }
  }

  end(): void {
    if (this.#length > 0) this.#takeLine();
    this.#noBegin();
    if (this.#inside) this.#close(false);
  }

  get #isIdle(): boolean {
    return this.#length === 0 && !this.#long && !this.#inside && this.#begin === undefined;
  }

  /** At the start of a line: gives on all lines up to one that may be a beginning, without looking at each of them. */
  #skipText(octets: Buffer, from: number): number {
    if (startsBegin(octets, from)) return from;
    let found = octets.indexOf('\nbegin ', from, 'latin1') + 1;
    if (found === 0) {
      const last = octets.lastIndexOf(LF) + 1;
      found = last > from && startsBegin(octets, last) ? last : octets.length;
      // In the middle of a line, when the chunk ends in one.
      this.#long = found === octets.length && octets[octets.length - 1] !== LF;
    }
    this.#handlers.text(octets.subarray(from, found));
    return found;
  }

  #add(piece: Uint8Array, whole: boolean): void {
    if (this.#long) {
      this.#handlers.text(piece);
      this.#long = !whole;
      return;
    }
    this.#line.push(whole ? piece : Uint8Array.from(piece));
    this.#length += piece.length;
    if (whole) this.#takeLine();
    else if (this.#length > MAX_LINE) {
      this.#takeLine();
      this.#long = true;
    }
  }

  #takeLine(): void {
    const octets = this.#line.length === 1 ? Buffer.from(this.#line[0] as Uint8Array) : Buffer.concat(this.#line);
    [this.#line, this.#length] = [[], 0];
    if (octets.length > MAX_LINE) return this.#takeText(octets);
    const line = octets.toString('latin1').replace(/\r?\n$/, '');
    if (this.#inside) return this.#takeInside(line, octets);
    if (this.#begin !== undefined && (isFirstLine(line) || line === 'end')) {
      this.#handlers.begin(this.#begin.name);
      [this.#begin, this.#inside] = [undefined, true];
      this.#found += 1;
      return this.#takeInside(line, octets);
    }
    this.#noBegin();
    const name = BEGIN.exec(line)?.[1];
    if (name !== undefined && this.#found < MAX_FILES) this.#begin = { octets, name: name.trim() };
    else this.#handlers.text(octets);
  }

  #takeInside(line: string, octets: Buffer): void {
    if (line.trimEnd() === 'end') return this.#close(true);
    // The last line is a space, which may have been lost on the way.
    const data = line === '' ? Buffer.alloc(0) : decodeLine(line);
    if (data !== undefined) this.#handlers.data(data);
    else {
      this.#close(false);
      this.#takeText(octets);
    }
  }

  #takeText(octets: Buffer): void {
    if (this.#inside) this.#close(false);
    this.#noBegin();
    this.#handlers.text(octets);
  }

  #noBegin(): void {
    if (this.#begin !== undefined) this.#handlers.text(this.#begin.octets);
    this.#begin = undefined;
  }

  #close(complete: boolean): void {
    this.#inside = false;
    this.#handlers.end(complete);
  }
}

/** Whether `begin ` stands there, or as much of it as the data has. */
function startsBegin(octets: Buffer, at: number): boolean {
  const there = octets.toString('latin1', at, at + 6);
  return there !== '' && 'begin '.startsWith(there);
}

/** Later lines may be damaged, but words in capitals begin no file. */
function isFirstLine(line: string): boolean {
  const data = decodeLine(line);
  return data !== undefined && data.length >= ((line.charCodeAt(0) - 32) & 63) / 2;
}

/** Whether a Content-Transfer-Encoding, in lower case, is uuencode: no standard names it, and some programs do. */
export function isUuencode(encoding: string): boolean {
  return encoding === 'x-uuencode' || encoding === 'uuencode' || encoding === 'x-uue';
}

/** A body that is uuencoded as a whole: the first file in it; what stands around it is no part of the content. */
export class UuDecoder implements Codec {
  #files = 0;
  #complete = false;
  #data: Uint8Array[] = [];
  readonly #reader = new UuReader({
    text: () => undefined,
    begin: () => void this.#files++,
    data: (octets) => {
      if (this.#files === 1) this.#data.push(octets);
    },
    end: (complete) => {
      if (this.#files === 1) this.#complete = complete;
    },
  });
  #ended = false;

  get damaged(): boolean {
    return this.#ended && !this.#complete;
  }

  push(chunk: Uint8Array): Uint8Array {
    this.#reader.push(chunk);
    return Buffer.concat(this.#data.splice(0));
  }

  end(): Uint8Array {
    this.#reader.end();
    this.#ended = true;
    return Buffer.concat(this.#data.splice(0));
  }
}

/**
 * The octets of one line, at most as many as it says; undefined for what is no line of data. Spaces at its end may have
 * been lost on the way, and a checksum may follow.
 */
export function decodeLine(line: string): Buffer | undefined {
  if (!/^[ -`]/.test(line) || !/^[ -`]*$/.test(line)) return undefined;
  const claimed = (line.charCodeAt(0) - 32) & 63;
  const needed = Math.ceil(claimed / 3) * 4;
  const given = line.length - 1;
  // What is much longer than it says is text that happens to begin so; `end` and words are shorter.
  if (given > needed + 2 || (claimed === 0 && line.trim().length > 1)) return undefined;
  const sextet = (at: number) => (at < line.length ? (line.charCodeAt(at) - 32) & 63 : 0);
  const out = Buffer.alloc(Math.ceil(Math.min(needed, given) / 4) * 3);
  for (let [at, to] = [1, 0]; to < out.length; at += 4, to += 3) {
    const word = (sextet(at) << 18) | (sextet(at + 1) << 12) | (sextet(at + 2) << 6) | sextet(at + 3);
    out.writeUIntBE(word, to, 3);
  }
  return out.subarray(0, Math.min(claimed, Math.floor((given * 3) / 4)));
}
