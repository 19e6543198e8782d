/**
 * HTML to plain text, for reading a message that has no better text.
 *
 * Why: the parser is loaded only when such a message is read, and never recurses; what a stranger wrote costs time in
 * proportion to its length, and past a depth or an amount that no real document has its source is shown instead, which is
 * the reader's to judge. What comes out has line ends and TABs but no other control character. Nothing is ever fetched:
 * links are listed, an image is its description.
 */
import { HtmlRenderer, TooMuch } from './html-render.ts';
import { plainLines } from './plain-text.ts';

/** In characters; what is beyond is left out. */
const MAX_HTML = 2 * 1024 * 1024;

export interface HtmlTextOptions {
  /** The cells that a table may take before it is written row by row; 78. */
  readonly columns?: number | undefined;
  /** The cells a text takes; its characters are counted where nothing is given. */
  readonly width?: ((text: string) => number) | undefined;
}

/** @returns the text of an HTML document, of any quality; never throws. */
export async function htmlToText(html: string, options: HtmlTextOptions = {}): Promise<string> {
  const { Parser } = await import('htmlparser2');
  const input = html.slice(0, MAX_HTML);
  const { columns = 78, width = (text: string) => Array.from(text).length } = options;
  const renderer = new HtmlRenderer({ columns, width });
  let lines: readonly string[];
  try {
    const parser = new Parser(renderer, { decodeEntities: true });
    parser.write(input);
    parser.end();
    lines = renderer.text();
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    lines = input.split('\n');
  }
  const text = (input.length < html.length ? [...lines, '…'] : lines).join('\n');
  return plainLines(text).trimEnd();
}
