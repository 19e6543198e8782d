/**
 * A fetch from a server without UIDL (RFC 1939 §7 leaves it optional), where only the bytes of a message say which it is.
 *
 * Each message is received into `tmp/` and compared by its SHA-256 with what is stored: what is here already is dropped,
 * what is new gets its name and number in the journal, and only then its place. A message may be deleted on the server
 * only in the session in which its own bytes came, and were found to be durable here: numbers hold for no other.
 */
import { LimitError, Pop3ReplyError } from '../errors.ts';
import type { Pop3Client } from '../pop3/client.ts';
import type { SizeRow } from '../pop3/grammar.ts';
import type { Delivery } from '../store/delivery.ts';
import type { Mailbox } from '../store/mailbox.ts';
import { eraseAndQuit } from './erase.ts';
import type { FetchHooks, FetchOptions, FetchReport } from './fetch-report.ts';

/** Messages under way at once, and made durable together. */
const BATCH = 64;
const COST =
  'the server has no unique ids (UIDL), so every fetch downloads all messages to tell new ones from old; what is here already is not stored twice.';

/** A message that is durable here and whose bytes came in this session. */
interface Held extends SizeRow {
  /** Its number here. */
  readonly local: number;
}

interface Arrival {
  readonly row: SizeRow;
  readonly delivery: Delivery;
}

export class FetchByContent {
  readonly #mailbox: Mailbox;
  readonly #client: Pop3Client;
  readonly #options: FetchOptions;
  readonly #hooks: FetchHooks;
  readonly #held: Held[] = [];
  /** Numbers here of messages that were recognized: each stands for one message there. */
  readonly #taken = new Set<number>();
  readonly #fetched: { number: number; uidl: undefined; size: number }[] = [];
  readonly #skipped: { uidl: undefined; size: number; reason: 'max-size' | 'limit' }[] = [];
  readonly #failed: { uidl: undefined; reason: string }[] = [];

  constructor(mailbox: Mailbox, client: Pop3Client, options: FetchOptions, hooks: FetchHooks) {
    this.#mailbox = mailbox;
    this.#client = client;
    this.#options = options;
    this.#hooks = hooks;
  }

  /** Fetches what the listing names and is not here. Ends the session. */
  async run(listing: readonly SizeRow[]): Promise<Omit<FetchReport, 'mailbox'>> {
    const { maxSize = Number.POSITIVE_INFINITY, dryRun = false } = this.#options;
    const wanted = listing.filter(({ octets }) => octets <= maxSize);
    this.#skip(
      listing.filter(({ octets }) => octets > maxSize),
      'max-size',
    );
    this.#hooks.say(COST);
    this.#hooks.begin(
      wanted.length,
      wanted.reduce((sum, { octets }) => sum + octets, 0),
    );
    if (!dryRun) await this.#retrieve(wanted);
    const deleted = await eraseAndQuit(this.#client, this.#mailbox, dryRun ? [] : this.#erasable(), this.#hooks.say);
    const fetched = dryRun ? wanted.map(({ octets: size }) => ({ number: 0, uidl: undefined, size })) : this.#fetched;
    return {
      onServer: listing.length,
      byContent: true,
      fetched,
      skipped: this.#skipped,
      failed: this.#failed,
      deleted,
      dryRun,
    };
  }

  #skip(rows: readonly SizeRow[], reason: 'max-size' | 'limit'): void {
    for (const { octets: size } of rows) this.#skipped.push({ uidl: undefined, size, reason });
  }

  get #room(): number {
    return (this.#options.limit ?? Number.POSITIVE_INFINITY) - this.#fetched.length;
  }

  async #retrieve(wanted: readonly SizeRow[]): Promise<void> {
    let from = 0;
    // One that is here already costs nothing of the limit, so nobody knows before how many have to be looked at.
    for (; from < wanted.length && this.#room > 0; from += BATCH)
      await this.#receive(wanted.slice(from, Math.min(from + BATCH, wanted.length)));
    this.#skip(wanted.slice(from), 'limit');
  }

  async #receive(batch: readonly SizeRow[]): Promise<void> {
    const arrivals = batch.map((row) => ({ row, delivery: this.#mailbox.receive() }));
    const settled = await Promise.allSettled(
      arrivals.map(({ row, delivery }) =>
        this.#client.retr(row.number, (chunk) => {
          this.#hooks.progress(chunk.length);
          return delivery.write(chunk);
        }),
      ),
    );
    let fatal: unknown;
    const complete: Arrival[] = [];
    for (const [at, arrival] of arrivals.entries()) {
      const result = settled[at];
      if (result?.status === 'fulfilled') {
        complete.push(arrival);
        continue;
      }
      await arrival.delivery.abort();
      if (result?.reason instanceof Pop3ReplyError)
        this.#failed.push({ uidl: undefined, reason: `number ${arrival.row.number}: ${result.reason.message}` });
      else fatal ??= result?.reason;
    }
    await this.#store(complete);
    if (fatal instanceof LimitError) fatal.hint ??= 'Leave large messages on the server with --max-size.';
    if (fatal !== undefined) throw fatal;
  }

  /** Drops what is here already and makes the rest durable. */
  async #store(arrivals: readonly Arrival[]): Promise<void> {
    const fresh: Arrival[] = [];
    for (const { row, delivery } of arrivals) {
      const local = this.#mailbox.recognize(delivery.sha256, this.#taken);
      if (local === undefined && fresh.length < this.#room) {
        fresh.push({ row, delivery });
        continue;
      }
      await delivery.abort();
      if (local === undefined) this.#skip([row], 'limit');
      else this.#hold(row, local);
    }
    const stored = await this.#mailbox.commitNew(fresh.map(({ row, delivery }) => ({ delivery, size: row.octets })));
    for (const [at, { number, size }] of stored.entries()) {
      const row = fresh[at]?.row;
      if (row !== undefined) this.#hold(row, number);
      this.#fetched.push({ number, uidl: undefined, size });
    }
  }

  #hold(row: SizeRow, local: number): void {
    this.#taken.add(local);
    this.#held.push({ ...row, local });
  }

  #erasable(): { at: number; number: number; name: string }[] {
    const { keep = true } = this.#options;
    if (keep === true) return [];
    return this.#held
      .filter(
        ({ local }) =>
          keep === false || (this.#mailbox.storedAt(local) ?? Number.POSITIVE_INFINITY) <= Date.now() - keep,
      )
      .map(({ number, local }) => ({ at: number, number: local, name: `number ${number}` }));
  }
}
