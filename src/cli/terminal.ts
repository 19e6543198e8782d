/**
 * Untrusted text on a terminal: the one function that makes it safe, and the ones that measure it.
 *
 * Why it escapes instead of removing: what a sender tried must stay visible, and text that silently closes up can be
 * made to read as something else. Every byte from a message, a server, a certificate or a file name passes through
 * `safeText` (or `safeJson`) on its way out; styling is added afterwards. Plain ASCII is recognised by one test and
 * returned as it is; everything is linear. What this file must never know: streams, the process, messages.
 */

import { eastAsianWidth } from 'get-east-asian-width';

/**
 * Scripts in which the two joiners (U+200C, U+200D) do orthographic work: UAX #31 §2.3 allows them in these contexts.
 */
const JOINING =
  '[[\\p{scx=Arab}\\p{scx=Syrc}\\p{scx=Mong}\\p{scx=Nkoo}\\p{scx=Deva}\\p{scx=Beng}\\p{scx=Guru}\\p{scx=Gujr}\\p{scx=Orya}' +
  '\\p{scx=Taml}\\p{scx=Telu}\\p{scx=Knda}\\p{scx=Mlym}\\p{scx=Sinh}]&&[[\\p{L}\\p{M}]--\\p{Default_Ignorable_Code_Point}]]';

const MONGOLIAN = '[\\p{scx=Mong}--\\p{Default_Ignorable_Code_Point}]';
const MONGOLIAN_SELECTOR = '[\\u180B-\\u180D\\u180F]';

/**
 * What never reaches a terminal as it is:
 * - controls C0, DEL and C1 (with ESC and the one-character CSI), unpaired surrogates, noncharacters;
 * - line and paragraph separators; bidi controls and all else that is invisible by default (zero-width characters,
 *   Hangul fillers, tags), and interlinear annotation;
 * - joiners that join nothing, variation selectors that select nothing (a row of them can carry a hidden text), and the
 *   ninth mark on one letter.
 *
 * What a joiner or a selector leans on is never one of these itself: all is found at once, and nothing new the second time.
 */
const UNSAFE = [
  '[[\\p{Cc}\\p{Cs}\\p{Noncharacter_Code_Point}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}\\uFFF9-\\uFFFB]' +
    '--[\\u200C\\u200D\\p{Variation_Selector}]]',
  `(?<!${JOINING}|${MONGOLIAN}${MONGOLIAN_SELECTOR})\\u200C|\\u200C(?!${JOINING})`,
  `(?<!${JOINING}|${MONGOLIAN}${MONGOLIAN_SELECTOR}|[\\p{Extended_Pictographic}\\p{Emoji_Modifier}]|[\\p{Emoji}--\\p{ASCII}]\\uFE0F)\\u200D|\\u200D(?!${JOINING}|\\p{Extended_Pictographic})`,
  '(?<![\\p{Emoji}--\\p{ASCII}])(?<![0-9#*](?=\\uFE0F\\u20E3))[\\uFE0E\\uFE0F]',
  '(?<![[\\p{L}\\p{M}\\p{P}\\p{S}]--[\\p{ASCII}\\p{Default_Ignorable_Code_Point}\\u2800]])[\\uFE00-\\uFE0D]',
  '(?<!\\p{Ideographic})[\\u{E0100}-\\u{E01EF}]',
  `(?<!${MONGOLIAN})${MONGOLIAN_SELECTOR}`,
  '(?<=\\p{M}{8})\\p{M}|(?<=\\p{M}{9})[\\u200C\\u200D]',
].join('|');

/** On one line, moreover: a blank Braille pattern among no others, which looks like a space, and is a name's only letter. */
const BLANK_BRAILLE = '(?<![\\u2801-\\u28FF])\\u2800(?![\\u2801-\\u28FF])';

// Made when the first text beyond ASCII is met: a pattern over Unicode's properties takes milliseconds to build.
let unsafePattern: RegExp | undefined;
let unsafeLinePattern: RegExp | undefined;
let unsafeLinesPattern: RegExp | undefined;
const unsafe = () => (unsafePattern ??= new RegExp(UNSAFE, 'gv'));
const unsafeLine = () => (unsafeLinePattern ??= new RegExp(`${UNSAFE}|${BLANK_BRAILLE}`, 'gv'));
const unsafeLines = () => (unsafeLinesPattern ??= new RegExp(`\\r\\n|(?![\\n\\t])(?:${UNSAFE})`, 'gv'));

