/**
 * From the events of an HTML parser to lines of text.
 *
 * Why a handler of events and no tree: nothing recurses, so depth costs nothing but what is counted here. Blocks that put
 * something in front of their lines (quotes, items, cells) are made apart and appended when they end; nested deeper than
 * anybody indents, they are blocks like any other. Nothing is ever fetched: an image is its description.
 */

import type { Handler } from 'htmlparser2';
import { Lines, visible } from './html-lines.ts';
import { Links } from './html-links.ts';
import { type Cell, type Measures, renderTable, type Table } from './html-table.ts';

/** The document is deeper, or makes more text, than any that is real. */
export class TooMuch extends Error {}

const MAX_DEPTH = 500;
/** Indented blocks within each other. */
const MAX_FRAMES = 24;
/** Characters of text, those in front of lines included. */
const MAX_TEXT = 16 * 1024 * 1024;

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));
const UNSEEN = words(
  'head style script title template object iframe svg math noscript noframes audio video canvas select textarea datalist',
);
const BLOCKS = words(
  'address article aside body button center dd details div dl dt fieldset figcaption figure footer form header html legend main nav section summary tbody tfoot thead caption tr hgroup',
);
const SPACED = words('p h1 h2 h3 h4 h5 h6 pre ul ol blockquote table dl figure');
const HIDDEN = /(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all)/i;

type Attributes = Readonly<Record<string, string>>;

/** What is to be done when an element ends, if anything. */
type Ending = (() => void) | void;

/** Something that is open: an element with a block of its own, or one that ends in a special way. */
interface Open {
  readonly name: string;
  /** Called when the element ends. */
  readonly close: Ending;
}

export class HtmlRenderer implements Partial<Handler> {
  readonly #measures: Measures;
  readonly #links = new Links();
  readonly #open: Open[] = [];
  /** The innermost is last. */
  readonly #frames: Lines[] = [new Lines()];
  readonly #tables: Table[] = [];
  /** The next number of each list that is open; 0 for one without numbers. */
  readonly #lists: number[] = [];
  #unseen = 0;
  #kept = 0;
  #made = 0;
  /** The text of the links that are open. */
  readonly #anchors: string[][] = [];

  constructor(measures: Measures) {
    this.#measures = measures;
  }

