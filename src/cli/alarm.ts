/** Sleep that can be ended early: by a signal that says now, or by the end of the work. */
import { AbortedError } from '../errors.ts';

export class Alarm {
  readonly #signal: AbortSignal;
  #wake = Promise.withResolvers<void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Ends every sleep under way. */
  ring(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  /** @throws AbortedError when the work is stopped. */
  async sleep(milliseconds: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stopped = () => reject(new AbortedError('aborted', 'Stopped.'));
    if (this.#signal.aborted) stopped();
    this.#signal.addEventListener('abort', stopped, { once: true });
    const timer = setTimeout(resolve, milliseconds);
    try {
      await Promise.race([promise, this.#wake.promise]);
    } finally {
      clearTimeout(timer);
      this.#signal.removeEventListener('abort', stopped);
    }
  }
}
