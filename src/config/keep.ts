/** How long mail stays on the server, as people write it: `14d`, or `newest 500`. Pure. */
import { UsageError } from '../errors.ts';
import type { Keep } from './account.ts';
import { parseDuration } from './duration.ts';

/**
 * @param what names it in the error, as the beginning of a sentence.
 * @throws UsageError `bad-duration`.
 */
export function parseKeep(text: string, what?: string): Keep {
  const count = /^newest ([1-9]\d{0,8})$/.exec(text)?.[1];
  if (count !== undefined) return { newest: Number(count) };
  try {
    return parseDuration(text, 'd', what);
  } catch (error) {
    if (error instanceof UsageError) error.hint = 'Write for example 14d, or "newest 500".';
    throw error;
  }
}
