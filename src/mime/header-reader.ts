/**
 * Reading a header block as it arrives (RFC 5322 §2.2, RFC 6532), with the places of RFC 2045 where blocks of that form stand.
 *
 * Why: it takes octets from any chunks and stops exactly where the body begins. This file must never know what a field
 * means.
 */

import { isAscii } from 'node:buffer';
import { CR, DEL, HYPHEN, SPACE, TAB } from '../wire/bytes.ts';
import { decodeText } from './charset.ts';
import { type Defect, noteOnce } from './defect.ts';
import { type HeaderField, Headers } from './header-fields.ts';

/** Of one field, in octets; what it has beyond is dropped and noted. */
export const MAX_FIELD = 10 * 1024 * 1024;
/** Of all headers of a message, in octets; there the header ends, and what follows is body. */
export const MAX_HEADERS = 50 * 1024 * 1024;
/** Of one block; the fields behind them are dropped and noted. */
export const MAX_FIELDS = 10_000;
const MAX_FOLDS = 1000;
/** Octets made text at once: a whole header, as a rule, and not much of the body behind it. */
const WINDOW = 2048;
const MAX_WINDOW = 1024 * 1024;
const EIGHT_BIT = /[\x80-\xff]/;
const COLON = 58;

/** What a reader asks about a line that begins with `--`: does it end the part the block belongs to? */
export type IsBoundary = (line: string) => boolean;

export class HeaderReader {
  /** The block is complete. */
  done = false;
  /** A line begun in an earlier chunk that turned out to belong to the body: to be read before anything else. */
  rest = '';
  /** Octets in the end of the last line taken: 1 for LF, 2 for CRLF. */
  lineEnd = 0;
  /** Of all lines taken. */
  octets = 0;
  readonly defects: Defect[] = [];
  readonly #isBoundary: IsBoundary;
  readonly #room: number;
  readonly #fields: HeaderField[] = [];
  /** The line being read, and the field being unfolded, one character an octet. */
  #line = '';
  #field: string | undefined;
  /** The lines of the field that are not put together yet, and its length with them. */
  readonly #folds: string[] = [];
  #length = 0;
  /** Where the colon of the field is. */
  #colon = 0;
  #first = true;
  /** The line read so far ends in CR. */
  #cr = false;
  /** The rest of a line is passed over: it is too long. */
  #skipping = false;
  /** How many octets are made text next. */
  #window = WINDOW;
  /** Nothing but ASCII so far; and nothing that could name a charset. */
  #ascii = true;
  #plain = true;
  /** The last octet was `=`, which may begin an encoded-word. */
  #equals = false;

  /** @param room octets that the block may have. */
  constructor(isBoundary: IsBoundary = () => false, room = MAX_HEADERS) {
    this.#isBoundary = isBoundary;
    this.#room = room;
  }

