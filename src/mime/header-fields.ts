/**
 * The fields of one header block, found by name (RFC 5322 §2.2, RFC 6532).
 *
 * Why: fields keep their order and are found by name in a list, never in an object, because names come from strangers. What
 * is asked for as text is decoded only then. This file must never know what a field means.
 */

import { loadCharsets } from './charset.ts';
import { decodeWords, wordCharsets } from './encoded-word.ts';
import { parameterCharsets } from './params.ts';
import { oneLine } from './plain-text.ts';

/** The charsets that are looked at: nobody writes in more. */
const MAX_CHARSETS = 100;

export interface HeaderField {
  /** As it was written. */
  readonly name: string;
  /** Unfolded and trimmed; 8-bit octets read as UTF-8 or else windows-1252; encoded-words still encoded. */
  readonly value: string;
}

/** The fields of one block, in their order. */
export class Headers {
  readonly fields: readonly HeaderField[];
  readonly #names: readonly string[];
  readonly #plain: boolean;

  /** @param plain promises that no field names a charset. */
  constructor(fields: readonly HeaderField[], plain = false) {
    this.fields = fields;
    this.#names = fields.map((field) => field.name.toLowerCase());
    this.#plain = plain;
  }

  /** The first field of this name as it was written, unfolded; for structured fields. */
  raw(name: string): string | undefined {
    const index = this.#names.indexOf(name.toLowerCase());
    return index < 0 ? undefined : this.fields[index]?.value;
  }

  /** The values of all fields of this name as they were written, unfolded. */
  rawAll(name: string): string[] {
    const lower = name.toLowerCase();
    const values: string[] = [];
    for (let index = this.#names.indexOf(lower); index >= 0; index = this.#names.indexOf(lower, index + 1)) {
      values.push((this.fields[index] as HeaderField).value);
    }
    return values;
  }

  /** The first field of this name as text on one line: encoded-words decoded, control characters made spaces. */
  get(name: string): string | undefined {
    const value = this.raw(name);
    return value === undefined ? undefined : cleanText(decodeWords(value));
  }

  /** The same of all fields of this name. */
  getAll(name: string): string[] {
    return this.rawAll(name).map((value) => cleanText(decodeWords(value)));
  }

  /** Adds the charsets that the fields name to `labels`: `get` decodes them all once they are loaded. */
  addCharsets(labels: Set<string>): void {
    if (this.#plain) return;
    for (const { value } of this.fields) {
      if (labels.size >= MAX_CHARSETS) return;
      for (const label of wordCharsets(value)) labels.add(label);
      for (const label of parameterCharsets(value)) labels.add(label);
    }
  }

  /** Loads the charsets that the fields name. */
  async loadCharsets(): Promise<void> {
    if (this.#plain) return;
    const labels = new Set<string>();
    this.addCharsets(labels);
    await loadCharsets(labels);
  }
}

/** Decoding can bring out line ends and control characters that would forge a header when written again. */
function cleanText(text: string): string {
  return oneLine(text).toWellFormed();
}
