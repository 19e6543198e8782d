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
/** However narrow a terminal is, a line has room for so much. */
const NARROW = 8;

/** @param columns Infinity for no breaks. */
export function wrapLine(line: string, columns: number): string[] {
  if (columns === Number.POSITIVE_INFINITY) return [line];
  const text = line.includes('\t') ? expandTabs(line) : line;
  if (cellWidth(text) <= columns) return [text];
  const [front = ''] = FRONT.exec(text) ?? [];
  const behind = front.includes('>') ? front : ' '.repeat(cellWidth(front));
  // Where hardly anything would be left beside it, it is no front but text.
  if (cellWidth(front) > columns / 2) return fill('', text, Math.max(NARROW, columns), '');
  return fill(front, text.slice(front.length), Math.max(NARROW, columns - cellWidth(front)), behind);
}

/** Text behind something that stands in front of its first line, and above the room it leaves in the others. */
export function wrapBehind(front: string, text: string, columns: number): string[] {
  const wide = cellWidth(front);
  if (columns === Number.POSITIVE_INFINITY || wide + cellWidth(text) <= columns) return [front + text];
  return fill(front, text, Math.max(NARROW, columns - wide), ' '.repeat(wide));
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
