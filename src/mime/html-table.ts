/**
 * A table of HTML as lines: in columns where it holds data, one cell after the other where it only arranges a page.
 *
 * Why: most tables in mail are layout, and would become unreadable as columns; a price list would as anything else. Widths
 * are measured by whoever knows the terminal. Pure.
 */

export interface Cell {
  readonly lines: readonly string[];
  readonly header: boolean;
  /** How many columns it takes. */
  readonly span: number;
}

export interface Table {
  readonly rows: Cell[][];
  /** The document says that it is a grid. */
  readonly bordered: boolean;
  /** Another table is inside. */
  nested: boolean;
}

export interface Measures {
  /** What a line may take. */
  readonly columns: number;
  readonly width: (text: string) => number;
}

const GAP = '  ';
/** A cell with a longer line holds prose. */
const DATA_WIDTH = 48;
const NUMBER = /^[^\p{L}\d]{0,3}\d[\d.,’' \u00a0]*[^\p{L}\d]{0,3}(?:\p{L}{1,3})?$/u;

/** @returns the lines of a table; cells without text take no room where there are no columns. */
export function renderTable(table: Table, measures: Measures): string[] {
  const rows = table.rows.filter((row) => row.some(({ lines }) => lines.length > 0));
  if (!isData(table, rows, measures)) return rows.flatMap((row) => flowingRow(row, measures));
  const grid = rows.map(spread);
  const widths = columnWidths(grid, measures);
  const total = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
  return total <= measures.columns ? inColumns(grid, widths, measures) : asRecords(grid, measures);
}

function isData(table: Table, rows: readonly (readonly Cell[])[], { width }: Measures): boolean {
  const most = rows.reduce((widest, row) => Math.max(widest, row.length), 0);
  if (table.nested || most < 2 || most > 40) return false;
  if (rows.some((row) => row.some(({ header }) => header))) return rows.length > 1;
  const cells = rows.flat();
  if (cells.some(({ lines }) => lines.length > 1 || width(lines[0] ?? '') > DATA_WIDTH)) return false;
  return table.bordered || (rows.length > 1 && rows.every((row) => row.length === most));
}

/** The text of each column, a cell over several of them standing in the first. */
interface GridRow {
  readonly texts: readonly string[];
  readonly header: boolean;
}

function spread(row: readonly Cell[]): GridRow {
  const texts = row.flatMap(({ lines, span }) => [lines.join(' '), ...Array<string>(span - 1).fill('')]);
  return { texts, header: row.every(({ header }) => header) };
}

function columnWidths(grid: readonly GridRow[], { width }: Measures): number[] {
  const widths: number[] = [];
  for (const { texts } of grid) {
    for (const [index, text] of texts.entries()) widths[index] = Math.max(widths[index] ?? 0, width(text));
  }
  return widths;
}

function inColumns(grid: readonly GridRow[], widths: readonly number[], { width }: Measures): string[] {
  const right = widths.map((_, index) => {
    const texts = grid.filter(({ header }) => !header).map(({ texts }) => texts[index] ?? '');
    return texts.some((text) => text !== '') && texts.every((text) => text === '' || NUMBER.test(text));
  });
  const line = ({ texts }: GridRow) => {
    const cells = widths.map((wide, index) => {
      const text = texts[index] ?? '';
      const space = ' '.repeat(wide - width(text));
      return right[index] ? space + text : text + space;
    });
    return cells.join(GAP).trimEnd();
  };
  const rule = widths.map((wide) => '-'.repeat(wide)).join(GAP);
  const [first, ...others] = grid;
  if (first?.header !== true) return grid.map(line);
  return [line(first), rule, ...others.map(line)];
}

/** What does not fit: each row by itself, each text behind the name of its column. */
function asRecords(grid: readonly GridRow[], measures: Measures): string[] {
  const names = grid[0]?.header === true ? grid[0].texts : [];
  const lines: string[] = [];
  for (const { texts } of names.length > 0 ? grid.slice(1) : grid) {
    if (lines.length > 0) lines.push('');
    for (const [index, text] of texts.entries()) {
      const name = names[index] ?? '';
      if (text !== '') lines.push(name === '' ? text : `${name}: ${text}`);
    }
  }
  return lines.length > 0 ? lines : grid.flatMap(({ texts }) => texts.join(GAP).slice(0, measures.columns * 100));
}

/** Cells of a page: side by side where that is a short line, else below each other. */
function flowingRow(row: readonly Cell[], { columns, width }: Measures): string[] {
  const full = row.filter(({ lines }) => lines.length > 0);
  const line = full.map(({ lines }) => lines[0]).join(GAP);
  if (full.every(({ lines }) => lines.length === 1) && width(line) <= columns) return [line];
  return full.flatMap(({ lines }) => lines);
}
