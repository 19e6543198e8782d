/**
 * From the server into the mailbox, so that nothing is lost and nothing comes twice.
 *
 * The order is the promise: a listing is believed as a whole; names are fixed and journalled before a message is asked
 * for; a message is stored once file, folder and journal are synced; only then may DELE follow, and only the `+OK` of
 * QUIT makes it so.
 */
import type { Pop3Client } from '../pop3/client.ts';
import type { Lock } from '../store/lock.ts';
import { Mailbox } from '../store/mailbox.ts';
import { isMailbox } from '../store/mailboxes.ts';
import { settle, shapeOf, takeSettled } from '../store/settled.ts';
import { type Account, mailboxOf, type Surroundings } from './account.ts';
import { type FetchHooks, type FetchOptions, type FetchReport, isIdle, nothingNew } from './fetch-report.ts';
import { FetchSession } from './fetch-session.ts';
import type { Wanted } from './retrieval.ts';
import { pop3Server, withPop3 } from './session.ts';
import { digestOf, type Listing, listingOf } from './survey.ts';

/** A fetch by an open session, of the listing if that was asked for already. */
type FetchBy = (client: Pop3Client, listing?: Listing) => Promise<FetchReport>;
type WithMailbox = (work: (fetch: FetchBy) => Promise<FetchReport>, lock?: Lock) => Promise<FetchReport>;

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
  const withMailbox = await mailboxFor(account, surroundings, options, hooks);
  const withSession = (work: FetchBy) => withPop3(account, surroundings, hooks.say, work);
  // A mailbox is locked before the server is troubled; but a new one is made only for somebody the server lets in.
  if (!(await isMailbox(paths))) return withSession((client) => withMailbox((fetch) => fetch(client)));
  const settled = isPlain(options) ? await takeSettled(paths) : undefined;
  if (settled === undefined) return withMailbox((fetch) => withSession(fetch));
  const { lock } = settled;
  try {
    return await withSession(async (client) => {
      const listing = await listingOf(client);
      if (digestOf(listing) !== settled.listing) return withMailbox((fetch) => fetch(client, listing), lock);
      client.leave();
      return nothingNew(paths.maildir, listing.sizes.length, client.loginDelay?.seconds);
    });
  } finally {
    lock.release();
  }
}

/** Whether nothing is done but bring what is not here: then there is nothing to do for a listing of which everything is. */
function isPlain({ keep = true, deleteRemoved, passedOver, only, dryRun }: FetchOptions): boolean {
  return keep === true && !deleteRemoved && !passedOver && only === undefined && !dryRun;
}

/** Opens the mailbox for a fetch, and closes it. @throws ConfigError `bad-config` for rules that cannot be kept, at once. */
async function mailboxFor(
  account: Account,
  surroundings: Surroundings,
  options: FetchOptions,
  hooks: FetchHooks,
): Promise<WithMailbox> {
  const paths = mailboxOf(account);
  const { deliver } = options;
  const filters = await filtersOf(account, surroundings, hooks);
  const open =
    deliver &&
    (async () => {
      const { openTarget } = await import('./targets.ts');
      return openTarget(deliver, account, surroundings, hooks.say);
    });
  return async (work, lock) => {
    const before = isPlain(options) ? await shapeOf(paths) : undefined;
    const mailbox = await Mailbox.open(paths, { filters: filters !== undefined && deliver === undefined, lock });
    try {
      return await work(async (client, asked) => {
        const listing = asked ?? (await listingOf(client));
        const session = new FetchSession(mailbox, client, { ...options, skips: filters?.skips, open }, hooks);
        const report = await session.run(listing);
        const filtered = report.dryRun ? 0 : ((await filters?.apply(mailbox)) ?? 0);
        const told = { mailbox: paths.maildir, ...report, filtered };
        if (isIdle(told) && mailbox.unfiltered().length === 0) await settle(paths, before, digestOf(listing));
        return told;
      });
    } finally {
      await mailbox.close();
    }
  };
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
