/**
 * From the server into the mailbox, so that nothing is lost and nothing comes twice.
 *
 * The order is the promise: a listing is believed as a whole; names are fixed and journalled before a message is asked
 * for; a message is stored once file, folder and journal are synced; only then may DELE follow, and only the `+OK` of
 * QUIT makes it so.
 */
import type { Keep } from '../config/account.ts';
import { ConnectionLostError, Pop3ReplyError, type PosthornError } from '../errors.ts';
import { isUnsupported, type Pop3Client } from '../pop3/client.ts';
import { Mailbox } from '../store/mailbox.ts';
import { isMailbox } from '../store/mailboxes.ts';
import { type Account, mailboxOf, type Surroundings } from './account.ts';
import { type Fetched, Retrieval, type Wanted } from './retrieval.ts';
import { leave, openPop3, pop3Server, type Say } from './session.ts';

export interface FetchOptions {
  /** What becomes of the server's copies of what is stored here; by default they stay. */
  readonly keep?: Keep | undefined;
  /** The most messages of one run, oldest first. */
  readonly limit?: number | undefined;
  /** Larger messages stay on the server, unfetched. Octets. */
  readonly maxSize?: number | undefined;
  /** Say what would happen, and change nothing anywhere. */
  readonly dryRun?: boolean | undefined;
}

export interface FetchHooks {
  readonly say: Say;
  /** What will come, before it does. */
  readonly begin: (messages: number, octets: number) => void;
  readonly progress: (octets: number) => void;
}

export interface FetchReport {
  readonly mailbox: string;
  readonly onServer: number;
  /** The local numbers of the new messages. */
  readonly fetched: readonly Fetched[];
  /** New ones that were left for their size, or for the limit. */
  readonly skipped: readonly { readonly uidl: string; readonly size: number; readonly reason: 'max-size' | 'limit' }[];
  /** New ones that the server would not give. */
  readonly failed: readonly { readonly uidl: string; readonly reason: string }[];
  /** How many the server erased. */
  readonly deleted: number;
  readonly dryRun: boolean;
}

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
    return work(client).catch(async (error: unknown) => {
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

  async run(maildir: string): Promise<FetchReport> {
    const entries = await this.#listing();
    const { wanted, skipped } = this.#choose(entries);
    this.#hooks.begin(
      wanted.length,
      wanted.reduce((sum, { size }) => sum + size, 0),
    );
    const { dryRun = false } = this.#options;
    const report = { mailbox: maildir, onServer: entries.length, skipped, dryRun };
    if (!dryRun) return { ...report, ...(await this.#retrieve(entries, wanted)) };
    await leave(this.#client);
    const fetched = wanted.map(({ uidl, size }) => ({ number: 0, uidl, size }));
    return { ...report, fetched, failed: [], deleted: this.#erasable(entries).length };
  }

  async #retrieve(entries: readonly Entry[], wanted: readonly Entry[]): Promise<Retrieved> {
    const retrieval = new Retrieval(this.#mailbox, this.#client, this.#hooks.progress);
    let leaving: Promise<void> | undefined;
    await retrieval.run(wanted, () => {
      if (this.#options.keep !== undefined && this.#options.keep !== true) return;
      // Nothing will be deleted: QUIT need not wait for anything, and saves a round trip.
      leaving = leave(this.#client);
      leaving.catch(() => undefined);
    });
    await leaving;
    const deleted = leaving === undefined ? await this.#erase(entries) : 0;
    return { fetched: retrieval.fetched, failed: retrieval.failed, deleted };
  }

  async #listing(): Promise<Entry[]> {
    const [, sizes, uids] = await Promise.all([this.#client.stat(), this.#client.list(), this.#client.uidl()]).catch(
      (error: unknown) => {
        throw isUnsupported(error) ? withoutUidl(error) : error;
      },
    );
    const surveyed = this.#mailbox.survey(uids.map(({ uid }, row) => ({ uidl: uid, size: sizes[row]?.octets ?? 0 })));
    return surveyed.map((message, row) => ({ ...message, at: uids[row]?.number ?? 0 }));
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

  /** DELE for what is durable here, then QUIT, whose `+OK` makes it so. */
  async #erase(entries: readonly Entry[]): Promise<number> {
    const erasable = this.#erasable(entries);
    if (erasable.length === 0) {
      await leave(this.#client);
      return 0;
    }
    // In one flight, since QUIT deletes what was marked whatever else was refused: then its loss is what is to be said.
    const marks = Promise.all(erasable.map((entry) => this.#mark(entry)));
    marks.catch(() => undefined);
    await this.#client.quit().catch((error: unknown) => {
      throw unconfirmed(error);
    });
    const marked = (await marks).filter((entry) => entry !== undefined);
    await this.#mailbox.deleted(marked);
    return marked.length;
  }

  /** A message that the server will not delete does not keep the others there. */
  async #mark<E extends Entry>(entry: E): Promise<E | undefined> {
    try {
      await this.#client.dele(entry.at);
      return entry;
    } catch (error) {
      if (!(error instanceof Pop3ReplyError)) throw error;
      this.#hooks.say(`message ${entry.uidl} was not deleted on the server: ${error.message}`);
      return undefined;
    }
  }
}

function withoutUidl(cause: unknown): PosthornError {
  return new Pop3ReplyError('SYS/PERM', 'The server has no unique ids (UIDL), so new mail cannot be told from old.', {
    phase: 'uidl',
    cause,
    hint: 'Look at the mail there with posthorn list --remote.',
  });
}

/** Nobody knows then what the server deleted; but all of it is here, so another fetch finds out and does the rest. */
function unconfirmed(error: unknown): unknown {
  if (!(error instanceof ConnectionLostError)) return error;
  const { message, phase, cause, transcript } = error;
  return new ConnectionLostError(
    'not-sent',
    `${message} The server did not confirm that it deleted what is safe here.`,
    {
      phase,
      cause,
      transcript,
      hint: 'Fetch again: what is still there is deleted then, and nothing comes twice.',
    },
  );
}
