/**
 * One session of a fetch, from the listing of the server to QUIT: what is known of each message, the plan, and its execution.
 *
 * What this file must never know: accounts, locks, and how a session or a mailbox is opened.
 */
import { UsageError } from '../errors.ts';
import type { Pop3Client } from '../pop3/client.ts';
import type { Mailbox } from '../store/mailbox.ts';
import { ContentRetrieval } from './content-retrieval.ts';
import { type Erasable, eraseAndQuit } from './erase.ts';
import { fetchByContent } from './fetch-by-content.ts';
import type { FetchHooks, FetchOptions, FetchReport } from './fetch-report.ts';
import { retrieveHeaders, type Stub } from './header-retrieval.ts';
import { type Decision, type Known, planFetch, type Policy } from './plan.ts';
import { removedOf } from './removed.ts';
import { Retrieval, type Wanted } from './retrieval.ts';
import { leave } from './session.ts';
import { type Listing, surveyed } from './survey.ts';
import type { Target } from './targets.ts';

/** RFC 2449 §6.7. */
const EXPIRES = 'the server does not keep mail that was fetched (EXPIRE 0), so do not count on finding it there again.';

type Retrieved = Pick<FetchReport, 'fetched' | 'failed'>;

/** What a fetch was asked for, with what that takes. */
export interface Asked extends FetchOptions {
  /** Which of these messages are not to come, by their number there, where there are rules that say so. */
  readonly skips: ((client: Pop3Client, candidates: readonly Wanted[]) => Promise<ReadonlySet<number>>) | undefined;
  /** The place that mail goes to instead of the mailbox. */
  readonly open: (() => Promise<Target>) | undefined;
}

export class FetchSession {
  readonly #mailbox: Mailbox;
  readonly #client: Pop3Client;
  readonly #options: Asked;
  readonly #policy: Policy;
  readonly #hooks: FetchHooks;

  constructor(mailbox: Mailbox, client: Pop3Client, options: Asked, hooks: FetchHooks) {
    this.#mailbox = mailbox;
    this.#client = client;
    this.#options = options;
    this.#policy = policyOf(options);
    this.#hooks = hooks;
  }

