/**
 * The content transfer encodings by name (RFC 2045 §6.1).
 *
 * Why: whoever reads a part has only the name its header gave; what stands behind it is each codec's own business.
 */

import { Base64Decoder } from './base64.ts';
import type { Codec } from './codec.ts';
import { QuotedPrintableDecoder } from './quoted-printable.ts';
import { isUuencode, UuDecoder } from './uuencode.ts';

const EMPTY = new Uint8Array(0);

/** Passes everything on as it is: for 7bit, 8bit, binary, and encodings nobody knows. */
export class IdentityCodec implements Codec {
  readonly damaged = false;

  push(chunk: Uint8Array): Uint8Array {
    return chunk;
  }

  end(): Uint8Array {
    return EMPTY;
  }
}

/** It keeps nothing, so all can share it. What it gives is what it took. */
export const IDENTITY = new IdentityCodec();

/** @returns a decoder of its own for the value of a Content-Transfer-Encoding field, in lower case. */
export function createDecoder(encoding: string): Codec {
  if (encoding === 'base64') return new Base64Decoder();
  if (encoding === 'quoted-printable') return new QuotedPrintableDecoder();
  return isUuencode(encoding) ? new UuDecoder() : IDENTITY;
}
