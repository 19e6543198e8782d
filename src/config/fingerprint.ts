/** The fingerprint of a certificate as people paste it: with colons or without, in any case of letters. Pure. */
import { UsageError } from '../errors.ts';

/** 32 octets in hexadecimal. */
export const FINGERPRINT = /^[0-9A-Fa-f]{2}(?::?[0-9A-Fa-f]{2}){31}$/;

/** @returns 64 hexadecimal digits in lower case. @throws UsageError `bad-fingerprint`. */
export function parseFingerprint(text: string): string {
  if (FINGERPRINT.test(text)) return text.replaceAll(':', '').toLowerCase();
  throw new UsageError('bad-fingerprint', 'The fingerprint is not a SHA-256: it must have 64 hexadecimal digits.', {
    hint: 'See it with: openssl x509 -noout -fingerprint -sha256 -in certificate.pem',
  });
}
