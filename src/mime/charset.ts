/**
 * Octets to text, by the name of a charset (RFC 2046 §4.1.2; the names as browsers know them).
 *
 * Why: nearly everything is UTF-8 or known to `TextDecoder`; the rest is left to iconv-lite, which costs time to load and
 * is therefore loaded only when a message names such a charset. Decoding itself is synchronous: whoever can wait calls
 * `loadCharsets` first. This file must never know what the text is for.
 */

import { isAscii, isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import type * as Iconv from 'iconv-lite';

let iconv: Pick<typeof Iconv, 'decode' | 'encodingExists'> | undefined;
const decoders = new Map<string, TextDecoder | undefined>();
const MAX_DECODERS = 64;
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const latin = new TextDecoder('windows-1252');

export interface DecodedText {
  readonly text: string;
  /** False when the charset is unknown or the octets do not fit it; the text then holds the best that could be made. */
  readonly clean: boolean;
}

/** Loads what is needed to decode the named charsets; costs nothing when `TextDecoder` knows them all. */
export async function loadCharsets(labels: Iterable<string>): Promise<void> {
  if (iconv !== undefined) return;
  for (const label of labels) {
    if (findDecoder(normal(label)) !== undefined) continue;
    const loaded = await import('iconv-lite');
    iconv = loaded.default ?? loaded;
    return;
  }
}

/**
 * Decodes octets. Nothing is lost silently: an unknown charset is read as UTF-8 when it is that, else as windows-1252,
 * which shows every octet as something; octets that do not fit a known charset become U+FFFD.
 *
 * QUIRK: 8-bit octets under `us-ascii` or no charset at all are treated as an unknown charset, because programs forget
 * to name it.
 */
export function decodeText(octets: Uint8Array, label = 'us-ascii'): DecodedText {
  const name = normal(label);
  if (name === 'us-ascii' || name === 'ascii') return guess(octets);
  const decoder = findDecoder(name);
  if (decoder !== undefined) {
    const text = decoder.decode(octets);
    return { text, clean: !text.includes('\uFFFD') };
  }
  if (iconv?.encodingExists(name)) {
    const text = iconv.decode(Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength), name);
    return { text, clean: !text.includes('\uFFFD') };
  }
  return { text: guess(octets).text, clean: false };
}

function guess(octets: Uint8Array): DecodedText {
  if (isUtf8(octets)) return { text: utf8.decode(octets), clean: isAscii(octets) };
  return { text: latin.decode(octets), clean: false };
}

function normal(label: string): string {
  return label.trim().toLowerCase().slice(0, 64);
}

function findDecoder(name: string): TextDecoder | undefined {
  if (decoders.has(name)) return decoders.get(name);
  let decoder: TextDecoder | undefined;
  try {
    decoder = new TextDecoder(name, { ignoreBOM: true });
  } catch {
    decoder = undefined;
  }
  if (decoders.size >= MAX_DECODERS) decoders.clear();
  decoders.set(name, decoder);
  return decoder;
}