  /** The text of the whole document, once it ended. */
  text(): string[] {
    const lines = new Lines();
    lines.append(this.#top.end());
    const links = this.#links.list();
    if (links.length > 0) lines.block(1);
    lines.append(links);
    return lines.end();
  }

  onopentag(name: string, attributes: Attributes): void {
    if (this.#open.length >= MAX_DEPTH) throw new TooMuch();
    this.#open.push({ name, close: this.#begin(name, attributes) });
  }

  onclosetag(name: string): void {
    const open = this.#open.pop();
    open?.close?.();
    if (this.#unseen > 0) return;
    if (SPACED.has(name)) this.#top.block(1);
    else if (BLOCKS.has(name)) this.#top.block();
  }

  ontext(text: string): void {
    if (this.#unseen > 0) return;
    if (this.#kept > 0) this.#top.keep(text);
    else this.#top.flow(text);
    this.#anchors.at(-1)?.push(text);
    this.#count(text.length);
  }

  get #top(): Lines {
    return this.#frames.at(-1) as Lines;
  }

  #count(characters: number): void {
    this.#made += characters;
    if (this.#made > MAX_TEXT) throw new TooMuch();
  }

  /** @returns what is to be done when the element ends. */
  #begin(name: string, attributes: Attributes): Ending {
    if (this.#unseen > 0 || UNSEEN.has(name) || 'hidden' in attributes || HIDDEN.test(attributes['style'] ?? '')) {
      this.#unseen += 1;
      return () => (this.#unseen -= 1);
    }
    if (SPACED.has(name)) this.#top.block(1);
    else if (BLOCKS.has(name)) this.#top.block();
    switch (name) {
      case 'br':
        return this.#top.newLine();
      case 'hr':
        return this.#top.append(['-'.repeat(Math.min(this.#measures.columns, 40))]);
      case 'img':
        return this.#image(attributes);
      case 'a':
        return this.#link(attributes['href']);
      case 'h1':
      case 'h2':
        return this.#frame((lines) => this.#heading(lines, name === 'h1' ? '=' : '-'));
      case 'pre':
        this.#kept += 1;
        return () => (this.#kept -= 1);
      case 'blockquote':
        return this.#frame((lines) => this.#top.append(quoted(lines)));
      case 'ul':
      case 'ol':
        return this.#list(name === 'ol' ? Number(attributes['start'] ?? 1) : 0);
      case 'li':
        return this.#item();
      case 'dd':
        return this.#frame((lines) => this.#top.append(lines, '  '));
      case 'table':
        return this.#table(attributes);
      case 'tr':
        return void this.#tables.at(-1)?.rows.push([]);
      case 'td':
      case 'th':
        return this.#cell(name === 'th', Number(attributes['colspan'] ?? 1));
      default:
        return undefined;
    }
  }

  /** Lines apart, which `end` gets, unless there are too many of them within each other. */
  #frame(end: (lines: readonly string[]) => void): (() => void) | undefined {
    if (this.#frames.length >= MAX_FRAMES) {
      this.#top.block();
      return () => this.#top.block();
    }
    const frame = new Lines();
    this.#frames.push(frame);
    return () => {
      this.#frames.pop();
      const lines = frame.end();
      this.#count(frame.length);
      end(lines);
    };
  }

  #heading(lines: readonly string[], rule: string): void {
    const [line = '', another] = lines;
    const { columns, width } = this.#measures;
    this.#top.append(
      line === '' || another !== undefined ? lines : [line, rule.repeat(Math.min(width(line), columns))],
    );
  }

  #image({ alt, src = '', width, height }: Attributes): void {
    const described = (alt ?? '').replace(/\s+/g, ' ').trim();
    // Without a description it is decoration, or there to tell that the letter was read; one that came along is none.
    const came = alt === undefined && /^(?:cid|data):/i.test(src.trim()) && width !== '1' && height !== '1';
    if (described !== '') this.ontext(`[image: ${described}]`);
    else if (came) this.ontext('[image]');
  }

  #link(href: string | undefined): (() => void) | undefined {
    if (href === undefined) return undefined;
    const text: string[] = [];
    this.#anchors.push(text);
    return () => {
      this.#anchors.pop();
      const shown = visible(text.join('')).replace(/\s+/g, ' ').slice(0, 4000);
      const mark = this.#links.mark(href, shown);
      if (mark !== '') this.#top.flow(mark);
    };
  }

  #list(start: number): () => void {
    this.#lists.push(Number.isSafeInteger(start) ? start : 1);
    return () => void this.#lists.pop();
  }

  #item(): (() => void) | undefined {
    const next = this.#lists.at(-1) ?? 0;
    if (next !== 0) this.#lists[this.#lists.length - 1] = next + 1;
    const bullet = next === 0 ? '* ' : `${next}. `;
    return this.#frame((lines) => this.#top.append(lines, ' '.repeat(bullet.length), bullet));
  }

  #table({ border = '', role }: Attributes): (() => void) | undefined {
    for (const table of this.#tables) table.nested = true;
    const bordered = role !== 'presentation' && /^[1-9]/.test(border);
    const table: Table = { rows: [], bordered, nested: false };
    this.#tables.push(table);
    return () => {
      this.#tables.pop();
      const lines = renderTable(table, this.#measures);
      this.#count(lines.reduce((sum, line) => sum + line.length, 0));
      this.#top.append(lines);
    };
  }

  #cell(header: boolean, span: number): Ending {
    const table = this.#tables.at(-1);
    if (table === undefined) return this.#top.block();
    const row = table.rows.at(-1) ?? [];
    if (table.rows.length === 0) table.rows.push(row);
    return this.#frame((lines) => {
      const cell: Cell = { lines, header, span: Math.min(20, Math.max(1, Math.trunc(span) || 1)) };
      row.push(cell);
    });
  }
}

/** A quote of a quote is marked without a space between, as everywhere in mail. */
function quoted(lines: readonly string[]): string[] {
  return lines.map((line) => (line.startsWith('>') ? `>${line}` : `> ${line}`));
}
