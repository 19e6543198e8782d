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

/**
 * Milliseconds in `text`: a whole number and `s`, `m`, `h` or `d`; a number alone counts in `unit`.
 *
 * @throws UsageError `bad-duration`.
 */
export function parseDuration(text: string, unit: 's' | 'm' | 'h' | 'd' = 's'): number {
  const match = /^([0-9]{1,6})([smhd]?)$/.exec(text);
  const milliseconds = match ? Number(match[1]) * (UNITS.get(match[2] || unit) ?? 0) : 0;
  if (milliseconds === 0) {
    throw new UsageError('bad-duration', 'A length of time must be a whole number above zero with a unit.', {
      hint: 'Write for example 30s, 5m, 2h or 14d.',
    });
  }
  return milliseconds;
}
