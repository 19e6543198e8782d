/**
 * Text written as format=flowed: lines that may be joined again by who has a wider or narrower window (RFC 3676 §4).
 *
 * Why: without it long lines are either broken for everyone or too long for some. What is quoted stays quoted at its
 * depth. This file must never know headers.
 */

/** RFC 3676 §4.2 asks for 78 at the most; two are left for those who quote. */
const WIDTH = 76;

/**
 * @param text with any line ends. White space at the end of its lines is lost, but for the signature's `-- `; a line that
 *   begins with `>` is taken as quoted.
 */
export function flowText(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => flowLine(line))
    .join('\n');
}

function flowLine(line: string): string {
  const [quotes = ''] = /^>(?: ?>)*/.exec(line) ?? [];
  const depth = quotes.replaceAll(' ', '');
  const content = line.slice(quotes.length).replace(depth === '' ? '' : /^ /, '');
  if (content === '-- ') return `${depth}${depth === '' ? '' : ' '}-- `;
  const lines = wrap(content.trimEnd(), WIDTH - depth.length - 1);
  return lines.map((piece, at) => depth + stuffed(piece, depth) + (at < lines.length - 1 ? ' ' : '')).join('\n');
}

/** RFC 3676 §4.4: what could be taken for a quote, a space that is one, or mbox's separator begins with one space more. */
function stuffed(piece: string, depth: string): string {
  return piece !== '' && (depth !== '' || /^(?: |>|From )/.test(piece)) ? ` ${piece}` : piece;
}

/** Breaks at single spaces, which go to the end of their line; where others stand next to one, it is left. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let [start, fit] = [0, -1];
  for (let at = text.indexOf(' '); at >= 0; at = text.indexOf(' ', at + 1)) {
    if (at - start >= width && fit > start) {
      lines.push(text.slice(start, fit));
      start = fit + 1;
    }
    // Behind a run of spaces a line would seem to begin with one, or end with two; and `-- ` would begin a signature.
    const alone = at > start && text[at - 1] !== ' ' && text[at + 1] !== ' ';
    if (alone && text.slice(start, at) !== '--') fit = at;
  }
  if (text.length - start > width && fit > start) {
    lines.push(text.slice(start, fit));
    start = fit + 1;
  }
  return [...lines, text.slice(start)];
}
