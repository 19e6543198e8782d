/**
 * The same work for many items, a bounded number at a time.
 *
 * Why: flushes that wait for the disk together cost little more than one, but thousands at once would use up the
 * file descriptors. What this file must never know: what the work is.
 */

/** Enough to keep the disk's queue full, far below the usual limit of 1024 open files. */
const LIMIT = 32;

/** Work that comes one by one: a bounded number of it at a time, the rest in the order in which it came. */
export class Turns {
  #free = LIMIT;
  readonly #waiting: (() => void)[] = [];

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

/**
 * Runs `work` for each item and returns the results in order. After the first failure nothing new is started, what is
 * under way is waited for, and only then is that failure thrown: the caller can clean up without a race.
 */
export async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  let failure: { error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failure !== undefined) return;
      try {
        results[index] = await work(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(LIMIT, items.length) }, worker));
  if (failure !== undefined) throw failure.error;
  return results;
}
