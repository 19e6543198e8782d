/**
 * Text from strangers as text and nothing else: one line, or lines, without control characters, and not without end.
 *
 * Why: decoding can bring out line ends and control characters that would forge a header when written again, or speak to a
 * terminal; what ends a line is said here and nowhere else. This file must never know where a text comes from.
 */

/** Control characters (C0, DEL, C1) and the line separators of Unicode. */
const BREAKS = /[\p{Cc}\u2028\u2029]/u;
const RUNS_OF_BREAKS = /[\p{Cc}\u2028\u2029]+/gu;

/** Whether a text is on one line, and no control character is in it. */
export function isOneLine(text: string): boolean {
  return !BREAKS.test(text);
}

/** The text on one line: line ends and control characters become a space, several in a row one. */
export function oneLine(text: string): string {
  return text.replace(RUNS_OF_BREAKS, ' ');
}

/** Lines of text: line ends of all kinds become LF; other control characters but TAB are left out. */
export function plainLines(text: string): string {
  return text.replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n').replace(/[^\P{Cc}\n\t]/gu, '');
}

/** At most `most` characters, the last of them `…` where something is missing. */
export function shortened(text: string, most: number): string {
  const characters = Array.from(text.slice(0, 2 * most));
  return characters.length > most || text.length > 2 * most ? `${characters.slice(0, most - 1).join('')}…` : text;
}
