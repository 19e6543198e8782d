/** Several parts of a message, decoded and held in memory: small ones, for what cannot be made in a stream. */
import { extractParts } from '../mime/extract.ts';
import type { PartInfo } from '../mime/part-info.ts';
import type { OpenMessage } from './read.ts';

/** In octets: of one part, and of all together. */
const MAX_PART = 10_000_000;
const MAX_PARTS = 25_000_000;

/** The octets of these parts by their numbers; those that are too large are left out. */
export async function partOctets(message: OpenMessage, parts: readonly PartInfo[]): Promise<Map<string, Buffer>> {
  let room = MAX_PARTS;
  const wanted = parts.filter(({ size }) => {
    if (size > Math.min(MAX_PART, room)) return false;
    room -= size;
    return true;
  });
  const found = new Map<string, Buffer>();
  if (wanted.length === 0) return found;
  let chunks: Uint8Array[] = [];
  const numbers = wanted.map(({ number }) => number);
  for await (const { part, octets, last } of extractParts(message.chunks(), numbers)) {
    chunks.push(Uint8Array.from(octets));
    if (!last) continue;
    found.set(part.number, Buffer.concat(chunks));
    chunks = [];
  }
  return found;
}
