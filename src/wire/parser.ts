/**
 * The contract between the channel, which owns a socket, and everything that turns bytes into values.
 *
 * Why: a parser that is pure and synchronous can be tested whole, byte by byte and at every split, and a queue of them
 * makes pipelining the absence of an `await`. A parser must never know where its bytes come from.
 */

export interface Parser<T> {
  /**
   * Takes bytes from the front of `bytes` and says how many. It takes fewer than all of them only when it is complete
   * (the rest belongs to the next parser) or when it set `wait` (the rest is offered again once that settles).
   *
   * @throws ProtocolError when the peer broke the grammar, LimitError when it went past a bound.
   */
  push(bytes: Uint8Array): number;

  /** Set once, when the value is complete; boxed, so that a value may be `undefined`. */
  readonly result: { readonly value: T } | undefined;

  /** Set while the parser's sink is busy: the channel pauses the socket until the promise settles. */
  readonly wait?: Promise<void> | undefined;

  /** What a transcript shows of the bytes taken so far, an entry a line, secrets and bodies masked; the channel empties it. */
  readonly said?: string[] | undefined;

  /** True while a body streams: the deadline then asks for progress instead of completion. */
  readonly streaming?: boolean | undefined;
}

/** Where the bytes of a body go; a chunk may be kept. A promise asks the sender to wait until it settles. */
export type Sink = (chunk: Uint8Array) => void | Promise<void>;
