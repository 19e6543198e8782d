/**
 * From the server into the mailbox, so that nothing is lost and nothing comes twice.
 *
 * The order is the promise: a listing is believed as a whole; names are fixed and journalled before a message is asked
 * for; a message is stored once file, folder and journal are synced; only then may DELE follow, and only the `+OK` of
 * QUIT makes it so.
 */
import type { Pop3Client } from '../pop3/client.ts';
import { Mailbox } from '../store/mailbox.ts';
import { isMailbox } from '../store/mailboxes.ts';
import { type Account, mailboxOf, type Surroundings } from './account.ts';
import type { FetchHooks, FetchOptions, FetchReport } from './fetch-report.ts';
import { FetchSession } from './fetch-session.ts';
import type { Wanted } from './retrieval.ts';
import { pop3Server, withPop3 } from './session.ts';

/**
 * Fetches what is new into the account's mailbox.
 *
 * @throws StoreError when the mailbox cannot be trusted or written; whatever a session throws. What was stored stays stored.
 */
export async function fetchMail(
  account: Account,
  surroundings: Surroundings,
  options: FetchOptions,
  hooks: FetchHooks,
): Promise<FetchReport> {
  pop3Server(account);
  const paths = mailboxOf(account);
  const filters = await filtersOf(account, surroundings, hooks);
  const { deliver } = options;
  const withMailbox = async <T>(work: (mailbox: Mailbox) => Promise<T>): Promise<T> => {
    const mailbox = await Mailbox.open(paths, { filters: filters !== undefined && deliver === undefined });
    try {
      return await work(mailbox);
    } finally {
      await mailbox.close();
    }
  };
  const withSession = <T>(work: (client: Pop3Client) => Promise<T>): Promise<T> =>
    withPop3(account, surroundings, hooks.say, work);
  const open =
    deliver &&
    (async () => {
      const { openTarget } = await import('./targets.ts');
      return openTarget(deliver, account, surroundings, hooks.say);
    });
  const run = async (mailbox: Mailbox, client: Pop3Client): Promise<FetchReport> => {
    const report = await new FetchSession(mailbox, client, { ...options, skips: filters?.skips, open }, hooks).run();
    const filtered = report.dryRun ? 0 : ((await filters?.apply(mailbox)) ?? 0);
    return { mailbox: paths.maildir, ...report, filtered };
  };
  // A mailbox is locked before the server is troubled; but a new one is made only for somebody the server lets in.
  return (await isMailbox(paths))
    ? withMailbox((mailbox) => withSession((client) => run(mailbox, client)))
    : withSession((client) => withMailbox((mailbox) => run(mailbox, client)));
}

/** The rules for new mail at work; undefined where there are none, since nobody should wait for what is not needed. */
async function filtersOf(account: Account, { run }: Surroundings, { say }: FetchHooks) {
  if (account.filters.length === 0) return undefined;
  const [{ readyRules }, { filterPending, skippedBy }] = await Promise.all([
    import('./filter.ts'),
    import('./filter-pending.ts'),
  ]);
  const rules = readyRules(account);
  return {
    skips: (client: Pop3Client, candidates: readonly Wanted[]) => skippedBy(rules, client, candidates),
    apply: (mailbox: Mailbox) => filterPending(account, mailbox, rules, { run, say }),
  };
}
