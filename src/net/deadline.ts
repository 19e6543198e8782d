/**
 * How long we wait for the peer, in one place (RFC 5321 §4.5.3.2; RFC 1939 §3).
 *
 * A reply must be complete within the time. A body must make progress: a window in which fewer than `FLOOR` octets a
 * second came is as good as silence, so a peer that drips an octet now and then cannot hold us.
 */

/** The slowest body we accept, octets a second over a whole window. */
const FLOOR = 100;

export interface Watch {
  /** Octets received so far on this connection. */
  received(): number;
  /** True while a body streams: progress is enough. */
  streaming(): boolean;
  /** Milliseconds so far in which we, and not the peer, were the slow ones. */
  paused(): number;
}

/** What the watch showed when a window began. */
interface Mark {
  readonly received: number;
  readonly paused: number;
}

export class Deadline {
  readonly #watch: Watch;
  readonly #expired: (milliseconds: number) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(watch: Watch, expired: (milliseconds: number) => void) {
    this.#watch = watch;
    this.#expired = expired;
  }

  /** Starts a window of `milliseconds`, in place of any other. */
  start(milliseconds: number): void {
    this.stop();
    const before = { received: this.#watch.received(), paused: this.#watch.paused() };
    this.#timer = setTimeout(() => this.#check(milliseconds, before), milliseconds);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #check(milliseconds: number, before: Mark): void {
    const paused = this.#watch.paused() - before.paused;
    if (paused >= 1) {
      // What we took from the window is given back, and not one millisecond more: a sink that pauses for every octet
      // must not keep a dripping peer alive.
      const extended = { received: before.received, paused: before.paused + paused };
      this.#timer = setTimeout(() => this.#check(milliseconds, extended), paused);
      return;
    }
    const progress = this.#watch.received() - before.received >= (FLOOR * milliseconds) / 1000;
    if (this.#watch.streaming() && progress) this.start(milliseconds);
    else this.#expired(milliseconds);
  }
}
