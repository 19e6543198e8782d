/**
 * Octets that are kept while they arrive, up to a cap.
 *
 * Why: chunks may be as small as one octet, and a list of those would take a hundred times their size. What comes in one
 * piece, as nearly all text does, is not copied.
 */

import { asBuffer } from '../wire/bytes.ts';

const EMPTY: Buffer = Buffer.alloc(0);

export class KeptOctets {
  #octets = EMPTY;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get octets(): Buffer {
    return this.#octets.subarray(0, this.#size);
  }

  /**
   * Keeps as much of a chunk as there is room for.
   *
   * @param stable whether `chunk` keeps its content after the call.
   * @returns how many octets were kept.
   */
  append(chunk: Uint8Array, room: number, stable: boolean): number {
    const kept = chunk.length > room ? chunk.subarray(0, Math.max(0, room)) : chunk;
    if (kept.length === 0) return 0;
    if (this.#size === 0 && stable) this.#octets = asBuffer(kept);
    else {
      if (this.#size + kept.length > this.#octets.length) this.#grow(kept.length);
      this.#octets.set(kept, this.#size);
    }
    this.#size += kept.length;
    return kept.length;
  }

  #grow(by: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.#size + by, this.#size * 2));
    larger.set(this.#octets.subarray(0, this.#size));
    this.#octets = larger;
  }
}
