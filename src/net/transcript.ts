/**
 * The conversation as people read it: `C:` and `S:` lines, secrets and bodies masked before they get here.
 *
 * Why: the last lines ride on every error, `--trace` streams all of them, and the same text is the format of the
 * transcript tests, so that a bug report becomes a test. It is written by the channel and by nothing else.
 */

/** How many lines an error carries. */
const TAIL = 20;

export type Speaker = 'C' | 'S' | '*';

export class Transcript {
  #tail: string[] = [];
  readonly #live: ((line: string) => void) | undefined;

  /** `live` gets every line as it is said, as raw text: whoever prints it makes it safe for the terminal. */
  constructor(live?: (line: string) => void) {
    this.#live = live;
  }

  /** Records what was said, a line for each line of `text`; `*` marks what happened to the connection itself. */
  record(speaker: Speaker, text: string): void {
    for (const said of text.split('\r\n')) {
      const line = `${speaker}: ${said}`;
      this.#tail.push(line);
      this.#live?.(line);
    }
    if (this.#tail.length > 2 * TAIL) this.#tail = this.#tail.slice(-TAIL);
  }

  tail(): string[] {
    return this.#tail.slice(-TAIL);
  }
}
