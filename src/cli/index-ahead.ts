/**
 * What a fetch brought, put into the index at once, so that the next list finds it there.
 *
 * Why behind everything else: the mail is safe by then, whoever waits for it was told, and nobody is kept waiting for what is
 * only a convenience. What it needs is loaded when something came.
 */
import type { Account } from '../mail/account.ts';
import type { FetchReport } from '../mail/fetch-report.ts';
import type { Context } from './context.ts';
import type { Progress } from './progress.ts';

/** Fewer are done before a bar could be read. */
const WORTH_A_BAR = 500;

/** @param name what to call the account where there are several. Never rejects. */
export async function indexFetched(
  { output, surroundings }: Context,
  account: Account,
  { fetched, headers, filtered, dryRun }: FetchReport,
  name: string | undefined,
): Promise<void> {
  const { signal } = surroundings;
  if (dryRun || fetched.length + headers + filtered === 0 || signal?.aborted) return;
  const { indexNew } = await import('../mail/index-new.ts');
  const prefix = name === undefined ? '' : `${name}: `;
  let bar: Progress | undefined;
  const progress = (done: number, total: number): void => {
    if (total < WORTH_A_BAR) return;
    bar ??= output.progressLine(`${prefix}Indexing`, total, 'messages');
    bar.update(done);
  };
  const reason = await indexNew(account, { progress, signal }).finally(() => bar?.done());
  if (reason !== undefined) output.detail(`${prefix}The index is left to the next list (${reason}).`);
}
