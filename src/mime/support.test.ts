/** What the tests of mime share: cutting input into chunks, and putting output together. */

import type { Codec } from './codec.ts';

/** Cuts octets into chunks of the given sizes, taken in turn. */
export function cut(octets: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < octets.length; turn++) {
    const next = at + Math.max(1, sizes[turn % sizes.length] ?? 1);
    chunks.push(octets.subarray(at, next));
    at = next;
  }
  return chunks;
}

export function runCodec(codec: Codec, input: Uint8Array, sizes: readonly number[] = [input.length]): Buffer {
  const out = cut(input, sizes).map((chunk) => Buffer.from(codec.push(chunk)));
  return Buffer.concat([...out, codec.end()]);
}

export async function* stream(octets: Uint8Array, sizes: readonly number[] = [65_536]): AsyncGenerator<Uint8Array> {
  yield* cut(octets, sizes);
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}
