/** Filter rules at a fetch: what is not to come at all, and what has come since they were last applied. */
import type { Pop3Client } from '../pop3/client.ts';
import { readHeaders } from '../mime/summary.ts';
import type { Mailbox } from '../store/mailbox.ts';
import type { Account, Surroundings } from './account.ts';
import { carryOut, judge, type ReadyRule } from './filter.ts';
import { rulesFor } from './filter-match.ts';
import { headersOf } from './header-retrieval.ts';
import type { Wanted } from './retrieval.ts';
import type { Say } from './session.ts';

/** Headers under way at once. */
const BATCH = 64;

/** Those of these messages that a rule leaves on the server, by their number there. Their headers alone are fetched. */
export async function skippedBy(
  rules: readonly ReadyRule[],
  client: Pop3Client,
  candidates: readonly Wanted[],
): Promise<ReadonlySet<number>> {
  const skipped = new Set<number>();
  if (!rules.some(({ skip }) => skip)) return skipped;
  for (let from = 0; from < candidates.length; from += BATCH) {
    const batch = candidates.slice(from, from + BATCH);
    const headers = await headersOf(client, batch);
    for (const [row, { at, size }] of batch.entries()) {
      const octets = headers[row];
      if (octets === undefined) continue;
      const held = rulesFor(rules, { header: await readHeaders(octets), size });
      if (held.some(({ skip }) => skip)) skipped.add(at);
    }
  }
  return skipped;
}

/** Applies the rules to what they were not applied to yet. @returns to how many messages they did something. */
export async function filterPending(
  account: Account,
  mailbox: Mailbox,
  rules: readonly ReadyRule[],
  tools: { readonly run: Surroundings['run']; readonly say: Say },
): Promise<number> {
  const numbers = mailbox.unfiltered();
  if (numbers.length === 0) return 0;
  const messages = numbers.flatMap((number) => mailbox.byNumber(number) ?? []);
  const filtered = await judge(mailbox.folders, rules, messages);
  if (filtered.length > 0) await carryOut(account, filtered, tools);
  await mailbox.filtered(numbers);
  return filtered.length;
}
