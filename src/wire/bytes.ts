/**
 * The few octets the protocols are made of, and the two ways text becomes bytes.
 *
 * Latin-1 maps every octet to one character and back, so text of unknown charset survives it unchanged; UTF-8 is for
 * what is declared to be UTF-8.
 */

export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;
export const HYPHEN = 45;
export const DOT = 46;
export const EQUALS = 61;
export const DEL = 127;
export const CRLF = Buffer.from('\r\n', 'latin1');

/** A view of the same memory with Node's fast search and decoding; nothing is copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Octets to text, one character an octet: lossless. */
export function latin1(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('latin1');
}

/** Octets to text as UTF-8; what is not UTF-8 becomes U+FFFD. */
export function utf8(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('utf8');
}
