/**
 * Text as it is laid out: words that flow on a line, lines in a block, blocks with space between them.
 *
 * Why: HTML is met as a stream of pieces; where white space counts, and where a line begins, is decided here and nowhere
 * else. This file must never know what an element is.
 */

/** Soft hyphens and what has no width: breaks that nobody needs here, and the padding of newsletters. */
const UNSEEN = /[\u034f\u00ad\u200b\u2060\ufeff]/g;
// Made when the first text beyond ASCII is met: as a literal it would be parsed at every start.
let idleJoinerPattern: RegExp | undefined;
/** Joiners that join nothing. */
const idleJoiner = () =>
  (idleJoinerPattern ??= new RegExp(
    String.raw`(?<![\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])[\u200c\u200d]|[\u200c\u200d](?![\p{L}\p{M}\p{Extended_Pictographic}])`,
    'gu',
  ));

/** Text without the characters that a page has for breaking and padding its lines. */
export function visible(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : text.replace(UNSEEN, '').replace(idleJoiner(), '');
}

/** Lines being made. White space is collapsed as HTML has it, unless it is kept. */
export class Lines {
  readonly #lines: string[] = [];
  #pieces: string[] = [];
  #spaced = true;
  /** Empty lines that are wanted before the next line, if there is one before them. */
  #gap = 0;
  /** Characters so far, for whoever bounds them. */
  length = 0;

  /** Text that flows. */
  flow(text: string): void {
    let words = text.replace(/[ \t\r\n\f]+/g, ' ');
    if (this.#spaced && words.startsWith(' ')) words = words.slice(1);
    if (words !== '') this.#add(words, words.endsWith(' '));
  }

  /** Text as it stands, with its line ends. */
  keep(text: string): void {
    for (const [index, line] of text.split('\n').entries()) {
      if (index > 0) this.newLine();
      if (line !== '') this.#add(line, false);
    }
  }

  /** Ends the line, also one with nothing on it. */
  newLine(): void {
    this.#endLine(visible(this.#pieces.join('')).trimEnd());
  }

  /** What follows begins a line, with so many empty lines before it. */
  block(gap = 0): void {
    if (this.isInline) this.newLine();
    this.#gap = Math.max(this.#gap, gap);
  }

  /** Lines made elsewhere, with the same in front of each, or something else in front of the first. */
  append(lines: readonly string[], rest = '', first = rest): void {
    this.block();
    for (const [index, line] of lines.entries()) this.#endLine(`${index === 0 ? first : rest}${line}`.trimEnd());
  }

  /** Whether the line that is being made has something on it. */
  get isInline(): boolean {
    return this.#pieces.length > 0;
  }

  /** All lines, without the empty ones at both ends; two empty ones never follow each other. */
  end(): string[] {
    this.block();
    return this.#lines;
  }

  #add(text: string, spaced: boolean): void {
    this.#pieces.push(text);
    this.#spaced = spaced;
    this.length += text.length;
  }

  #endLine(line: string): void {
    this.#pieces = [];
    this.#spaced = true;
    this.length += line.length + 1;
    if (line === '') {
      this.#gap = Math.max(this.#gap, 1);
      return;
    }
    if (this.#gap > 0 && this.#lines.length > 0) this.#lines.push('');
    this.#gap = 0;
    this.#lines.push(line);
  }
}
