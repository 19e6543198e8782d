/**
 * A source of chunks that is given up when something else happens: the connection they were meant for has ended.
 *
 * Why: a source may wait for what never comes (a pipe, another server), and whoever reads from it would wait with it.
 * What this file must never know: what the chunks are, or what they are for.
 */

/** Passes on the items of `source` until it ends or `over` is aborted, whichever comes first, and has it clean up then. */
export async function* takeUntil<T>(source: AsyncIterable<T>, over: AbortSignal): AsyncGenerator<T, void, void> {
  const items = source[Symbol.asyncIterator]();
  let ended = false;
  let leave = (): void => undefined;
  const stop = (): void => leave();
  // A promise in its place would keep what waits for it, and with it the source, for as long as it lives itself.
  over.addEventListener('abort', stop);
  try {
    while (!over.aborted) {
      const next = await new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
        leave = () => resolve(undefined);
        items.next().then(resolve, reject);
      });
      if (next === undefined) break;
      ended = next.done === true;
      if (next.done) break;
      yield next.value;
    }
  } finally {
    over.removeEventListener('abort', stop);
    // Not awaited: a source that waits cleans up behind that wait, and there may be no end to it.
    if (!ended) items.return?.().catch(() => undefined);
  }
}
