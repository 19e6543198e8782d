/** A point in time as people write it, for `--hold-until`: a date, and with it a time of day, here or in a zone. */
import { UsageError } from '../errors.ts';

/**
 * `2026-12-24`, `2026-12-24 18:00`, `2026-12-24T18:00:00+01:00`. Without a zone it is the time here; a date alone is its
 * beginning.
 *
 * @param what names it in the error, as the beginning of a sentence.
 * @throws UsageError `bad-time`.
 */
export function parseMoment(text: string, what = 'A time'): Date {
  const [matched, date = '', clock = '00:00', seconds = ':00', zone = ''] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const moment = new Date(`${date}T${clock}${seconds}${zone}`);
  // A day that a month does not have would silently become one of the next.
  const day = new Date(`${date}T00:00:00Z`);
  const isDate = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date);
  if (matched !== undefined && isDate && !Number.isNaN(moment.getTime())) return moment;
  throw new UsageError('bad-time', `${what} is written as a date and a time of day.`, {
    hint: 'Write for example 2026-12-24, "2026-12-24 18:00" or 2026-12-24T18:00:00Z.',
  });
}
