/**
 * The wanted messages from RETR to durable: two loops, one that asks and one that stores, and a window between them.
 *
 * Why: over a long way the time of a fetch is the number of waits. So a message is asked for as soon as there is room
 * for it, while earlier ones arrive and others are being synced; the window bounds memory and what a crash makes come
 * again. Names are journalled before anything is asked for, and a message counts as fetched once file, folder and
 * journal are synced. What this file must never know: DELE.
 */
import { Pop3ReplyError } from '../errors.ts';
import type { Pop3Client } from '../pop3/client.ts';
import type { Delivery } from '../store/delivery.ts';
import type { Surveyed } from '../store/ledger.ts';
import type { Mailbox, Planned } from '../store/mailbox.ts';
import { receive } from './receive.ts';

/** Messages that are asked for and not durable yet: few commands for TCP, many for a mailbox of small ones. */
const WINDOW = 1024;
/** Octets of those that may be in memory at once, and of each: what is longer goes to its file as it comes. */
const MEMORY = 16 * 1024 * 1024;
const IN_MEMORY = 256 * 1024;
/** Messages, or octets of them, that are worth syncing folder and journal for while others are still to come. */
const BATCH = 64;
const BATCH_OCTETS = 4 * 1024 * 1024;
/** The most messages in one round: those that came during the one before it are more than a batch. */
const ROUND = 256;

/** A message of the server's listing. */
export interface Wanted extends Surveyed {
  /** Its number in this session. */
  readonly at: number;
}

/** A message that is durable here, with its local number. */
export interface Fetched {
  readonly number: number;
  readonly uidl: string;
  readonly size: number;
}

interface Arrival {
  readonly plan: Planned;
  readonly delivery: Delivery;
}

export class Retrieval {
  readonly fetched: Fetched[] = [];
  /** What the server would not give. */
  readonly failed: { readonly uidl: string; readonly reason: string }[] = [];
  readonly #mailbox: Mailbox;
  readonly #client: Pop3Client;
  readonly #progress: (octets: number) => void;
  readonly #arrived: Arrival[] = [];
  #underWay = 0;
  #notDurable = 0;
  #inMemory = 0;
  #allAsked = false;
  #unwritable = false;
  #failure: { readonly error: unknown } | undefined;
  #change = Promise.withResolvers<void>();

  constructor(mailbox: Mailbox, client: Pop3Client, progress: (octets: number) => void) {
    this.#mailbox = mailbox;
    this.#client = client;
    this.#progress = progress;
  }

  /**
   * Fetches the messages, in order. When it returns or throws, nothing is being written any more.
   *
   * @throws whatever a session or the mailbox throws; what had come whole by then is stored all the same.
   */
  async run(wanted: readonly Wanted[]): Promise<void> {
    const planned = await this.#mailbox.plan(wanted);
    const storing = this.#storeAll();
    await this.#askAll(wanted, planned);
    const allAnswered = planned.length > 0 && this.#together ? this.#client.stat() : undefined;
    this.#allAsked = true;
    this.#changed();
    await storing;
    if (this.#failure !== undefined) throw this.#failure.error;
    // No other answer can pass for that to STAT: each of those before it was to its own request.
    await allAnswered;
    await this.#mailbox.prove(this.fetched);
  }

  /** Whether several are asked for at a time: where it is one, an answer can be to no other. */
  get #together(): boolean {
    return this.#client.capabilities.has('PIPELINING');
  }

  async #askAll(wanted: readonly Wanted[], planned: readonly Planned[]): Promise<void> {
    for (const [row, plan] of planned.entries()) {
      while (this.#failure === undefined && !this.#hasRoom(plan)) await this.#change.promise;
      if (this.#failure !== undefined) return;
      void this.#ask(wanted[row]?.at ?? 0, plan);
    }
  }

  /** Never rejects: what goes wrong is written down. */
  async #ask(at: number, plan: Planned): Promise<void> {
    const delivery = this.#mailbox.deliver(plan);
    this.#underWay += 1;
    this.#notDurable += 1;
    this.#inMemory += weight(plan);
    try {
      await receive(this.#client, at, delivery, this.#progress);
      delivery.complete();
      this.#arrived.push({ plan, delivery });
    } catch (error) {
      await delivery.abort();
      this.#settled(plan);
      // A message the server will not give does not keep the others from coming.
      if (error instanceof Pop3ReplyError) this.failed.push({ uidl: plan.uidl, reason: error.message });
      else this.#fail(error);
    }
    this.#underWay -= 1;
    this.#changed();
  }

  /** Stores what has come, batch by batch, until nothing more comes. Never rejects. */
  async #storeAll(): Promise<void> {
    for (;;) {
      if (this.#isDue()) await this.#store(this.#arrived.splice(0, ROUND));
      else if (this.#underWay === 0 && (this.#allAsked || this.#failure !== undefined)) return;
      else await this.#change.promise;
    }
  }

  async #store(batch: readonly Arrival[]): Promise<void> {
    try {
      if (this.#unwritable) await Promise.all(batch.map(({ delivery }) => delivery.abort()));
      else await this.#commit(batch);
    } catch (error) {
      // What is still to come could not be kept: it ends with the connection.
      this.#unwritable = true;
      this.#fail(error);
      await this.#client.close();
    }
    for (const { plan } of batch) this.#settled(plan);
    this.#changed();
  }

  async #commit(batch: readonly Arrival[]): Promise<void> {
    const delivered = await this.#mailbox.commit(
      batch.map(({ delivery }) => delivery),
      !this.#together,
    );
    for (const [row, { plan }] of batch.entries())
      this.fetched.push({ number: plan.number, uidl: plan.uidl, size: delivered[row]?.size ?? 0 });
  }

  #hasRoom(plan: Planned): boolean {
    return this.#notDurable < WINDOW && (this.#notDurable === 0 || this.#inMemory + weight(plan) <= MEMORY);
  }

  /** Whether a round of syncs pays now, or nothing comes that it could be shared with. */
  #isDue(): boolean {
    const { length } = this.#arrived;
    if (length === 0) return false;
    const octets = (): number => this.#arrived.reduce((sum, { plan }) => sum + plan.size, 0);
    return length >= BATCH || this.#underWay === 0 || octets() >= BATCH_OCTETS;
  }

  #settled(plan: Planned): void {
    this.#notDurable -= 1;
    this.#inMemory -= weight(plan);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#changed();
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

/** What a message may take up of the memory. */
function weight({ size }: Planned): number {
  return Math.min(size, IN_MEMORY);
}