  /** Takes octets from `at` on, and says where it stopped: at the end of the chunk, or where the body begins. */
  push(chunk: Buffer, at: number): number {
    let start = at;
    while (start < chunk.length && !this.done) {
      const end = Math.min(chunk.length, start + this.#window);
      this.#ascii &&= isAscii(chunk.subarray(start, end));
      const text = chunk.toString('latin1', start, end);
      start += this.#takeText(text);
      // A long line is read in few large pieces.
      this.#window = text.includes('\n') ? WINDOW : Math.min(this.#window * 2, MAX_WINDOW);
    }
    return start;
  }

  /** The input ended inside the block. */
  end(): void {
    const line = this.#line;
    this.#line = '';
    if (!this.done && !this.#skipping && line !== '' && !this.#take(line)) this.rest = line;
    this.#finish();
  }

  /** The fields, once the block is done. */
  headers(): Headers {
    return new Headers(this.#fields, this.#plain);
  }

  /** @returns how many characters of `text` belong to the header. */
  #takeText(text: string): number {
    const joined = this.#equals && text.startsWith('?');
    this.#plain &&= this.#ascii && !joined && !text.includes('=?') && !text.includes("'");
    this.#equals = text.endsWith('=');
    let start = 0;
    while (start < text.length && !this.done) {
      const lf = text.indexOf('\n', start);
      const end = lf < 0 ? text.length : lf;
      const begun = this.#line;
      // A line that is here whole, as nearly all are, needs no putting together.
      const whole = lf >= 0 && begun === '' && !this.#skipping;
      if (!(whole ? this.#takeWhole(text, start, end) : this.#takePiece(text.slice(start, end), lf >= 0))) {
        this.rest = begun;
        return start;
      }
      const next = lf < 0 ? end : end + 1;
      this.octets += next - start;
      start = next;
    }
    return start;
  }

  #takeWhole(text: string, start: number, end: number): boolean {
    const crlf = end > start && text.charCodeAt(end - 1) === CR;
    if (!this.#take(text.slice(start, crlf ? end - 1 : end))) return false;
    this.lineEnd = crlf ? 2 : 1;
    return true;
  }

  /**
   * Takes a piece of a line, and judges the line once it is complete or too long. Until then nothing looks at it: putting
   * it together each time would take the square of its length.
   *
   * @returns false when the line is no part of the header.
   */
  #takePiece(piece: string, complete: boolean): boolean {
    if (piece !== '') this.#cr = piece.endsWith('\r');
    const crlf = this.#cr;
    if (complete) this.#cr = false;
    if (!this.#skipping) {
      const line = this.#line + piece;
      this.#line = line;
      const tooLong = line.length > MAX_FIELD;
      if (!complete && !tooLong) return true;
      this.#line = '';
      if (!this.#take(tooLong ? line.slice(0, MAX_FIELD) : crlf ? line.slice(0, -1) : line)) return false;
      if (tooLong) this.#defect('header-too-long');
    }
    this.#skipping = !complete;
    if (complete) this.lineEnd = crlf ? 2 : 1;
    return true;
  }

  /** @returns false when the line is no part of the header. */
  #take(line: string): boolean {
    const first = this.#first;
    this.#first = false;
    if (line === '') {
      this.#finish();
      return true;
    }
    if (this.octets >= this.#room) return this.#leave('headers-too-long');
    const initial = line.charCodeAt(0);
    if ((initial === SPACE || initial === TAB) && this.#field !== undefined) {
      if (this.#length + line.length > MAX_FIELD) this.#defect('header-too-long');
      else this.#fold(line);
      return true;
    }
    if (initial === HYPHEN && line.startsWith('--') && this.#isBoundary(line)) return this.#leave();
    const colon = findColon(line);
    if (colon > 0) {
      this.#endField();
      this.#field = line;
      this.#length = line.length;
      this.#colon = colon;
      return true;
    }
    if (first && /^>?From /.test(line)) return true;
    // QUIRK: a line that is no field ends the header, as if the empty line had been forgotten; blanks alone are skipped.
    return line.trim() === '' || this.#leave('missing-header-end');
  }

  /** Folds are put together many at a time: a string made of a million pieces, one by one, is slow and large. */
  #fold(line: string): void {
    this.#length += line.length;
    if (this.#folds.push(line) < MAX_FOLDS) return;
    this.#field += this.#folds.join('');
    this.#folds.length = 0;
  }

  /** The header ends before this line. */
  #leave(code?: string): false {
    if (code !== undefined) this.#defect(code);
    this.#finish();
    return false;
  }

  #finish(): void {
    this.#endField();
    this.done = true;
  }

  #endField(): void {
    if (this.#field === undefined) return;
    const field = this.#folds.length === 0 ? this.#field : this.#field + this.#folds.join('');
    this.#field = undefined;
    if (this.#folds.length > 0) this.#folds.length = 0;
    if (this.#fields.length >= MAX_FIELDS) return this.#defect('too-many-fields');
    const octets = field.slice(this.#colon + 1);
    const value = this.#ascii || !EIGHT_BIT.test(octets) ? octets : decodeText(Buffer.from(octets, 'latin1')).text;
    this.#fields.push({ name: field.slice(0, this.#colon).trimEnd(), value: value.trim() });
  }

  #defect(code: string): void {
    noteOnce(this.defects, { code });
  }
}

/**
 * Where the colon of a field is (RFC 5322 §3.6.8; §4.5 allows blanks before it); -1 when the line begins no field.
 *
 * QUIRK: a name with 8-bit octets is none (RFC 5322 §2.2), but the fields behind it still belong to the header.
 */
function findColon(line: string): number {
  let at = 0;
  for (let code = line.charCodeAt(0); code > SPACE && code !== DEL && code !== COLON; ) code = line.charCodeAt(++at);
  if (at === 0) return -1;
  for (let code = line.charCodeAt(at); code === SPACE || code === TAB; ) code = line.charCodeAt(++at);
  return line.charCodeAt(at) === COLON ? at : -1;
}
