/**
 * One line of what a server says (RFC 5321 §4.5.3.1.5, RFC 1939 §3): at most 512 octets, and never the beginning of
 * another.
 *
 * Why: words of a client, or of a backend, may stand in it. What this file must never know: any code or status.
 */

/** Octets, CRLF left out. */
const MAX_REPLY = 510;

/** The line without control characters, cut where it is too long. */
export function replyLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  const line = text.replace(/[\x00-\x1f\x7f]/g, '?');
  if (Buffer.byteLength(line) <= MAX_REPLY) return line;
  // Cut in the middle of a character it ends in a replacement character, which goes too.
  return Buffer.from(line)
    .subarray(0, MAX_REPLY)
    .toString()
    .replace(/\ufffd$/, '');
}
