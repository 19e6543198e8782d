/**
 * Lengths of time as people write them: `30s`, `5m`, `2h`, `14d`. Used by settings and options alike, so that
 * `keep = "14d"` and `--keep=14d` mean the same.
 */

import { UsageError } from '../errors.ts';

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** A timer cannot wait much longer, and nobody wants to. */
const LONGEST_WAIT = 86_400_000;

/**
 * Milliseconds in `text`: a whole number and `s`, `m`, `h` or `d`; a number alone counts in `unit`.
 *
 * @param what names it in the error, as the beginning of a sentence.
 * @throws UsageError `bad-duration`.
 */
export function parseDuration(text: string, unit: 's' | 'm' | 'h' | 'd' = 's', what = 'A length of time'): number {
  const match = /^([0-9]{1,6})([smhd]?)$/.exec(text);
  const milliseconds = match ? Number(match[1]) * (UNITS.get(match[2] || unit) ?? 0) : 0;
  if (milliseconds === 0) {
    throw new UsageError('bad-duration', `${what} must be a whole number above zero with a unit.`, {
      hint: 'Write for example 30s, 5m, 2h or 14d.',
    });
  }
  return milliseconds;
}

/**
 * How long to wait for each answer, in milliseconds; a number alone counts in seconds.
 *
 * @throws UsageError `bad-duration`, also for more than a day.
 */
export function parseTimeout(text: string, what?: string): number {
  const milliseconds = parseDuration(text, 's', what);
  if (milliseconds <= LONGEST_WAIT) return milliseconds;
  throw new UsageError('bad-duration', `${what ?? 'The time to wait'} is longer than a day.`, {
    hint: 'Write for example 30s or 5m.',
  });
}
