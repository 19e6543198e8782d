/**
 * The shape that every encoder and decoder of a content transfer encoding has.
 *
 * Why: an attachment must never be held whole, so a codec keeps only what a chunk cut in two leaves open, and the bytes
 * that come out do not depend on how the input was cut.
 */

/** Chunks in, chunks out. `push` may return an empty chunk; `end` gives what was held back and is called once. */
export interface Codec {
  push(chunk: Uint8Array): Uint8Array;
  end(): Uint8Array;
  /** True once the input broke the rules of its encoding; the output is then the best that could be made. */
  readonly damaged: boolean;
}
