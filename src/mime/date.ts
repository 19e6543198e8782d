/**
 * Dates in messages (RFC 5322 §3.3, and the obsolete forms of §4.3).
 *
 * Why: a date is read from anything programs have written, or not at all: it never throws. It is written with the offset
 * of the machine's zone, because people read it as the sender's local time; that offset is all it tells.
 */

import { UsageError } from '../errors.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH_NAMES = MONTHS.map((name) => name.toLowerCase());

/** Hours from UTC. The one-letter military zones were specified the wrong way round, so they mean nothing (§4.3). */
const ZONES = new Map(Object.entries({ EDT: -4, EST: -5, CDT: -5, CST: -6, MDT: -6, MST: -7, PDT: -7, PST: -8 }));

/** `Mon, 23 Nov 2026 13:36:00 +0100`, exactly: what nearly all programs write, found without tidying up first. */
const MODERN = /^(?:[a-z]{3}, )?(\d{1,2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) ([+-]\d{4})(?: \([A-Z]{1,5}\))?$/i;
/** `Mon, 23 Nov 2026 13:36:00 +0100`; the day of the week, the seconds and the zone may be missing. */
const DATE =
  /^(?:[a-z]{2,12}[.,]?\s*)?(\d{1,2})[\s-]{1,9}([a-z]{3})[a-z]{0,6}[\s.-]{1,9}(\d{2,4})[\s,]{1,9}(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:[.,]\d{1,9})?\s*([+-]\d{1,4}|[a-z]{1,5})?/i;
/** `Mon Nov 23 13:36:00 2026`, as C's `asctime` writes it; a zone may stand before the year. QUIRK: seen in old mail. */
const ASCTIME =
  /^[a-z]{3},?\s{1,9}([a-z]{3})\s{1,9}(\d{1,2})\s{1,9}(\d{1,2}):(\d{2})(?::(\d{2}))?\s{1,9}(?:([a-z]{1,5}|[+-]\d{4})\s{1,9})?(\d{4})/i;
const MAX_LENGTH = 200;

/** @returns the moment a Date field names, or `undefined` when it names none. A missing zone is taken as UTC. */
export function parseDate(text: string): Date | undefined {
  const modern = MODERN.exec(text);
  if (modern !== null) {
    const [, day, month, year, hour, minute, second, zone] = modern;
    return moment(Number(year), month, day, hour, minute, second, zone);
  }
  const plain = text
    .slice(0, MAX_LENGTH)
    .replace(/\([^()]*\)/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/ ?([:,]) ?/g, '$1')
    .trim();
  const usual = DATE.exec(plain);
  if (usual !== null) {
    const [, day, month, year, hour, minute, second, zone] = usual;
    return moment(fullYear(year ?? ''), month, day, hour, minute, second, zone);
  }
  const asctime = ASCTIME.exec(plain);
  if (asctime === null) return undefined;
  const [, month, day, hour, minute, second, zone, year] = asctime;
  return moment(Number(year), month, day, hour, minute, second, zone);
}

/** RFC 5322 §4.3: two digits below 50 are of this century; three digits count from 1900. */
function fullYear(digits: string): number {
  const year = Number(digits);
  if (digits.length === 2) return year < 50 ? 2000 + year : 1900 + year;
  return digits.length === 3 ? 1900 + year : year;
}

function moment(
  year: number,
  monthName = '',
  day = '',
  hour = '',
  minute = '',
  second = '',
  zone?: string,
): Date | undefined {
  const month = MONTH_NAMES.indexOf(monthName.toLowerCase());
  if (month < 0 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined;
  const local = new Date(0);
  local.setUTCFullYear(year, month, Number(day));
  if (local.getUTCMonth() !== month || local.getUTCDate() !== Number(day)) return undefined;
  local.setUTCHours(Number(hour), Number(minute) - offsetMinutes(zone), Number(second));
  return local;
}

function offsetMinutes(zone = ''): number {
  const digits = /^([+-])(\d{1,4})$/.exec(zone);
  if (digits === null) return (ZONES.get(zone.toUpperCase()) ?? 0) * 60;
  const value = Number(digits[2]);
  const minutes = (digits[2]?.length ?? 0) < 3 ? value * 60 : Math.floor(value / 100) * 60 + (value % 100);
  return digits[1] === '-' ? -minutes : minutes;
}

/**
 * Writes a date with the offset of the machine's zone.
 *
 * @throws UsageError `bad-header` for an invalid date, or one outside the years 1900 to 9999 (RFC 5322 §3.3).
 */
export function formatDate(date: Date): string {
  const offset = -Math.round(date.getTimezoneOffset());
  const local = new Date(date.getTime() + offset * 60_000);
  const year = local.getUTCFullYear();
  if (!(year >= 1900 && year <= 9999)) throw new UsageError('bad-header', 'The date is not one a message can carry.');
  const two = (value: number) => String(value).padStart(2, '0');
  const time = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()].map(two).join(':');
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  return `${DAYS[local.getUTCDay()]}, ${local.getUTCDate()} ${MONTHS[local.getUTCMonth()]} ${year} ${time} ${zone}`;
}
