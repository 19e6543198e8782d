/**
 * Several bars at once, a line each, drawn over themselves on standard error and gone when the work is done.
 *
 * Why they are drawn together: only the last line of a terminal can be drawn over without knowing where it is, so the
 * lines are one block that is drawn as a whole, from its first line on.
 */
import { type BarState, type Progress, renderBar, type Screen } from './progress.ts';

const INTERVAL = 100;
const CLEAR_LINE = '\r\x1b[K';
const UP = '\x1b[A';

interface Line {
  readonly label: string;
  readonly unit: string;
  total: number;
  done: number;
  readonly start: number;
}

export class ProgressLines {
  readonly #screen: Screen;
  readonly #now: () => number;
  readonly #lines = new Set<Line>();
  #drawnAt = Number.NEGATIVE_INFINITY;
  #visible = 0;

  /** `now` is in milliseconds, on any clock that never goes back. */
  constructor(screen: Screen, now: () => number = () => performance.now()) {
    this.#screen = screen;
    this.#now = now;
  }

  /** Adds a line. `unit` as of a `BarState`. */
  line(label: string, total: number, unit = 'bytes'): Progress {
    const line: Line = { label, total, unit, done: 0, start: this.#now() };
    this.#lines.add(line);
    const update = (done: number) => {
      line.done = done;
      this.#draw();
    };
    return {
      add: (amount) => update(line.done + amount),
      update,
      done: () => {
        this.clear();
        this.#lines.delete(line);
      },
    };
  }

  /** Takes the lines away until the next update. */
  clear(): void {
    if (this.#visible > 0) this.#screen.draw(`${CLEAR_LINE}${`${UP}${CLEAR_LINE}`.repeat(this.#visible - 1)}`);
    this.#visible = 0;
    this.#drawnAt = Number.NEGATIVE_INFINITY;
  }

  #draw(): void {
    const now = this.#now();
    if (now - this.#drawnAt < INTERVAL) return;
    const columns = this.#screen.columns() ?? 80;
    const lines = [...this.#lines].map((line) => renderBar(stateOf(line, now), columns));
    const back = `${CLEAR_LINE}${`${UP}${CLEAR_LINE}`.repeat(Math.max(0, this.#visible - 1))}`;
    this.#screen.draw(back + lines.join('\n'));
    this.#visible = lines.length;
    this.#drawnAt = now;
  }
}

function stateOf({ label, total, unit, done, start }: Line, now: number): BarState {
  return { label, total, done, unit, elapsed: now - start };
}
