/** The date of a message as a person reads it: their own time, and what the clock showed where it was written. Pure. */
import { formatDate } from '../mime/date.ts';
import type { Summary } from '../mime/summary.ts';
import { safeText, truncate } from './terminal.ts';

/**
 * `Mon, 23 Nov 2026 15:12:15 +0000 (Mon 07:12 -0800 where it was written)`; of what is no date what was written.
 */
export function showDate({ date, headers }: Pick<Summary, 'date' | 'headers'>): string {
  const written = headers.raw('date') ?? '';
  if (date === undefined) return written === '' ? '' : `unknown: ${truncate(safeText(written), 60)}`;
  const local = localDate(date);
  if (local === undefined) return `unknown: ${truncate(safeText(written), 60)}`;
  const [, sign, hours = '', minutes = ''] =
    /([+-])(\d{2})([0-5]\d)(?:\s*\(.*\))?\s*$/.exec(written.slice(0, 200)) ?? [];
  const zone = `${sign}${hours}${minutes}`;
  if (sign === undefined || local.endsWith(zone)) return local;
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  const there = new Date(date.getTime() + offset * 60_000).toUTCString();
  return `${local} (${there.slice(0, 3)} ${there.slice(-12, -7)} ${zone} where it was written)`;
}

function localDate(date: Date): string | undefined {
  try {
    return formatDate(date);
  } catch {
    return undefined;
  }
}
