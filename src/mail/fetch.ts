/**
 * From the server into the mailbox, so that nothing is lost and nothing comes twice.
 *
 * The order is the promise: a listing is believed as a whole; names are fixed and journalled before a message is asked
 * for; a message is stored once file, folder and journal are synced; only then may DELE follow, and only the `+OK` of
 * QUIT makes it so.
 */
import { isUnsupported, type Pop3Client } from '../pop3/client.ts';
import type { UidRow } from '../pop3/grammar.ts';
import { Mailbox } from '../store/mailbox.ts';
import { isMailbox } from '../store/mailboxes.ts';
import { type Account, mailboxOf, type Surroundings } from './account.ts';
import { ContentRetrieval } from './content-retrieval.ts';
import { type Erasable, eraseAndQuit } from './erase.ts';
import { fetchByContent } from './fetch-by-content.ts';
import type { FetchHooks, FetchOptions, FetchReport } from './fetch-report.ts';
import { Retrieval, type Wanted } from './retrieval.ts';
import { leave, openPop3, pop3Server } from './session.ts';

/** RFC 2449 §6.7. */
const EXPIRES = 'the server does not keep mail that was fetched (EXPIRE 0), so do not count on finding it there again.';

/** A message of the server's listing with what is known of it here. */
type Entry = Wanted;
type Retrieved = Pick<FetchReport, 'fetched' | 'failed' | 'deleted'>;

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
  const withMailbox = async <T>(work: (mailbox: Mailbox) => Promise<T>): Promise<T> => {
    const mailbox = await Mailbox.open(paths);
    try {
      return await work(mailbox);
    } finally {
      await mailbox.close();
    }
  };
  const withSession = async <T>(work: (client: Pop3Client) => Promise<T>): Promise<T> => {
    const client = await openPop3(account, surroundings, hooks.say);
    // Making room on a slow disk must not cost the session.
    return client
      .keepAlive(() => work(client))
      .catch(async (error: unknown) => {
        await client.close();
        throw error;
      });
  };
  const run = (mailbox: Mailbox, client: Pop3Client) => new Fetch(mailbox, client, options, hooks).run(paths.maildir);
  // A mailbox is locked before the server is troubled; but a new one is made only for somebody the server lets in.
  return (await isMailbox(paths))
    ? withMailbox((mailbox) => withSession((client) => run(mailbox, client)))
    : withSession((client) => withMailbox((mailbox) => run(mailbox, client)));
}

class Fetch {
  readonly #mailbox: Mailbox;
  readonly #client: Pop3Client;
  readonly #options: FetchOptions;
  readonly #hooks: FetchHooks;

  constructor(mailbox: Mailbox, client: Pop3Client, options: FetchOptions, hooks: FetchHooks) {
    this.#mailbox = mailbox;
    this.#client = client;
    this.#options = options;
    this.#hooks = hooks;
  }

