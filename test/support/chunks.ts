/**
 * Chunkings for property tests: how a body is cut must never matter.
 */
import fc from 'fast-check';

/** Cuts `bytes` into pieces of the given sizes; what is left over is the last piece. Pieces may be empty. */
export function cutBy(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...pieces, bytes.subarray(at)];
}

/** Sizes to cut by, mostly small: the trouble is at the seams. */
export const chunkSizes: fc.Arbitrary<number[]> = fc.array(fc.nat(6), { maxLength: 40 });

/** Bytes in which CR, LF, dot and NUL are as frequent as everything else together. */
export const nastyBytes: fc.Arbitrary<Buffer> = fc
  .array(fc.oneof(fc.constantFrom(13, 10, 46, 0), fc.constantFrom(13, 10, 46), fc.nat(255)), { maxLength: 60 })
  .map((octets) => Buffer.from(octets));
