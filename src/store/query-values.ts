/** Sizes and points in time as they stand in a query. Pure: the time is given. */
import { UsageError } from '../errors.ts';

const FACTORS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['k', 1e3],
  ['m', 1e6],
  ['g', 1e9],
]);

/** Octets: a number, or one with k, M or G behind it, in powers of a thousand. @throws UsageError `bad-query`. */
export function readOctets(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)([kmg]?)b?$/i.exec(text) ?? [];
  const factor = FACTORS.get(unit.toLowerCase());
  if (digits !== undefined && factor !== undefined) return Math.round(Number(digits) * factor);
  throw bad(`${JSON.stringify(text.slice(0, 40))} is not a size.`, 'Write for example larger:500k or larger:5M.');
}

/**
 * A day, month or year, from its beginning and in local time: `2026-01-01`, `2026-01`, `2026`, `today`, `yesterday`; or how
 * long ago, in hours, days, weeks, months or years: `12h`, `7d`, `2w`, `3m`, `1y`. In milliseconds since 1970.
 *
 * @throws UsageError `bad-query`.
 */
export function readMoment(text: string, now: Date): number {
  const moment = named(text.toLowerCase(), now) ?? ago(text.toLowerCase(), now) ?? day(text);
  if (moment !== undefined && !Number.isNaN(moment.getTime())) return moment.getTime();
  throw bad(
    `${JSON.stringify(text.slice(0, 40))} is not a date.`,
    'Write for example since:2026-01-31, since:2026-01, since:7d, since:today or since:yesterday.',
  );
}

function named(text: string, now: Date): Date | undefined {
  const days = ['today', 'yesterday'].indexOf(text);
  return days === -1 ? undefined : new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);
}

function ago(text: string, now: Date): Date | undefined {
  const [, digits, unit] = /^(\d{1,5})([hdwmy])$/.exec(text) ?? [];
  const count = Number(digits);
  const moment = new Date(now);
  if (unit === 'h') moment.setTime(now.getTime() - count * 3_600_000);
  else if (unit === 'd') moment.setDate(now.getDate() - count);
  else if (unit === 'w') moment.setDate(now.getDate() - 7 * count);
  else if (unit === 'm') moment.setMonth(now.getMonth() - count);
  else if (unit === 'y') moment.setFullYear(now.getFullYear() - count);
  else return undefined;
  return moment;
}

function day(text: string): Date | undefined {
  const [, years, months = '1', days = '1'] = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?$/.exec(text) ?? [];
  if (years === undefined) return undefined;
  const date = new Date(Number(years), Number(months) - 1, Number(days));
  // A day that a month does not have would silently become one of the next.
  return date.getMonth() === Number(months) - 1 && date.getDate() === Number(days) ? date : undefined;
}

function bad(message: string, hint: string): UsageError {
  return new UsageError('bad-query', message, { hint });
}
