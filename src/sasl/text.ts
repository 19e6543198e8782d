/**
 * Text in mechanism messages: UTF-8 and base64, read strictly.
 *
 * Why: Node's own decoders repair what they are given (a replacement character, a skipped letter). In an exchange that
 * proves who somebody is, two spellings of one value are one too many. This file must never know what the text means.
 */

// A byte order mark is content here: the SCRAM signatures cover the message exactly as it was sent.
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of a well-formed string. */
export function utf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

/** The text of UTF-8 bytes, or undefined when they are not UTF-8 (RFC 3629). */
export function readUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** The bytes of canonical base64 (RFC 4648 §4, padded, no spaces), or undefined. */
export function readBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
