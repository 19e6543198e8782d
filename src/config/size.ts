/** Sizes as people write them: `500k`, `5M`, `1G`, in powers of a thousand. Settings and options mean the same. */
import { UsageError } from '../errors.ts';

/** Octets. @throws UsageError `bad-size`. */
export function parseSize(text: string): number {
  const [matched, digits, unit = ''] = /^(\d{1,9})([kKMG]?)B?$/.exec(text) ?? [];
  const factor = { '': 1, k: 1e3, K: 1e3, M: 1e6, G: 1e9 }[unit];
  if (matched !== undefined && factor !== undefined) return Number(digits) * factor;
  throw new UsageError('bad-size', `${JSON.stringify(text)} is not a size.`, {
    hint: 'Write for example 500k, 5M or 1G.',
  });
}
