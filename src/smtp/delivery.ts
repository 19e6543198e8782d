/**
 * Where the messages of a server go: with SMTP one delivery for all recipients, with LMTP one for each, so that what goes
 * wrong with one harms no other (RFC 2033 §4.2).
 *
 * What this file must never know: how a message comes, and in what words its fate is told.
 */
import type { ReceivedEnvelope } from './envelope.ts';

/** Where a message goes while it arrives. Either `commit` or `abort` is called, once; no `abort` follows a `commit`. */
export interface Delivery {
  write(chunk: Uint8Array): void | Promise<void>;
  /** The message is whole: resolves when it is safe, to a name for it. @throws SmtpReplyError to refuse it. */
  commit(): Promise<string>;
  /** Nothing is kept. What it throws is told, and changes nothing. */
  abort(): Promise<void>;
}

/** Opens the way for one message. */
export type Deliver = (envelope: ReceivedEnvelope) => Promise<Delivery>;

export interface Fault {
  readonly error: unknown;
}

/** Told of trouble that changes nothing for the client. */
type Tell = (error: unknown) => void;

/** One delivery, which ends with its first fault: it may not even have begun. */
class Copy {
  readonly #delivery: Delivery | undefined;
  readonly #tell: Tell;
  fault: Fault | undefined;

  constructor(opened: PromiseSettledResult<Delivery>, tell: Tell) {
    this.#tell = tell;
    if (opened.status === 'fulfilled') this.#delivery = opened.value;
    else this.fault = { error: opened.reason };
  }

  write(chunk: Uint8Array): void | Promise<void> {
    if (this.fault !== undefined) return undefined;
    try {
      const written = this.#delivery?.write(chunk);
      return written instanceof Promise ? written.catch(this.#failed) : undefined;
    } catch (error) {
      return this.#failed(error);
    }
  }

  async finish(refused: Fault | undefined): Promise<string> {
    const fault = refused ?? this.fault;
    if (fault === undefined && this.#delivery !== undefined) return this.#delivery.commit();
    await this.abort();
    throw fault?.error;
  }

  /** Never throws: why the message is given up is what counts. */
  async abort(): Promise<void> {
    try {
      await this.#delivery?.abort();
    } catch (error) {
      this.#tell(error);
    }
  }

  readonly #failed = (error: unknown): void => {
    this.fault ??= { error };
  };
}

export class Copies {
  readonly #copies: readonly Copy[];

  private constructor(copies: readonly Copy[]) {
    this.#copies = copies;
  }

  /** Begins a delivery for each envelope. Those that cannot begin say so at the end, like those that fail on the way. */
  static async open(deliver: Deliver, envelopes: readonly ReceivedEnvelope[], tell: Tell): Promise<Copies> {
    const opened = await Promise.allSettled(envelopes.map(async (envelope) => deliver(envelope)));
    return new Copies(opened.map((each) => new Copy(each, tell)));
  }

  /** Why nobody will get the message, once that is so. */
  get fault(): Fault | undefined {
    return this.#copies.every(({ fault }) => fault !== undefined) ? this.#copies[0]?.fault : undefined;
  }

  write(chunk: Uint8Array): void | Promise<void> {
    const pending = this.#copies.map((copy) => copy.write(chunk)).filter((written) => written !== undefined);
    return pending.length < 2 ? pending[0] : Promise.all(pending).then(() => undefined);
  }

  /** The message is whole: the name that each delivery gave it, or its fault. `refused` ends them all. */
  finish(refused: Fault | undefined): readonly Promise<string>[] {
    const names = this.#copies.map((copy) => copy.finish(refused));
    // Each is awaited in its turn, and may fail before that.
    for (const name of names) name.catch(() => undefined);
    return names;
  }

  async abort(): Promise<void> {
    await Promise.all(this.#copies.map((copy) => copy.abort()));
  }
}
