/**
 * Long lines of safe text, broken where a reader would break them: between words, at the cells a terminal has.
 *
 * Why the lines behind a break begin like their first one: the continuation of a quote is a quote, that of an item stands
 * below its text. An address of the web is never broken, so that it can be copied; the terminal does that where it must.
 * Pure; text is made safe before, and styled afterwards.
 */

import { cellWidth, cutPieces } from './terminal.ts';

/** What stands in front of a quoted line, an item of a list, or an indented line. */
const FRONT = /^(?:(?: ?>)+ ?|[ ]*(?:[*•–-]|\d{1,3}[.)])? +)/;
const ADDRESS = /[a-z]:\/\/|^mailto:/i;
const TAB_STOP = 8;

/**
 * @param columns Infinity for no breaks.
 * @param hang what stands in front of the lines behind a break, instead of what is found in the line.
 */
export function wrapLine(line: string, columns: number, hang?: string): string[] {
  if (columns === Number.POSITIVE_INFINITY) return [line];
  const text = line.includes('\t') ? expandTabs(line) : line;
  if (cellWidth(text) <= columns) return [text];
  const front = hang === undefined ? (FRONT.exec(text)?.[0] ?? '') : '';
  const behind = hang ?? (front.includes('>') ? front : ' '.repeat(cellWidth(front)));
  const most = Math.max(8, columns - cellWidth(behind));
  // Where hardly anything would be left beside it, the front is no front but text.
  if (cellWidth(behind) > columns / 2) return fill('', text, Math.max(8, columns), '');
  return fill(front, text.slice(front.length), most, behind);
}

/** Words onto lines of at most `most` cells, each with something in front. */
function fill(front: string, text: string, most: number, behind: string): string[] {
  const lines: string[] = [];
  let [line, width, space] = [front, 0, ''];
  const end = () => {
    lines.push(line.trimEnd());
    [line, width, space] = [behind, 0, ''];
  };
  for (const [, gap = '', word = ''] of text.matchAll(/( *)([^ ]*)/g)) {
    if (word === '') continue;
    space = width === 0 && lines.length > 0 ? '' : gap;
    const wide = cellWidth(word);
    const rest = most - width - space.length;
    // A word that no line can hold begins on this one, if that leaves more than a scrap of it here.
    if (width > 0 && wide > rest && (wide <= most || rest < 2 || ADDRESS.test(word))) end();
    const room = most - width - space.length;
    const pieces = wide <= room || ADDRESS.test(word) ? [word] : cutPieces(word, most, room);
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) end();
      line += space + piece;
      width += space.length + cellWidth(piece);
      space = '';
    }
  }
  lines.push(line.trimEnd());
  return lines;
}

function expandTabs(line: string): string {
  const pieces: string[] = [];
  let column = 0;
  for (const [index, piece] of line.split('\t').entries()) {
    const space = index === 0 ? 0 : TAB_STOP - (column % TAB_STOP);
    pieces.push(' '.repeat(space), piece);
    column += space + cellWidth(piece);
  }
  return pieces.join('');
}
