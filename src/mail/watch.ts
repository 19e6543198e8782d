/**
 * Fetches again and again: at a fixed pace while all is well, less and less often while something is wrong.
 *
 * Why each account has a pace of its own: a server that is down must not hold up the mail of another one, and a wrong
 * password must never be tried twice, since enough of those lock an account. Time and chance are given, so that tests
 * need not wait. What this file must never know: what a fetch is, signals, terminals.
 */
import { AbortedError, PosthornError } from '../errors.ts';

/** The longest pause after failures, in milliseconds, where the pace itself is not slower. */
const LONGEST = 3_600_000;
/** So much of a pause is left to chance, so that many who lost the same server do not all come back at once. */
const CHANCE = 0.2;

/** What is around the loop. */
export interface Clock {
  /** Resolves after so many milliseconds, or at once when woken. @throws AbortedError when it is over. */
  sleep(milliseconds: number): Promise<void>;
  /** From 0 to below 1. */
  random(): number;
}

export interface Watch {
  /** Milliseconds from the end of one fetch to the next. */
  readonly every: number;
  /** One fetch; resolves to the seconds the server asks for between two logins, where it does. */
  fetch(): Promise<number | undefined>;
  /** Told of a failure, and in how many milliseconds it is tried again; undefined where it is not. */
  failed(error: unknown, again: number | undefined): void;
  readonly clock: Clock;
}

/** Fetches until it is stopped. @throws AbortedError then; the error that no further attempt can mend. */
export async function watch({ every, fetch, failed, clock }: Watch): Promise<never> {
  for (let failures = 0; ; ) {
    let pause = every;
    try {
      const delay = await fetch();
      failures = 0;
      pause = Math.max(every, (delay ?? 0) * 1000);
    } catch (error) {
      if (error instanceof AbortedError) throw error;
      if (!mayPass(error)) {
        failed(error, undefined);
        throw error;
      }
      failures += 1;
      pause = pauseAfter(failures, every, error, clock.random());
      failed(error, pause);
    }
    await clock.sleep(pause);
  }
}

/** Whether the same attempt may succeed another time. What is unknown is a fault of ours, and not repeated. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof PosthornError)) return false;
  return error.temporary || !PERMANENT.has(error.name);
}

/** Somebody has to do something first: correct the configuration, or the password. */
const PERMANENT: ReadonlySet<string> = new Set(['AuthError', 'UsageError', 'ConfigError', 'InternalError']);

/** Twice as long after each failure, at least as long as the server asks for. */
export function pauseAfter(failures: number, every: number, error: unknown, chance: number): number {
  const longest = Math.max(every, LONGEST);
  const pause = Math.min(longest, every * 2 ** Math.min(failures - 1, 20));
  const asked = error instanceof PosthornError ? (error.retryAfter ?? 0) * 1000 : 0;
  return Math.max(Math.round(pause * (1 - CHANCE / 2 + CHANCE * chance)), asked);
}
