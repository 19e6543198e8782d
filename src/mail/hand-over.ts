/**
 * The wanted messages to another place than the mailbox, one after the other.
 *
 * Each is received whole, then given to the place, and only when that has it durably does the journal say so, after which
 * it may be deleted on the server. Why not several at a time: a server that drops one of many requests makes the next
 * answer look like it, and what was handed over cannot be taken back. What this file must never know: DELE.
 */
import { Pop3ReplyError } from '../errors.ts';
import type { Pop3Client } from '../pop3/client.ts';
import type { Mailbox, Planned } from '../store/mailbox.ts';
import { receive } from './receive.ts';
import type { Fetched, Wanted } from './retrieval.ts';
import { Refused, type Target } from './targets.ts';

export class HandOver {
  readonly fetched: Fetched[] = [];
  /** What the server would not give, or the place would not take. */
  readonly failed: { readonly uidl: string; readonly reason: string }[] = [];
  /** How many were here already, under another unique id. */
  renamed = 0;
  readonly #mailbox: Mailbox;
  readonly #client: Pop3Client;
  readonly #target: Target;
  readonly #candidates: Set<number>;
  readonly #progress: (octets: number) => void;

  /** @param candidates numbers here under which a message may be known already. */
  constructor(
    mailbox: Mailbox,
    client: Pop3Client,
    target: Target,
    { candidates, progress }: { readonly candidates: Iterable<number>; readonly progress: (octets: number) => void },
  ) {
    this.#mailbox = mailbox;
    this.#client = client;
    this.#target = target;
    this.#candidates = new Set(candidates);
    this.#progress = progress;
  }

  /** @throws whatever a session, the mailbox or the place throws; what was taken by then stays taken. */
  async run(wanted: readonly Wanted[]): Promise<void> {
    for (const message of wanted) {
      try {
        await this.#handOver(message);
      } catch (error) {
        if (!(error instanceof Pop3ReplyError) && !(error instanceof Refused)) throw error;
        this.failed.push({ uidl: message.uidl, reason: error.message });
      }
    }
  }

  async #handOver(message: Wanted): Promise<void> {
    const [plan] = message.state === 'new' && this.#candidates.size > 0 ? [] : await this.#mailbox.plan([message]);
    const delivery = plan === undefined ? this.#mailbox.receive() : this.#mailbox.deliver(plan);
    try {
      await receive(this.#client, message.at, delivery, this.#progress);
      const known = plan === undefined ? this.#mailbox.recognize(delivery.sha256, this.#candidates) : undefined;
      if (known === undefined) await this.#give(message, plan, await delivery.hold());
      else await this.#recognized(known, message);
    } finally {
      await delivery.abort();
    }
  }

  async #give(
    message: Wanted,
    given: Planned | undefined,
    held: Parameters<Mailbox['handedOver']>[1] & { path: string },
  ) {
    const plan = given ?? (await this.#mailbox.plan([message]))[0];
    if (plan === undefined) return;
    await this.#target.take({ base: plan.base, path: held.path, size: held.size });
    await this.#mailbox.handedOver(plan, held);
    this.fetched.push({ number: plan.number, uidl: plan.uidl, size: held.size });
  }

  async #recognized(number: number, { uidl, size }: Wanted): Promise<void> {
    this.#candidates.delete(number);
    await this.#mailbox.rename([{ number, uidl, size }]);
    this.renamed += 1;
  }
}