  async run({ sizes, uids }: Listing): Promise<Omit<FetchReport, 'mailbox'>> {
    if (uids === undefined)
      return fetchByContent(this.#mailbox, this.#client, sizes, this.#policy, this.#options, this.#hooks);
    const entries = surveyed(this.#mailbox, sizes, uids);
    assertThere(this.#policy.only, entries);
    return this.#fetch(entries);
  }

  async #fetch(entries: readonly Wanted[]): Promise<Omit<FetchReport, 'mailbox'>> {
    const isNew = entries.some(({ state }) => state === 'new');
    const strays = isNew ? this.#mailbox.strays(entries, this.#policy.keep !== false) : [];
    const plan = planFetch(await this.#known(entries, strays.length > 0), this.#policy, Date.now());
    const coming = (how: Decision['comes']) => plan.filter(({ comes }) => comes === how);
    const wanted = coming('whole');
    this.#hooks.begin(
      wanted.length,
      wanted.reduce((sum, { size }) => sum + size, 0),
    );
    const passed = plan.filter(({ because }) => because === 'since-now' || because === 'filter');
    const { dryRun = false } = this.#options;
    const loginDelay = this.#client.loginDelay?.seconds;
    const report = {
      onServer: entries.length,
      byContent: false,
      dryRun,
      marked: passed.length,
      filtered: 0,
      headers: 0,
      loginDelay,
    };
    if (dryRun) return { ...report, ...(await this.#rehearse(plan)) };
    if (wanted.length > 0 && this.#client.expiry?.days === 0) this.#hooks.say(EXPIRES);
    await this.#mailbox.pass(passed);
    const retrieved = await this.#bring(wanted, strays);
    const stubs = await retrieveHeaders(this.#mailbox, this.#client, coming('header'));
    const deleted = await this.#erase(plan);
    const headers = stubs.length;
    return { ...report, ...retrieved, headers, skipped: skipped(plan, stubs), deleted, plan: [] };
  }

  #bring(wanted: readonly Wanted[], strays: number[]): Promise<Retrieved> {
    const { open } = this.#options;
    if (open !== undefined && wanted.length > 0) return this.#handOver(wanted, strays, open);
    return strays.length > 0 ? this.#compare(wanted, strays) : this.#retrieve(wanted);
  }

  async #handOver(wanted: readonly Wanted[], candidates: number[], open: () => Promise<Target>): Promise<Retrieved> {
    const { progress } = this.#hooks;
    const { HandOver } = await import('./hand-over.ts');
    const target = await open();
    try {
      const handOver = new HandOver(this.#mailbox, this.#client, target, { candidates, progress });
      await handOver.run(wanted);
      this.#sayRenamed(handOver.renamed);
      return { fetched: handOver.fetched, failed: handOver.failed };
    } finally {
      await target.close();
    }
  }

  #sayRenamed(count: number): void {
    if (count === 0) return;
    this.#hooks.say(
      `${count} messages are here already, under other unique ids or from a session that broke off; they were not stored twice.`,
    );
  }

  /** What is known here of each message that is listed. */
  async #known(entries: readonly Wanted[], compared: boolean): Promise<Known[]> {
    const mailbox = this.#mailbox;
    const stored = entries.flatMap((entry) => {
      const { state, number } = entry;
      return state === 'stored' && number !== undefined && !mailbox.isElsewhere(number) ? [{ ...entry, number }] : [];
    });
    const { deleteRemoved } = this.#policy;
    const removed = deleteRemoved ? await removedOf(mailbox, this.#client, stored, this.#hooks.say) : undefined;
    const candidates = entries.filter(({ state }) => state === 'new' || state === 'planned');
    const wanted = this.#policy.sinceNow || this.#policy.only !== undefined ? [] : candidates;
    const left = await this.#options.skips?.(this.#client, wanted);
    return entries.map((entry) => ({
      ...entry,
      storedAt: entry.number === undefined ? undefined : mailbox.storedAt(entry.number),
      deletable: mailbox.deletable(entry),
      removed: entry.number !== undefined && removed?.has(entry.number) === true,
      compared,
      skipped: left?.has(entry.at) === true,
    }));
  }

  async #rehearse(plan: readonly Decision[]): Promise<Retrieved & Pick<FetchReport, 'skipped' | 'deleted' | 'plan'>> {
    await leave(this.#client);
    const wanted = plan.filter(({ comes }) => comes === 'whole');
    const fetched = wanted.map(({ uidl, size }) => ({ number: 0, uidl, size }));
    const deleted = plan.filter(({ deletes }) => deletes).length;
    return { fetched, failed: [], skipped: skipped(plan, []), deleted, plan };
  }

  async #retrieve(wanted: readonly Wanted[]): Promise<Retrieved> {
    const retrieval = new Retrieval(this.#mailbox, this.#client, this.#hooks.progress);
    await retrieval.run(wanted);
    return { fetched: retrieval.fetched, failed: retrieval.failed };
  }

  /**
   * The same where what seems new may be here under another name: a server that was moved gives all messages new ids, one
   * that was renewed gives ids to those that had none. What is here already is not stored twice.
   */
  async #compare(wanted: readonly Wanted[], candidates: number[]): Promise<Retrieved> {
    const { progress } = this.#hooks;
    const byContent = new ContentRetrieval(this.#mailbox, this.#client, { candidates, limit: wanted.length, progress });
    await byContent.run(wanted.filter(({ state }) => state === 'new'));
    this.#sayRenamed(byContent.held.filter(({ known }) => known).length);
    const rest = new Retrieval(this.#mailbox, this.#client, progress);
    await rest.run(wanted.filter(({ state }) => state !== 'new'));
    const stored = byContent.held.filter(({ known }) => !known);
    return {
      fetched: [...rest.fetched, ...stored.map(({ number, uidl, octets: size }) => ({ number, uidl, size }))],
      failed: [...rest.failed, ...byContent.failed.map(({ message: { uidl }, reason }) => ({ uidl, reason }))],
    };
  }

  /**
   * Ends the session. Of what was decided only that goes which is durable here by now: the rest did not come, or turned
   * out to be something else.
   */
  async #erase(plan: readonly Decision[]): Promise<number> {
    if (!plan.some(({ deletes }) => deletes)) {
      // Behind the last sync: some servers erase what was fetched at QUIT, whatever they announce.
      this.#client.leave();
      return 0;
    }
    const erasable = this.#mailbox.survey(plan).flatMap((message, row): Erasable[] => {
      const { deletes = false, at = 0 } = plan[row] ?? {};
      const { number, uidl } = message;
      return deletes && number !== undefined && this.#mailbox.deletable(message) ? [{ at, number, name: uidl }] : [];
    });
    return eraseAndQuit(this.#client, this.#mailbox, erasable, this.#hooks.say);
  }
}

function skipped(plan: readonly Decision[], stubs: readonly Stub[]): FetchReport['skipped'] {
  const numbers = new Map(stubs.map(({ at, number }) => [at, number]));
  return plan.flatMap(({ at, uidl, size, state, number, because: reason }) => {
    if (reason !== 'max-size' && reason !== 'limit') return [];
    return [{ uidl, number: state === 'stub' ? number : numbers.get(at), size, reason }];
  });
}

/** @throws UsageError `no-such-message` where a number that is asked for is none of the server's messages. */
function assertThere(only: ReadonlySet<number> | undefined, entries: readonly Wanted[]): void {
  const there = new Set(entries.map(({ number }) => number));
  for (const number of only ?? []) {
    if (there.has(number)) continue;
    throw new UsageError('no-such-message', `The server has no message that is number ${number} here.`, {
      hint: 'See the numbers with posthorn list.',
    });
  }
}

/** What a person asked for, with what holds where nothing was said. */
function policyOf(options: FetchOptions): Policy {
  const { keep = true, limit = Number.POSITIVE_INFINITY, maxSize = Number.POSITIVE_INFINITY } = options;
  const { deleteRemoved = false, sinceNow = false, passedOver = false, only, deliver } = options;
  return {
    keep,
    limit,
    maxSize,
    headers: deliver === undefined,
    deleteRemoved,
    sinceNow,
    passedOver,
    only: only && new Set(only),
  };
}
