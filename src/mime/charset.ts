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

import { asBuffer, latin1 } from '../wire/bytes.ts';
import { isShifted, unshift } from './shifted.ts';

let iconv: Pick<typeof Iconv, 'decode' | 'encodingExists'> | undefined;
const decoders = new Map<string, TextDecoder | undefined>();
const MAX_DECODERS = 64;
/** The names of windows-1252, which differs from ISO 8859-1 only in 0x80 to 0x9f, where that has control characters. */
const LATIN = /^(?:windows-1252|iso-8859-1|latin1|cp1252)$/;
const LATIN_80 = Array.from(
  new TextDecoder('windows-1252').decode(Uint8Array.from({ length: 32 }, (_, at) => 0x80 + at)),
);
/** Charsets in which ASCII is ASCII. */
const SUPERSETS = /^(?:us-ascii|ascii|utf-?8|iso-8859-\d+|windows-125\d|koi8-[ru])$/;
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

export interface DecodedText {
  readonly text: string;
  /** False when the charset is unknown or the octets do not fit it; the text then holds the best that could be made. */
  readonly clean: boolean;
}

/** Loads what is needed to decode the named charsets; costs nothing when they are all known without. */
export async function loadCharsets(labels: Iterable<string>): Promise<void> {
  if (iconv !== undefined) return;
  for (const label of labels) {
    if (isPlatformCharset(label)) continue;
    const loaded = await import('iconv-lite');
    iconv = loaded.default ?? loaded;
    return;
  }
}

/** Whether text in this charset can be decoded without anything being loaded. */
export function isPlatformCharset(label: string): boolean {
  const name = normal(label);
  return isShifted(name) || findDecoder(name) !== undefined;
}

/** Whether text in this charset can be decoded, once `loadCharsets` was called. */
export function isKnownCharset(label: string): boolean {
  return isPlatformCharset(label) || iconv?.encodingExists(normal(label)) === true;
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
  if (SUPERSETS.test(name) && isAscii(octets)) return { text: latin1(octets), clean: true };
  if (name === 'us-ascii' || name === 'ascii') return guess(octets);
  if (name === 'utf-8' || name === 'utf8') return judged(asBuffer(octets).toString(), () => isUtf8(octets));
  if (LATIN.test(name)) return { text: decodeLatin(octets), clean: true };
  const decoder = findDecoder(name);
  if (decoder !== undefined) return judged(decoder.decode(octets), () => fits(octets, name));
  if (isShifted(name)) {
    const plain = unshift(octets, name);
    return decodeText(plain.octets, plain.charset);
  }
  if (iconv?.encodingExists(name)) return judged(iconv.decode(asBuffer(octets), name), () => false);
  return { text: guess(octets).text, clean: false };
}

/** U+FFFD may stand for octets that do not fit, or be what was written: whoever has it in a text may pass it on. */
function judged(text: string, isWritten: () => boolean): DecodedText {
  return { text, clean: !text.includes('\uFFFD') || isWritten() };
}

function fits(octets: Uint8Array, name: string): boolean {
  try {
    new TextDecoder(name, { fatal: true }).decode(octets);
    return true;
  } catch {
    return false;
  }
}

function guess(octets: Uint8Array): DecodedText {
  if (isUtf8(octets)) return { text: utf8.decode(octets), clean: isAscii(octets) };
  return { text: decodeLatin(octets), clean: false };
}

/** The platform's decoder of windows-1252 goes octet by octet; this one lets it copy, and mends what is rare. */
function decodeLatin(octets: Uint8Array): string {
  const text = latin1(octets);
  return text.replace(/[\x80-\x9f]/g, (character) => LATIN_80[character.charCodeAt(0) - 0x80] as string);
}

/** The later versions of ISO-2022-JP have more character sets, which are rare: the rest is read. */
function normal(label: string): string {
  const name = label.slice(0, 64).trim().toLowerCase();
  return name.startsWith('iso-2022-jp-') ? 'iso-2022-jp' : name;
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
