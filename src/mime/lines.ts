/**
 * What octets are: lines of ASCII, lines of any octets, or no lines at all (RFC 2045 §2.7 to §2.9).
 *
 * Why: what goes out as it is must be what its header says of it, and no more than its way takes; so this is found out
 * before, and watched while it goes. This file must never know what the octets mean.
 */

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
    let [length, cr] = [this.#length, this.#cr];
    // By index, as an iterator takes five times as long.
    for (let at = 0; at < chunk.length; at++) {
      const octet = chunk[at] ?? 0;
      if (octet === LF) {
        if (!cr) this.#broken = true;
        [length, cr] = [0, false];
        continue;
      }
      if (cr || octet === 0 || (octet !== CR && ++length > MAX_LINE)) this.#broken = true;
      cr = octet === CR;
      if (octet > 127) this.#high = true;
    }
    [this.#length, this.#cr] = [length, cr];
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