  async run(mailbox: string): Promise<FetchReport> {
    const [, sizes, uids] = await Promise.all([this.#client.stat(), this.#client.list(), this.#uids()]);
    if (uids === undefined) {
      const report = await fetchByContent(this.#mailbox, this.#client, sizes, this.#options, this.#hooks);
      return { mailbox, ...report };
    }
    const listed = uids.map(({ uid }, row) => ({ uidl: uid, size: sizes[row]?.octets ?? 0 }));
    const entries = this.#mailbox.survey(listed).map((message, row) => ({ ...message, at: uids[row]?.number ?? 0 }));
    return { mailbox, ...(await this.#fetch(entries)) };
  }

  async #fetch(entries: readonly Entry[]): Promise<Omit<FetchReport, 'mailbox'>> {
    const { wanted, skipped } = this.#choose(entries);
    this.#hooks.begin(
      wanted.length,
      wanted.reduce((sum, { size }) => sum + size, 0),
    );
    const { dryRun = false } = this.#options;
    const report = { onServer: entries.length, byContent: false, skipped, dryRun };
    const strays = wanted.length === 0 || dryRun ? [] : this.#mailbox.strays(entries, this.#options.keep !== false);
    if (strays.length > 0) return { ...report, ...(await this.#compare(entries, wanted, strays)) };
    if (!dryRun) return { ...report, ...(await this.#retrieve(entries, wanted)) };
    await leave(this.#client);
    const fetched = wanted.map(({ uidl, size }) => ({ number: 0, uidl, size }));
    return { ...report, fetched, failed: [], deleted: this.#erasable(entries).length };
  }

  async #retrieve(entries: readonly Entry[], wanted: readonly Entry[]): Promise<Retrieved> {
    if (wanted.length > 0 && this.#client.expiry?.days === 0) this.#hooks.say(EXPIRES);
    const retrieval = new Retrieval(this.#mailbox, this.#client, this.#hooks.progress);
    await retrieval.run(wanted);
    const { fetched, failed } = retrieval;
    if (this.#options.keep === undefined || this.#options.keep === true) {
      // Behind the last sync: some servers erase what was fetched at QUIT, whatever they announce.
      this.#client.leave();
      return { fetched, failed, deleted: 0 };
    }
    return { fetched, failed, deleted: await this.#erase(entries) };
  }

  /**
   * The same where what seems new may be here under another name: a server that was moved gives all messages new ids, one
   * that was renewed gives ids to those that had none. What is here already is not stored twice.
   */
  async #compare(entries: readonly Entry[], wanted: readonly Entry[], candidates: number[]): Promise<Retrieved> {
    const { progress, say } = this.#hooks;
    const byContent = new ContentRetrieval(this.#mailbox, this.#client, { candidates, limit: wanted.length, progress });
    await byContent.run(wanted.filter(({ state }) => state === 'new'));
    const renamed = byContent.held.filter(({ known }) => known);
    if (renamed.length > 0)
      say(
        `${renamed.length} messages are here already, under other unique ids or from a session that broke off; they were not stored twice.`,
      );
    const rest = new Retrieval(this.#mailbox, this.#client, progress);
    await rest.run(wanted.filter(({ state }) => state !== 'new'));
    const stored = byContent.held.filter(({ known }) => !known);
    return {
      fetched: [...rest.fetched, ...stored.map(({ number, uidl, octets: size }) => ({ number, uidl, size }))],
      failed: [...rest.failed, ...byContent.failed.map(({ message: { uidl }, reason }) => ({ uidl, reason }))],
      deleted: await this.#erase(entries),
    };
  }

  #erase(entries: readonly Entry[]): Promise<number> {
    const erasable = this.#erasable(entries).map((entry): Erasable => ({ ...entry, name: entry.uidl }));
    return eraseAndQuit(this.#client, this.#mailbox, erasable, this.#hooks.say);
  }

  /** Undefined where the server has no UIDL; one that announces it and refuses it is asked again another time. */
  async #uids(): Promise<UidRow[] | undefined> {
    try {
      return await this.#client.uidl();
    } catch (error) {
      if (isUnsupported(error) && !this.#client.capabilities.has('UIDL')) return undefined;
      throw error;
    }
  }

  #choose(entries: readonly Entry[]): { wanted: Entry[]; skipped: FetchReport['skipped'] } {
    const { maxSize = Number.POSITIVE_INFINITY, limit = Number.POSITIVE_INFINITY } = this.#options;
    const fresh = entries.filter(({ state }) => state !== 'stored');
    const fitting = fresh.filter(({ size }) => size <= maxSize);
    const skip =
      (reason: 'max-size' | 'limit') =>
      ({ uidl, size }: Entry) => ({ uidl, size, reason });
    const skipped = [
      ...fresh.filter(({ size }) => size > maxSize).map(skip('max-size')),
      ...fitting.slice(limit).map(skip('limit')),
    ];
    return { wanted: fitting.slice(0, limit), skipped };
  }

  /**
   * What may go on the server: what became durable here, as long ago as the policy says. That counts from then on, not from
   * the first attempt, and also for what somebody has read and removed here meanwhile.
   */
  #erasable(entries: readonly Entry[]): (Entry & { number: number })[] {
    const { keep = true } = this.#options;
    if (keep === true) return [];
    const known = this.#mailbox.survey(entries).map((message, row) => ({ ...message, at: entries[row]?.at ?? 0 }));
    return known.filter((entry): entry is Entry & { number: number } => {
      if (entry.number === undefined || !this.#mailbox.deletable(entry)) return false;
      return keep === false || (this.#mailbox.storedAt(entry.number) ?? Number.POSITIVE_INFINITY) <= Date.now() - keep;
    });
  }
}
