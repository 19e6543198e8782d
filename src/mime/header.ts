/**
 * Writing header fields: what may stand in one, and how a long one is folded (RFC 5322 §2.1.1, §2.2; RFC 6532).
 *
 * Why: every text that reaches a header goes through `checkText`, so there is one place where injection ends, and every
 * field goes through `foldField`, so no line is ever longer than a server must accept. This file must never know what a
 * field means.
 */

import { UsageError } from '../errors.ts';
import { encodeWords } from './encoded-word.ts';
import { isOneLine } from './plain-text.ts';

/** RFC 5322 §2.1.1: lines SHOULD be no longer than this, without CRLF. */
export const PREFERRED_LINE = 78;
/** RFC 5322 §2.1.1: lines MUST be no longer than this, in octets and without CRLF. */
export const MAX_LINE = 998;

const FIELD_NAME = /^[!-9;-~]{1,76}$/;
/** QUIRK: looser than RFC 5322 §3.6.4, as an answer must repeat the id it was given. */
const MESSAGE_ID = /^<[!-;=?-~]{1,900}>$/;

/**
 * Refuses text that could end a line or hide in one: control characters (C0, DEL, C1), the Unicode line separators and
 * unpaired surrogates.
 *
 * @param what names the text in the error: `the subject`.
 * @throws UsageError `bad-header`.
 */
export function checkText(what: string, text: string): string {
  if (typeof text !== 'string') throw new UsageError('bad-header', `${sentence(what)} is not text.`);
  if (!isOneLine(text) || !text.isWellFormed()) {
    throw new UsageError(
      'bad-header',
      `${sentence(what)} contains a line break, a control character or half a character.`,
      {
        hint: 'Remove that character; a header is one line of text.',
      },
    );
  }
  return text;
}

function sentence(what: string): string {
  return `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
}

/**
 * @returns the name, when it is a field name (RFC 5322 §3.6.8) of a length that leaves room for a value.
 * @throws UsageError `bad-header`.
 */
export function checkFieldName(name: string): string {
  if (typeof name === 'string' && FIELD_NAME.test(name)) return name;
  throw new UsageError(
    'bad-header',
    'A header name must be 1 to 76 printable ASCII characters without spaces and colons.',
    { hint: 'Write for example X-Priority: 1' },
  );
}

/**
 * @returns the id in angle brackets, which may be left out in `id`.
 * @throws UsageError `bad-header`.
 */
export function checkMessageId(what: string, id: string): string {
  const whole = String(id).startsWith('<') ? id : `<${id}>`;
  if (MESSAGE_ID.test(whole)) return whole;
  throw new UsageError(
    'bad-header',
    `${sentence(what)} is not an id: printable ASCII without spaces, in angle brackets.`,
  );
}

/**
 * Writes one field from pieces that must not be broken. A piece follows the one before it after a space, or a fold; a
 * piece that starts with white space of its own keeps exactly that.
 *
 * @returns the field with its final CRLF; lines of 78 octets where the pieces allow it.
 * @throws UsageError `bad-header` when a piece does not fit the 998 octets a line may have.
 */
export function foldField(name: string, pieces: readonly string[]): string {
  let field = `${name}:`;
  let column = field.length;
  let isFirst = true;
  for (const piece of pieces) {
    const word = piece.startsWith(' ') || piece.startsWith('\t') ? piece : ` ${piece}`;
    const width = Buffer.byteLength(word);
    const fold = !isFirst && column + width > PREFERRED_LINE;
    column = (fold ? 0 : column) + width;
    if (column > MAX_LINE) throw new UsageError('bad-header', `A word in the header ${name} is too long for a line.`);
    field += fold ? `\r\n${word}` : word;
    isFirst = false;
  }
  return `${field}\r\n`;
}

/**
 * The pieces of unstructured text (RFC 5322 §3.2.5): plain words, or encoded-words (RFC 2047) where the text is not
 * ASCII, would be taken for an encoded-word, begins or ends with a space, or has a word no line can hold.
 *
 * @param text already checked; a TAB is written as a space.
 */
export function textPieces(name: string, text: string): string[] {
  // Taken apart only when no space is at its end: there the search for words would start anew at each of them.
  const simple = /^[ -~]*$/.test(text) && !text.includes('=?') && text.trim() === text;
  const words = simple ? (text.match(/ *[^ ]+/g) ?? []) : [];
  return simple && words.every((word) => word.length < 900) ? words : encodeWords(text, name.length + 2);
}
