/**
 * A reply that was announced to the queue of a channel before all of its request was written: the answer to a body, which
 * may come early.
 */

/** What the channel does where more is known of the request. */
export interface Progress {
  complete(): void;
  within(milliseconds: number): void;
}

export class Expected<T> {
  readonly value: Promise<T>;
  readonly #progress: Progress;
  #settled = false;

  constructor(value: Promise<T>, progress: Progress) {
    this.value = value;
    this.#progress = progress;
    const settle = (): void => {
      this.#settled = true;
    };
    void value.then(settle, settle);
  }

  /** True once the reply is complete, or the connection failed. */
  get settled(): boolean {
    return this.#settled;
  }

  /** All of the request is written: a loss may come too late from here on, and before it cannot. */
  complete(): void {
    this.#progress.complete();
  }

  /** Starts the clock: from here on the peer has `milliseconds` to answer. */
  within(milliseconds: number): void {
    this.#progress.within(milliseconds);
  }
}
