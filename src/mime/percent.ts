/** Percent-encoding in URLs, read back (RFC 3986 §2.1). */

/** @returns undefined where what is escaped is no UTF-8, or an escape is none. */
export function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
