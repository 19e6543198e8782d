/**
 * The list of messages as lines that fit the terminal, and the short forms of sizes and dates.
 *
 * Why the rows are plain values: what is listed comes from the index or straight from a server, and neither should
 * know how wide a terminal is. All text passes through the terminal's guard here. Pure: the time is given.
 */

import { cellWidth, padEnd, padStart, safeText, truncate } from './terminal.ts';

export interface ListRow {
  readonly number: number;
  /** One letter or sign each, such as `N` or `FR`. */
  readonly flags: string;
  /** Absent where the message says none that can be understood. */
  readonly date?: Date | undefined;
  readonly from: string;
  readonly subject: string;
  /** Bytes. */
  readonly size: number;
}

type Column = 'number' | 'flags' | 'date' | 'from' | 'subject' | 'size';

const GAP = '  ';
/** In the order in which they are left out where there is no room for the others. */
const OPTIONAL = ['size', 'date', 'flags'] as const;
const FROM_MINIMUM = 8;
const FROM_MAXIMUM = 24;
const SUBJECT_MINIMUM = 16;
/** A bound where the width is not: one endless subject must not fill up the lines of all others. */
const SUBJECT_MAXIMUM = 80;

/**
 * One line for each row: number, flags, date, from, subject, size. `columns` is the terminal's width; pass Infinity
 * where the output is no terminal, and nothing is cut. Where it is narrow, the size goes first, then the date, then
 * the flags.
 */
export function renderList(rows: readonly ListRow[], columns: number, now: Date): string[] {
  const cells = rows.map((row) => ({
    number: String(row.number),
    flags: safeText(row.flags),
    date: formatDate(row.date, now),
    from: safeText(row.from),
    subject: safeText(row.subject),
    size: formatBytes(row.size),
  }));
  const widths = fit(columns, (column) => cells.reduce((most, row) => Math.max(most, cellWidth(row[column])), 0));
  const cut = columns === Number.POSITIVE_INFINITY ? (text: string) => text : truncate;
  return cells.map((row) => {
    const line = [...widths].map(([column, width]) => {
      const text = cut(row[column], width);
      return column === 'flags' || column === 'from' || column === 'subject'
        ? padEnd(text, width)
        : padStart(text, width);
    });
    return cut(line.join(GAP).trimEnd(), columns);
  });
}

/** The columns that are shown, from left to right, with their widths. */
function fit(columns: number, widest: (column: Column) => number): Map<Column, number> {
  const names: Column[] = ['number', 'flags', 'date', 'from', 'subject', 'size'];
  const widths = new Map(names.map((name) => [name, widest(name)]));
  if (widths.get('flags') === 0) widths.delete('flags');
  const wanted = { from: widths.get('from') ?? 0, subject: widths.get('subject') ?? 0 };
  const room = () => {
    let rest = columns - GAP.length * (widths.size - 1);
    for (const [name, width] of widths) if (name !== 'from' && name !== 'subject') rest -= width;
    return Math.max(0, rest);
  };
  for (const name of OPTIONAL) if (room() < FROM_MINIMUM + SUBJECT_MINIMUM) widths.delete(name);
  const from = Math.min(wanted.from, FROM_MAXIMUM, Math.max(FROM_MINIMUM, Math.floor(room() / 3)));
  const most = columns === Number.POSITIVE_INFINITY ? SUBJECT_MAXIMUM : room() - from;
  return widths.set('from', from).set('subject', Math.max(0, Math.min(wanted.subject, most)));
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A number of bytes for people, in powers of a thousand: `999 B`, `1.2 MB`, `34 GB`. */
export function formatBytes(bytes: number): string {
  let value = Math.max(0, Math.round(bytes));
  let unit = 0;
  // 999.5 of one unit would be rounded to 1000 of it.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  // 9.96 would be rounded to 10.0.
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

/** `1 message`, `2 messages`. */
export function formatCount(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** That of a list no more than the first so many are shown. */
export function newestShown(count: number): string {
  return count === 1 ? 'the newest is shown' : `the newest ${count} are shown`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** A date as short as it can be understood, in local time: today `14:05`, this year `3 Nov`, else `2025-11-03`; `?` for none. */
export function formatDate(date: Date | undefined, now: Date): string {
  const year = date?.getFullYear() ?? Number.NaN;
  // NaN is what an impossible date has; years beyond four digits are nonsense that would break the column.
  if (!date || !(year >= 0 && year <= 9999)) return '?';
  const two = (value: number) => String(value).padStart(2, '0');
  if (date.toDateString() === now.toDateString()) return `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (year === now.getFullYear()) return `${date.getDate()} ${MONTHS[date.getMonth()]}`;
  return `${String(year).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
