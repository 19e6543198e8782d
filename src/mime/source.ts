/**
 * Where the octets of a message come from: all at once, or in chunks.
 *
 * Why: a message that is in memory already needs no stream around it, and is read twice as fast without.
 */

/** A message, or its octets as they come. */
export type MessageSource = Uint8Array | AsyncIterable<Uint8Array>;

/** The chunks of a source, for `for await`. */
export function chunksOf(source: MessageSource): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  return source instanceof Uint8Array ? [source] : source;
}
