/**
 * What octets are: lines of ASCII, lines of any octets, or no lines at all (RFC 2045 §2.7 to §2.9).
 *
 * Why: what goes out as it is must be what its header says of it, and no more than its way takes; so this is found out
 * before, and watched while it goes. This file must never know what the octets mean.
 */

import { isAscii } from 'node:buffer';
import { CR, LF } from '../wire/bytes.ts';
import { MAX_LINE } from './header.ts';

export type DataKind = '7bit' | '8bit' | 'binary';

/** From the narrowest to the widest. */
export const DATA_KINDS: readonly DataKind[] = ['7bit', '8bit', 'binary'];

/** Judges octets chunk by chunk: `binary` for a NUL, a CR or LF that stands alone, or a line of more than 998 octets. */
export class LineScanner {
  #high = false;
  #broken = false;
  #length = 0;
  #cr = false;

  push(chunk: Uint8Array): void {
    if (this.#broken || chunk.length === 0) return;
    this.#high ||= !isAscii(chunk);
    let start = this.#cr ? this.#afterCr(chunk) : 0;
    if (chunk.includes(0)) this.#broken = true;
    while (!this.#broken && start < chunk.length) start = this.#line(chunk, start);
  }

  /** The octet behind a CR that ended the chunk before. */
  #afterCr(chunk: Uint8Array): number {
    this.#broken = chunk[0] !== LF;
    this.#cr = false;
    this.#length = 0;
    return 1;
  }

  /** One line, or the part of one that is in the chunk, found by native searches; returns where the next begins. */
  #line(chunk: Uint8Array, start: number): number {
    const cr = chunk.indexOf(CR, start);
    const lf = chunk.indexOf(LF, start);
    const isEnded = lf >= 0;
    this.#length += (cr < 0 ? chunk.length : cr) - start;
    // Searching stops here for good, so that no search runs through the rest of a chunk for each of its lines.
    this.#broken = this.#length > MAX_LINE || (isEnded ? cr < 0 || lf !== cr + 1 : cr >= 0 && cr < chunk.length - 1);
    if (isEnded) this.#length = 0;
    else this.#cr = cr >= 0;
    return isEnded ? lf + 1 : chunk.length;
  }

  /** What has come until now; a CR at its end still waits for its LF. */
  get kind(): DataKind {
    return this.#broken ? 'binary' : this.#high ? '8bit' : '7bit';
  }

  /** What all of it was. */
  end(): DataKind {
    return this.#cr ? 'binary' : this.kind;
  }
}

/** Whether a way that takes `most` takes this too. */
export function fits(kind: DataKind, most: DataKind): boolean {
  return DATA_KINDS.indexOf(kind) <= DATA_KINDS.indexOf(most);
}
