/**
 * A body of short lines, such as a listing, taken apart as it streams in.
 *
 * Bounded in rows and in the length of a row, so that a listing without end is refused and not collected.
 */
import { LimitError } from '../errors.ts';
import { latin1 } from './bytes.ts';
import { MAX_LINE } from './line.ts';
import type { Sink } from './parser.ts';

/** Octets of a listing as a whole: above a million rows with a unique id of 70 characters. */
const MAX_LISTING = 2 ** 27;
/** Lines of a listing that a transcript shows. */
const SHOWN = 20;

/** Collects the lines of a body; `sink` takes the body, `rows` is complete when the body is. */
export class RowCollector {
  readonly rows: string[] = [];
  readonly #limit: number;
  #rest = '';
  #octets = 0;

  /** What a transcript shows: the listing itself where it is short, else its beginning. */
  get said(): string[] {
    const more = this.rows.length - SHOWN;
    return more > 0 ? [...this.rows.slice(0, SHOWN), `(${more} more lines)`, '.'] : [...this.rows, '.'];
  }

  /** @throws LimitError (from the sink) past `limit` rows, MAX_LINE octets of one row, or MAX_LISTING of all. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  readonly sink: Sink = (chunk) => {
    this.#octets += chunk.length;
    const lines = (this.#rest + latin1(chunk)).split('\r\n');
    this.#rest = lines.pop() ?? '';
    if (this.rows.length + lines.length > this.#limit) {
      throw new LimitError('listing-too-long', `The server sent a listing of more than ${this.#limit} lines.`);
    }
    if (this.#octets > MAX_LISTING) {
      throw new LimitError('listing-too-long', `The server sent a listing of more than ${MAX_LISTING} octets.`);
    }
    for (const line of lines) this.rows.push(line);
    if (this.#rest.length > MAX_LINE || lines.some((line) => line.length > MAX_LINE)) {
      throw new LimitError('line-too-long', `The server sent a line of more than ${MAX_LINE} octets.`);
    }
  };
}
