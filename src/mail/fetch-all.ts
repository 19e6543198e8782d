/**
 * A fetch of several accounts side by side: a few at a time, and none keeps the others from theirs.
 *
 * What this file must never know: what a fetch is.
 */

/** Sessions at once: enough to hide the waits, few enough for a small machine and for one provider with many accounts. */
const AT_ONCE = 4;

/** What came of one of them. */
export type Settled<A, R> = { readonly account: A } & (
  | { readonly report: R; readonly error?: undefined }
  | { readonly error: unknown; readonly report?: undefined }
);

/** Never rejects. In the order of the accounts, however long each took. */
export async function fetchEach<A, R>(
  accounts: readonly A[],
  fetch: (account: A) => Promise<R>,
): Promise<Settled<A, R>[]> {
  const results: Settled<A, R>[] = [];
  const waiting = accounts.entries();
  const work = async (): Promise<void> => {
    for (const [at, account] of waiting) results[at] = await settle(account, fetch);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

async function settle<A, R>(account: A, fetch: (account: A) => Promise<R>): Promise<Settled<A, R>> {
  try {
    return { account, report: await fetch(account) };
  } catch (error) {
    return { account, error };
  }
}
