/**
 * The text of a message as lines of a terminal: broken between words, quotes and the signature dimmed.
 *
 * Each piece of text is laid out by itself, so that the HTML of one part cannot swallow another. Pure; everything goes
 * through the terminal's guard here, and is styled after it was broken.
 */
import { htmlToText } from '../mime/html.ts';
import type { Message } from '../mime/message.ts';
import type { Style } from './output.ts';
import { cellWidth, safeText } from './terminal.ts';
import { wrapLine } from './wrap.ts';

/** Paragraphs of HTML have no lines of their own: wider ones are hard to read. */
const PROSE = 100;

/** @param columns Infinity where the output is no terminal: then no line is broken. */
export async function renderBodies(message: Pick<Message, 'bodies'>, columns: number, style: Style): Promise<string[]> {
  const pieces: string[][] = [];
  for (const { html, text } of message.bodies) {
    const plain = html ? await fromHtml(text, columns) : text;
    const safe = safeText(plain.trimEnd(), { multiline: true });
    pieces.push(styled(safe.split('\n'), html ? Math.min(columns, PROSE) : columns, style));
  }
  return pieces.flat();
}

function fromHtml(html: string, columns: number): Promise<string> {
  const width = (text: string) => cellWidth(safeText(text));
  return htmlToText(html, { width, ...(columns === Number.POSITIVE_INFINITY ? {} : { columns }) });
}

function styled(lines: readonly string[], columns: number, style: Style): string[] {
  let signature = false;
  return lines.flatMap((line) => {
    signature ||= line === '-- ' || line === '--';
    const depth = quoteDepth(line);
    const broken = wrapLine(line, columns);
    if (depth > 0) return broken.map((piece) => quoteStyle(depth, style)(piece));
    return signature ? broken.map((piece) => style.dim(piece)) : broken;
  });
}

function quoteDepth(line: string): number {
  const [front = ''] = /^(?: ?>){1,50}/.exec(line) ?? [];
  return front.replaceAll(' ', '').length;
}

/** The answer to an answer has another colour than what it answers. */
function quoteStyle(depth: number, style: Style): (text: string) => string {
  const colours = [(text: string) => text, style.green, style.yellow];
  const colour = colours[(depth - 1) % colours.length] ?? style.dim;
  return (text) => style.dim(colour(text));
}
