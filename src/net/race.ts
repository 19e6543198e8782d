/**
 * Several addresses tried side by side (RFC 8305, "Happy Eyeballs" version 2): the first that answers is taken.
 *
 * Why not Node's own `autoSelectFamily`: it tries one address after the other and gives each up after its time, so that
 * a server behind a slow line loses to its own delay, and the last address alone may take as long as it needs. Here a
 * slow attempt goes on beside those that were begun after it. What this file must never know: sockets.
 */

/** The Connection Attempt Delay of RFC 8305 §5, milliseconds. */
export const ATTEMPT_DELAY = 250;

/** No attempt has succeeded; `errors` has a reason for each candidate, in their order. */
export class AllFailed extends Error {
  readonly errors: readonly unknown[];

  constructor(errors: readonly unknown[]) {
    super('no attempt succeeded');
    this.errors = errors;
  }
}

/** One of the two families first, then the other, in turn, each in its own order (RFC 8305 §4). */
export function interleave<A extends { readonly family: number }>(addresses: readonly A[]): A[] {
  const first = addresses[0]?.family;
  const [own, other] = [addresses.filter((a) => a.family === first), addresses.filter((a) => a.family !== first)];
  return addresses.flatMap((_, at) => [own[at], other[at]].filter((address) => address !== undefined));
}

/**
 * Begins one attempt after the other, the next one `ATTEMPT_DELAY` after the last or as soon as that fails, and resolves
 * to what the first success brings. The signal given to the attempts says that it is over; whatever succeeds after that
 * is discarded.
 *
 * @throws AllFailed. Where `signal` ends the race, its reason stands for every attempt that had not failed yet.
 */
export function race<A, T>(
  candidates: readonly A[],
  attempt: (candidate: A, over: AbortSignal) => Promise<T>,
  discard: (late: T) => void,
  signal: AbortSignal,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const over = new AbortController();
  const errors = new Map<number, unknown>();
  let begun = 0;
  let timer: NodeJS.Timeout | undefined;
  const end = (settle: () => void): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', fail);
    settle();
    over.abort();
  };
  const fail = (): void => end(() => reject(new AllFailed(candidates.map((_, at) => errors.get(at) ?? signal.reason))));
  const begin = (): void => {
    clearTimeout(timer);
    const at = begun;
    if (at === candidates.length) return;
    begun += 1;
    timer = setTimeout(begin, ATTEMPT_DELAY);
    attempt(candidates[at] as A, over.signal).then(
      (value) => {
        if (over.signal.aborted) discard(value);
        else end(() => resolve(value));
      },
      (error: unknown) => {
        if (over.signal.aborted) return;
        errors.set(at, error);
        if (errors.size < candidates.length) begin();
        else fail();
      },
    );
  };
  signal.addEventListener('abort', fail, { once: true });
  if (signal.aborted) fail();
  else begin();
  return promise;
}
