/**
 * Encoded-words: text that is not ASCII inside header fields (RFC 2047, with the language tag of RFC 2231 §5).
 *
 * Why: written always as UTF-8 in words of at most 75 characters that never split a character; read in any charset, and
 * joined as octets first, because other programs do split characters between words. This file must never know which
 * field it is in: whether a place may hold an encoded-word is its caller's knowledge.
 */

import { EQUALS, SPACE } from '../wire/bytes.ts';
import { decodeText } from './charset.ts';
import { KeptOctets } from './kept.ts';
import { hexOctet } from './quoted-printable.ts';

const UNDERSCORE = 95;
const MAX_WORD = 75;
/** `=?UTF-8?Q?` and `?=`. */
const FRAME = 12;
/** RFC 2047 §5 (3): what may stand for itself even in a phrase. */
const SAFE = /^[A-Za-z0-9!*+/-]$/;

/**
 * Encodes text as one or more encoded-words, in whichever of Q and B is shorter.
 *
 * @param text well-formed text of any length.
 * @param column where the first word will stand; the first line then keeps to 76 characters too (RFC 2047 §2).
 * @returns the words, to be separated by a space or a fold; empty for empty text.
 */
export function encodeWords(text: string, column = 1): string[] {
  const characters = Array.from(text);
  const quoted = characters.map(quote).join('').length <= Math.ceil(Buffer.byteLength(text) / 3) * 4;
  const cost = quoted ? (c: string) => quote(c).length : (c: string) => Buffer.byteLength(c);
  const words: string[] = [];
  let start = 0;
  while (start < characters.length) {
    const width = words.length === 0 && MAX_WORD + 1 - column >= 2 * FRAME ? MAX_WORD + 1 - column : MAX_WORD;
    const room = quoted ? width - FRAME : Math.floor((width - FRAME) / 4) * 3;
    let end = start;
    for (let used = 0; end < characters.length; end++) {
      used += cost(characters[end] as string);
      if (used > room) break;
    }
    words.push(encodeWord(characters.slice(start, end), quoted));
    start = end;
  }
  return words;
}

function encodeWord(characters: string[], quoted: boolean): string {
  return quoted
    ? `=?UTF-8?Q?${characters.map(quote).join('')}?=`
    : `=?UTF-8?B?${Buffer.from(characters.join('')).toString('base64')}?=`;
}

function quote(character: string): string {
  if (SAFE.test(character)) return character;
  if (character === ' ') return '_';
  return Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '=$&');
}

/** Every part stops at the next question mark and has a bound or a fixed end, so matching is linear. */
const ENCODED_WORD = /=\?([^?*\s]{1,64})(?:\*[^?\s]{0,64})?\?([bq])\?([^?\r\n]*)\?=/gi;
const RAW = /[^\0-\x7f]/;

/** How an encoded-word begins, up to its text; all of its parts have a bound. */
const BEGINNING = /^=\?([^?*\s]{1,64})(?:\*[^?\s]{0,64})?\?[bq]\?/i;
const MAX_BEGINNING = 140;

/** The charsets named by the encoded-words in `text`, to be loaded before they are decoded. */
export function wordCharsets(text: string): Set<string> {
  const labels = new Set<string>();
  for (let at = text.indexOf('=?'); at >= 0; at = text.indexOf('=?', at + 2)) {
    const label = BEGINNING.exec(text.slice(at, at + MAX_BEGINNING))?.[1];
    if (label !== undefined) labels.add(label);
  }
  return labels;
}

/**
 * Decodes the encoded-words in `text` and leaves the rest as it is. White space between two of them is dropped, and
 * neighbours of one charset are joined before they are decoded (RFC 2047 §6.2).
 *
 * QUIRK: words are accepted next to other characters, with spaces and with 8-bit characters inside, because programs write
 * them so.
 */
export function decodeWords(text: string): string {
  if (!text.includes('=?')) return text;
  let out = '';
  let end = 0;
  let run: { charset: string; octets: KeptOctets } | undefined;
  const flush = () => {
    if (run !== undefined) out += decodeText(run.octets.octets, run.charset).text;
    run = undefined;
  };
  ENCODED_WORD.lastIndex = 0;
  for (let match = ENCODED_WORD.exec(text); match !== null; match = ENCODED_WORD.exec(text)) {
    const [whole, label = '', encoding = '', payload = ''] = match;
    const charset = label.toLowerCase();
    const between = text.slice(end, match.index);
    if (run === undefined || between.trim() !== '' || run.charset !== charset) {
      flush();
      if (end === 0 || between.trim() !== '') out += between;
      run = { charset, octets: new KeptOctets() };
    }
    if (RAW.test(payload)) {
      flush();
      out += decodeAroundRaw(charset, payload);
    } else run.octets.append(decodePayload(encoding, payload), Number.POSITIVE_INFINITY, true);
    end = match.index + whole.length;
  }
  flush();
  return out + text.slice(end);
}

/** 8-bit characters were octets of the field and are text already; only what is around them is in the word's charset. */
function decodeAroundRaw(charset: string, payload: string): string {
  return payload
    .split(/([^\0-\x7f]+)/)
    .map((piece, index) => (index % 2 === 1 ? piece : decodeText(decodePayload('q', piece), charset).text))
    .join('');
}

function decodePayload(encoding: string, payload: string): Buffer {
  if (encoding === 'b' || encoding === 'B') return Buffer.from(payload, 'base64');
  const input = Buffer.from(payload);
  const out = Buffer.allocUnsafe(input.length);
  let size = 0;
  for (let at = 0; at < input.length; at++) {
    const octet = input[at] as number;
    const value = octet === EQUALS ? hexOctet(input, at + 1) : -1;
    out[size++] = value >= 0 ? value : octet === UNDERSCORE ? SPACE : octet;
    if (value >= 0) at += 2;
  }
  return out.subarray(0, size);
}
