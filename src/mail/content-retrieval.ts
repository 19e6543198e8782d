/**
 * Messages that only their bytes can tell from those that are here: received, compared, and stored where they are new.
 *
 * Each is received into `tmp/` and compared by its SHA-256. What is here already is dropped; what is new gets its name
 * and number in the journal, and only then its place. What this file must never know: DELE.
 */
import { Pop3ReplyError } from '../errors.ts';
import type { Pop3Client } from '../pop3/client.ts';
import type { Delivery } from '../store/delivery.ts';
import { type Listed, NO_UIDL } from '../store/ledger-record.ts';
import type { Mailbox } from '../store/mailbox.ts';
import { receive } from './receive.ts';

/** Messages under way at once, and made durable together. */
const BATCH = 64;

/** A message of the server's listing. */
export interface Unknown extends Listed {
  /** Its number in this session. */
  readonly at: number;
}

/** A message that is durable here and whose bytes came in this session. */
export interface Held extends Unknown {
  /** Its number here. */
  readonly number: number;
  /** It was here before. */
  readonly known: boolean;
  /** Of its bytes, where `size` is what the server says. */
  readonly octets: number;
}

interface Arrival {
  readonly message: Unknown;
  readonly delivery: Delivery;
}

export class ContentRetrieval {
  readonly held: Held[] = [];
  /** What the server would not give. */
  readonly failed: { readonly message: Unknown; readonly reason: string }[] = [];
  /** What was not looked at, or not stored, since there were new ones enough. */
  readonly left: Unknown[] = [];
  readonly #mailbox: Mailbox;
  readonly #client: Pop3Client;
  readonly #progress: (octets: number) => void;
  /** Numbers here that a message may stand for, each once. */
  readonly #candidates: Set<number>;
  #room: number;

  /**
   * @param candidates the numbers here among which a message may be.
   * @param limit the most new messages.
   */
  constructor(
    mailbox: Mailbox,
    client: Pop3Client,
    options: {
      readonly candidates: Iterable<number>;
      readonly limit: number;
      readonly progress: (octets: number) => void;
    },
  ) {
    this.#mailbox = mailbox;
    this.#client = client;
    this.#candidates = new Set(options.candidates);
    this.#room = options.limit;
    this.#progress = options.progress;
  }

  /** Fetches the messages, in order. @throws whatever a session or the mailbox throws; what had come whole is stored then. */
  async run(wanted: readonly Unknown[]): Promise<void> {
    let from = 0;
    // One that is here already costs nothing of the limit, so nobody knows before how many have to be looked at.
    for (; from < wanted.length && this.#room > 0; from += BATCH) await this.#receive(wanted.slice(from, from + BATCH));
    for (const message of wanted.slice(from)) this.left.push(message);
  }

  async #receive(batch: readonly Unknown[]): Promise<void> {
    const arrivals = batch.map((message) => ({ message, delivery: this.#mailbox.receive() }));
    const retrieved = arrivals.map(({ message, delivery }) =>
      receive(this.#client, message.at, delivery, this.#progress),
    );
    // No other answer can pass for that to STAT: each of those before it was to its own request.
    const allAnswered = this.#client.stat();
    const settled = await Promise.allSettled(retrieved);
    let fatal: unknown;
    const complete: Arrival[] = [];
    for (const [row, arrival] of arrivals.entries()) {
      const result = settled[row];
      if (result?.status === 'fulfilled') {
        complete.push(arrival);
        continue;
      }
      await arrival.delivery.abort();
      // A message the server will not give does not keep the others from coming.
      if (result?.reason instanceof Pop3ReplyError)
        this.failed.push({ message: arrival.message, reason: result.reason.message });
      else fatal ??= result?.reason;
    }
    fatal ??= await allAnswered.then(() => undefined).catch((error: unknown) => error);
    await this.#store(complete, fatal === undefined);
    if (fatal !== undefined) throw fatal;
  }

  /**
   * Drops what is here already, under the name it has now, and makes the rest durable. Not `proven`: the server owes
   * answers, and may have dropped a request, so that what came is the answer to another one.
   */
  async #store(arrivals: readonly Arrival[], proven: boolean): Promise<void> {
    const fresh: Arrival[] = [];
    const known: Held[] = [];
    for (const { message, delivery } of arrivals) {
      const number = this.#mailbox.recognize(delivery.sha256, this.#candidates);
      if (number !== undefined) {
        this.#candidates.delete(number);
        known.push({ ...message, number, known: true, octets: message.size });
      } else if (fresh.length < this.#room) {
        fresh.push({ message, delivery });
        continue;
      } else this.left.push(message);
      await delivery.abort();
    }
    await this.#mailbox.rename(known.filter(({ uidl }) => proven && uidl !== NO_UIDL));
    this.held.push(...known);
    const received = fresh.map(({ message, delivery }) => ({ ...message, delivery }));
    const stored = await this.#mailbox.commitNew(received, proven);
    for (const [row, { number, size: octets }] of stored.entries()) {
      const message = fresh[row]?.message;
      if (message !== undefined) this.held.push({ ...message, number, known: false, octets });
    }
    this.#room -= fresh.length;
  }
}
