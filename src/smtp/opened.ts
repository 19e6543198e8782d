/**
 * A message of which the reading has begun: its first octets are known before anything is said of it, and the rest is
 * read on from there. It can be sent once. Undone by `close` where it is not.
 */
import { takeUntil } from '../wire/take-until.ts';
import type { Outgoing } from './envelope.ts';
import { chunksOf } from './source.ts';

export class Opened {
  /** The first chunk that is not empty; an empty one for an empty message. */
  readonly first: Uint8Array;
  readonly #message: Outgoing;
  readonly #others: AsyncIterator<Uint8Array>;

  private constructor(message: Outgoing, first: Uint8Array, others: AsyncIterator<Uint8Array>) {
    this.#message = message;
    this.first = first;
    this.#others = others;
  }

  /** Reads the beginning, or nothing once `over` is aborted. @throws what the source of the message throws. */
  static async open(message: Outgoing, over: AbortSignal): Promise<Opened> {
    const chunks = takeUntil(chunksOf(message), over)[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await chunks.next();
      if (done || value.length > 0) return new Opened(message, value ?? new Uint8Array(), chunks);
    }
  }

  /** The message without its first octets, as many as that: they are of the first chunk. */
  from(octets: number): Outgoing {
    const { exactLines, has8bit, isBinary, needsUtf8, size } = this.#message;
    const [first, others] = [this.first.subarray(octets), this.#others];
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield first;
      yield* { [Symbol.asyncIterator]: () => others };
    }
    return { chunks, exactLines, has8bit, isBinary, needsUtf8, size: size === undefined ? undefined : size - octets };
  }

  /** Whether it begins as a header does: with an octet that ends no line, and no word. */
  get beginsWord(): boolean {
    const [octet = 0] = this.first;
    return octet > 0x20 && octet < 0x7f;
  }

  /** Gives the source up. Not awaited: one that waits for more may never be done. */
  close(): void {
    this.#others.return?.().catch(() => undefined);
  }
}
