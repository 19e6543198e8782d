/**
 * Charsets of seven bits that shift between ASCII and other characters: ISO-2022-KR (RFC 1557), HZ (RFC 1843), the GB 2312
 * of ISO-2022-CN (RFC 1922), and UTF-7 (RFC 2152).
 *
 * Why: the platform knows none of them, and old mail is written in them. The characters of the first three are those of EUC
 * without the eighth bit, and those of the last are UTF-16 in base64: so the text is made that, and the platform decodes
 * it. What is none of them, CNS 11643 among it, becomes something that does not fit there.
 */

import { HYPHEN, LF } from '../wire/bytes.ts';

const ESC = 0x1b;
const SHIFT_OUT = 0x0e;
const SHIFT_IN = 0x0f;
const TILDE = 0x7e;
const PLUS = 0x2b;
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** No character of GBK and of EUC-KR begins with it. */
const UNKNOWN = 0xff;
/** The second half of a character of UTF-16, which does not fit where there is no first. */
const HALF = 0xdc00;

const CHARSETS: ReadonlyMap<string, string> = new Map([
  ['iso-2022-kr', 'euc-kr'],
  ['csiso2022kr', 'euc-kr'],
  ['iso-2022-cn', 'gbk'],
  ['iso-2022-cn-ext', 'gbk'],
  ['hz-gb-2312', 'gbk'],
  ['hz', 'gbk'],
  ['utf-7', 'utf-16le'],
  ['unicode-1-1-utf-7', 'utf-16le'],
]);

/** Whether `unshift` knows a charset, by its name in lower case. */
export function isShifted(name: string): boolean {
  return CHARSETS.has(name);
}

/**
 * The same text in a charset that does not shift.
 *
 * @param name for which `isShifted` holds.
 */
export function unshift(octets: Uint8Array, name: string): { octets: Uint8Array; charset: string } {
  const from = name.startsWith('hz') ? fromTildes : name.endsWith('utf-7') ? fromBase64 : fromShifts;
  return { octets: from(octets), charset: CHARSETS.get(name) as string };
}

/** ISO 2022: `ESC $ ) C` says what SO shifts to, SI shifts back; a line begins in ASCII. */
function fromShifts(octets: Uint8Array): Uint8Array {
  const out = Buffer.allocUnsafe(octets.length);
  let [size, shifted, known] = [0, false, true];
  for (let at = 0; at < octets.length; at++) {
    const octet = octets[at] as number;
    if (octet === ESC && octets[at + 1] === 0x24) {
      known = octets[at + 2] === 0x29 && (octets[at + 3] === 0x41 || octets[at + 3] === 0x43);
      at += 3;
    } else if (octet === SHIFT_OUT || octet === SHIFT_IN) shifted = octet === SHIFT_OUT;
    else {
      if (octet === LF) shifted = false;
      out[size++] = shifted && octet > 0x20 ? (known ? octet | 0x80 : UNKNOWN) : octet;
    }
  }
  return out.subarray(0, size);
}

/** HZ: `~{` shifts, `~}` shifts back, `~~` is a tilde and `~` at the end of a line nothing. */
function fromTildes(octets: Uint8Array): Uint8Array {
  const out = Buffer.allocUnsafe(octets.length);
  let [size, shifted] = [0, false];
  for (let at = 0; at < octets.length; at++) {
    const octet = octets[at] as number;
    const next = octets[at + 1];
    if (octet === TILDE && (next === 0x7b || next === 0x7d)) {
      shifted = next === 0x7b;
      at += 1;
    } else if (octet === TILDE && !shifted && (next === TILDE || next === LF)) {
      if (next === TILDE) out[size++] = TILDE;
      at += 1;
    } else {
      if (octet === LF) shifted = false;
      out[size++] = shifted && octet > 0x20 ? octet | 0x80 : octet;
    }
  }
  return out.subarray(0, size);
}

/** UTF-7: `+` begins UTF-16 in base64, which ends where base64 does, at a `-` that is dropped; `+-` is a plus sign. */
function fromBase64(octets: Uint8Array): Uint8Array {
  const out = new Uint16Array(octets.length);
  let [size, shifted, bits, count] = [0, false, 0, 0];
  for (let at = 0; at < octets.length; at++) {
    const octet = octets[at] as number;
    const value = shifted ? BASE64.indexOf(String.fromCharCode(octet)) : -1;
    if (value >= 0) {
      bits = ((bits << 6) | value) & 0x3fffff;
      count += 6;
      if (count >= 16) out[size++] = (bits >> (count -= 16)) & 0xffff;
      continue;
    }
    const ended = shifted;
    shifted = octet === PLUS && octets[at + 1] !== HYPHEN;
    [bits, count] = [0, 0];
    if (octet === PLUS && !shifted) at += 1;
    if (!shifted && !(ended && octet === HYPHEN)) out[size++] = octet < 0x80 ? octet : HALF;
  }
  return new Uint8Array(out.buffer, 0, size * 2);
}