const ASCII = /^[ -~]*$/;
const ASCII_LINES = /^[ -~\n\t]*$/;
/** More blanks in a row than a line of text needs: they push what comes behind them off the screen. */
const BLANKS = /(?<!\p{Zs})\p{Zs}{17,}/gu;
const MANY_BLANKS = /\p{Zs}{17}/u;

/**
 * `text` with everything that could drive, confuse or deceive a terminal written visibly: `\x1b`, `\u202e`,
 * `\u{e0041}`. Multi-line text keeps LF and TAB, and CRLF becomes LF; on a single line, more than 16 blanks in a row
 * become `\x20{200}`. Applying it twice changes nothing.
 */
export function safeText(text: string, options: { multiline?: boolean } = {}): string {
  if (options.multiline) {
    if (ASCII_LINES.test(text)) return text;
    return text.replace(unsafeLines(), (match) => (match === '\r\n' ? '\n' : escape(match)));
  }
  const safe = ASCII.test(text) ? text : text.replace(unsafeLine(), escape);
  return MANY_BLANKS.test(safe) ? safe.replace(BLANKS, (run) => `${escape(' ')}{${run.length}}`) : safe;
}

/** The styles this program uses; see `Style` in output.ts. */
const OWN_STYLE = /\x1b\[(?:[12]|22|3[1-39])m/g;

/** Multi-line text with styles of our own, safe whatever whoever made it forgot: all else that is unsafe is escaped. */
export function safeStyledText(text: string): string {
  if (ASCII_LINES.test(text)) return text;
  const styles = text.match(OWN_STYLE) ?? [];
  return text
    .split(OWN_STYLE)
    .map((piece, index) => safeText(piece, { multiline: true }) + (styles[index] ?? ''))
    .join('');
}

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}

/** `value` as JSON on one line that is as safe as `safeText`, and still means the same: JSON has escapes of its own. */
export function safeJson(value: unknown): string {
  const json = JSON.stringify(value) ?? 'null';
  if (ASCII.test(json)) return json;
  return json.replace(unsafe(), (match) =>
    Array.from({ length: match.length }, (_, i) => `\\u${match.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
}

// Not \p{RGI_Emoji}: that property alone takes 18 ms to parse, at every start.
const EMOJI =
  /^(?:\p{Extended_Pictographic}[^]*[\uFE0F\u200D]|\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3|\p{Emoji_Modifier_Base}\p{Emoji_Modifier})/u;
const NO_WIDTH = /^[\p{Mn}\p{Me}\u200C-\u200D\u1160-\u11FF\uD7B0-\uD7FF]$/u;

/** The cells of a terminal that safe text on one line takes. */
export function cellWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += graphemeWidth(segment);
  return width;
}

/** Safe text cut to at most `cells`, with `…` where something is missing. Never splits what is read as one character. */
export function truncate(text: string, cells: number): string {
  if (cells <= 0) return '';
  if (ASCII.test(text)) return text.length <= cells ? text : `${text.slice(0, cells - 1)}…`;
  let width = 0;
  let cut = 0;
  for (const { segment, index } of graphemes(text)) {
    width += graphemeWidth(segment);
    if (width > cells) return `${text.slice(0, cut)}…`;
    if (width <= cells - 1) cut = index + segment.length;
  }
  return text;
}

/** Safe text in pieces of at most `cells` each, where one character fits at all; `first` is the room of the first one. */
export function cutPieces(text: string, cells: number, first = cells): string[] {
  const found: string[] = [];
  let room = first;
  let start = 0;
  let width = 0;
  for (const { segment, index } of graphemes(text)) {
    const wide = graphemeWidth(segment);
    if (width + wide > room && index > start) {
      found.push(text.slice(start, index));
      [start, width, room] = [index, 0, cells];
    }
    width += wide;
  }
  found.push(text.slice(start));
  return found;
}

/** Safe text filled up with spaces to `cells`; longer text is left alone. */
export function padEnd(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - cellWidth(text)));
}

/** The same, with the spaces in front. */
export function padStart(text: string, cells: number): string {
  return ' '.repeat(Math.max(0, cells - cellWidth(text))) + text;
}

// Intl.Segmenter takes even longer to make.
let segmenter: Intl.Segmenter | undefined;

function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

function graphemeWidth(grapheme: string): number {
  if (grapheme.length === 1 && grapheme < '\u0300') return 1;
  if (EMOJI.test(grapheme)) return 2;
  let width = 0;
  for (const character of grapheme) {
    width += NO_WIDTH.test(character) ? 0 : eastAsianWidth(character.codePointAt(0) ?? 0);
  }
  return width;
}
