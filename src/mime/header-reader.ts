/**
 * Reading a header block as it arrives (RFC 5322 §2.2, RFC 6532), with the places of RFC 2045 where blocks of that form stand.
 *
 * Why: it takes octets from any chunks and stops exactly where the body begins. Fields keep their order and are found by
 * name in a list, never in an object, because names come from strangers. This file must never know what a field means.
 */

import { decodeText, loadCharsets } from './charset.ts';
import { type Defect, note } from './defect.ts';
import { decodeWords, wordCharsets } from './encoded-word.ts';
import { parameterCharsets } from './params.ts';

/** Of one field, and of one whole block, in octets; what goes beyond is dropped and noted. */
const MAX_FIELD = 10 * 1024 * 1024;
const MAX_BLOCK = 50 * 1024 * 1024;
/** Of one block; the fields behind them are dropped and noted. */
export const MAX_FIELDS = 10_000;
const LF = 10;

export interface HeaderField {
  /** As it was written. */
  readonly name: string;
  /** Unfolded and trimmed; 8-bit octets read as UTF-8 or else windows-1252; encoded-words still encoded. */
  readonly value: string;
}

/** The fields of one block, in their order. */
export class Headers {
  readonly fields: readonly HeaderField[];

  constructor(fields: readonly HeaderField[]) {
    this.fields = fields;
  }

  /** The first field of this name as it was written, unfolded; for structured fields. */
  raw(name: string): string | undefined {
    const lower = name.toLowerCase();
    return this.fields.find((field) => field.name.toLowerCase() === lower)?.value;
  }

  /** The values of all fields of this name as they were written, unfolded. */
  rawAll(name: string): string[] {
    const lower = name.toLowerCase();
    return this.fields.filter((field) => field.name.toLowerCase() === lower).map((field) => field.value);
  }

  /** The first field of this name as text on one line: encoded-words decoded, control characters made spaces. */
  get(name: string): string | undefined {
    const value = this.raw(name);
    return value === undefined ? undefined : cleanText(decodeWords(value));
  }

  /** Loads the charsets that the fields name, so that `get` decodes them all. */
  async loadCharsets(): Promise<void> {
    const labels = new Set<string>();
    for (const { value } of this.fields) {
      for (const label of [...wordCharsets(value), ...parameterCharsets(value)]) labels.add(label);
    }
    await loadCharsets(labels);
  }
}

/** Decoding can bring out line ends and control characters that would forge a header when written again. */
function cleanText(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').toWellFormed();
}

/** What a reader asks about a line that begins with `--`: does it end the part the block belongs to? */
export type IsBoundary = (line: string) => boolean;

export class HeaderReader {
  /** The block is complete. */
  done = false;
  /** A line begun in an earlier chunk that turned out to belong to the body: to be read before anything else. */
  rest = '';
  /** Octets in the end of the last line taken: 1 for LF, 2 for CRLF. */
  lineEnd = 0;
  readonly defects: Defect[] = [];
  readonly #isBoundary: IsBoundary;
  readonly #fields: HeaderField[] = [];
  /** The line being read, and the field being unfolded, one character an octet. */
  #line = '';
  #field: string | undefined;
  #first = true;
  #octets = 0;

  constructor(isBoundary: IsBoundary = () => false) {
    this.#isBoundary = isBoundary;
  }

  /** Takes octets from `at` on, and says where it stopped: at the end of the chunk, or where the body begins. */
  push(chunk: Buffer, at: number): number {
    let start = at;
    while (start < chunk.length) {
      const lf = chunk.indexOf(LF, start);
      if (lf < 0) {
        this.#begin(chunk.toString('latin1', start));
        return chunk.length;
      }
      const begun = this.#line;
      this.#begin(chunk.toString('latin1', start, lf));
      const whole = this.#line;
      this.#line = '';
      const crlf = whole.endsWith('\r');
      if (!this.#take(crlf ? whole.slice(0, -1) : whole)) {
        this.rest = begun;
        return start;
      }
      this.lineEnd = crlf ? 2 : 1;
      start = lf + 1;
      if (this.done) break;
    }
    return start;
  }

  /** The input ended inside the block. */
  end(): void {
    const line = this.#line;
    this.#line = '';
    if (!this.done && line !== '' && !this.#take(line)) this.rest = line;
    this.#finish();
  }

  /** The fields, once the block is done. */
  headers(): Headers {
    return new Headers(this.#fields);
  }

  #begin(text: string): void {
    this.#octets += text.length;
    if (this.#octets > MAX_BLOCK || this.#line.length + text.length > MAX_FIELD) this.#defect('header-too-long');
    else this.#line += text;
  }

  /** @returns false when the line is no part of the header. */
  #take(line: string): boolean {
    const first = this.#first;
    this.#first = false;
    if (line === '') {
      this.#finish();
      return true;
    }
    if ((line.startsWith(' ') || line.startsWith('\t')) && this.#field !== undefined) {
      if (this.#field.length + line.length > MAX_FIELD) this.#defect('header-too-long');
      else this.#field += line;
      return true;
    }
    if (line.startsWith('--') && this.#isBoundary(line)) {
      this.#finish();
      return false;
    }
    // QUIRK: a name with 8-bit octets is none (RFC 5322 §2.2), but the fields behind it still belong to the header.
    if (/^[!-9;-~\x80-\xff]+[ \t]*:/.test(line)) {
      this.#endField();
      this.#field = line;
      return true;
    }
    if (first && /^>?From /.test(line)) return true;
    return this.#takeStray(line);
  }

  /** QUIRK: a line that is no field ends the header, as if the empty line had been forgotten; blanks alone are skipped. */
  #takeStray(line: string): boolean {
    if (line.trim() === '') return true;
    this.#defect('missing-header-end');
    this.#finish();
    return false;
  }

  #finish(): void {
    this.#endField();
    this.done = true;
  }

  #endField(): void {
    const field = this.#field;
    if (field === undefined) return;
    this.#field = undefined;
    if (this.#fields.length >= MAX_FIELDS) return this.#defect('too-many-fields');
    const colon = field.indexOf(':');
    const value = /^[\0-\x7f]*$/.test(field)
      ? field.slice(colon + 1)
      : decodeText(Buffer.from(field.slice(colon + 1), 'latin1')).text;
    this.#fields.push({ name: field.slice(0, colon).trim(), value: value.trim() });
  }

  #defect(code: string): void {
    if (this.defects.every((defect) => defect.code !== code)) note(this.defects, { code });
  }
}
