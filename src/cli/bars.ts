/**
 * The bars on standard error: one for the work of a command, or a line each where several things are done at once.
 *
 * Why here: whatever else is written there has to clear them first, whichever there are. What this file must never know: what
 * is being done.
 */
import { type Progress, ProgressBar, type Screen } from './progress.ts';
import { ProgressLines } from './progress-lines.ts';

export class Bars {
  readonly #screen: Screen;
  #bar: ProgressBar | undefined;
  #lines: ProgressLines | undefined;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** The bar of the command; one that is there is done. */
  one(label: string, total: number | undefined, unit: string): Progress {
    this.#bar?.done();
    this.#bar = new ProgressBar(this.#screen, { label, total, unit });
    return this.#bar;
  }

  /** One of several, a line each. */
  line(label: string, total: number, unit: string): Progress {
    this.#lines ??= new ProgressLines(this.#screen);
    return this.#lines.line(label, total, unit);
  }

  /** Takes them away, until they are drawn again. */
  clear(): void {
    this.#bar?.clear();
    this.#lines?.clear();
  }
}
