/**
 * One line that says how far we are, drawn over itself on standard error and gone when the work is done.
 *
 * Why it is drawn at most ten times a second and only on a terminal: a bar must cost nothing, and logs must not be
 * full of it. What a line looks like is a pure function of its state; labels are ours, but are made safe all the same.
 */

import { formatBytes } from './table.ts';
import { cellWidth, safeText, truncate } from './terminal.ts';

export interface BarState {
  readonly label: string;
  readonly done: number;
  /** Unknown where the other side does not say. */
  readonly total?: number | undefined;
  /** `bytes`, or what is counted in the plural: `messages`. */
  readonly unit: string;
  /** Milliseconds since the start. */
  readonly elapsed: number;
}

/** What the work tells about itself. */
export interface Progress {
  /** So much more is done. */
  add(amount: number): void;
  /** So much is done altogether. */
  update(done: number): void;
  /** The end, however it came about: the line disappears. Calling it again does nothing. */
  done(): void;
}

export interface Screen {
  draw(text: string): void;
  /** Undefined where it does not say. */
  columns(): number | undefined;
}

const INTERVAL = 100;
const CLEAR_LINE = '\r\x1b[K';

/** A bar that its owner can take off the screen before it writes something else there. */
export class ProgressBar implements Progress {
  readonly #screen: Screen;
  readonly #now: () => number;
  readonly #start: number;
  readonly #fixed: Pick<BarState, 'label' | 'total' | 'unit'>;
  #done = 0;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #visible = false;
  #ended = false;

  /** `now` is in milliseconds, on any clock that never goes back. */
  constructor(
    screen: Screen,
    fixed: Pick<BarState, 'label' | 'total' | 'unit'>,
    now: () => number = () => performance.now(),
  ) {
    this.#screen = screen;
    this.#fixed = fixed;
    this.#now = now;
    this.#start = now();
  }

  add(amount: number): void {
    this.update(this.#done + amount);
  }

  update(done: number): void {
    this.#done = done;
    const now = this.#now();
    if (this.#ended || now - this.#drawnAt < INTERVAL) return;
    this.#drawnAt = now;
    this.#visible = true;
    const state = { ...this.#fixed, done, elapsed: now - this.#start };
    this.#screen.draw(CLEAR_LINE + renderBar(state, this.#screen.columns() ?? 80));
  }

  done(): void {
    this.#ended = true;
    this.clear();
  }

  /** Takes the line away until the next update. */
  clear(): void {
    if (this.#visible) this.#screen.draw(CLEAR_LINE);
    this.#visible = false;
  }
}

/** What a terminal writes behind the cursor for Ctrl-C. */
const ECHO = '^C';

/**
 * The line for `state`, narrower than `columns`, because a full line would make some terminals wrap, and by so much that the
 * echo of a Ctrl-C does not: what has wrapped cannot be cleared.
 */
export function renderBar(state: BarState, columns: number): string {
  const { done, total, unit, elapsed } = state;
  const label = safeText(state.label);
  const rate = elapsed > 0 ? (done * 1000) / elapsed : 0;
  const bytes = unit === 'bytes';
  const amount = bytes ? formatBytes(done) : total === undefined ? `${done} ${unit}` : `${done} of ${total} ${unit}`;
  const facts = [amount];
  if (total !== undefined && total > 0 && bytes) facts[0] = `${amount} of ${formatBytes(total)}`;
  if (bytes && elapsed >= 1000) facts.push(`${formatBytes(rate)}/s`);
  const left = total === undefined || rate === 0 ? undefined : Math.ceil(Math.max(0, total - done) / rate);
  if (left !== undefined && elapsed >= 1000) facts.push(`${formatSeconds(left)} left`);
  const text = `${label}  ${facts.join('  ')}`;
  const most = Math.max(0, columns - 1 - ECHO.length);
  const room = most - cellWidth(text) - '  [] 100%'.length;
  if (total === undefined || total <= 0 || room < 5) return truncate(text, most);
  const share = Math.min(1, done / total);
  const width = Math.min(room, 30);
  const filled = Math.floor(share * width);
  return `${label}  [${'='.repeat(filled)}${' '.repeat(width - filled)}] ${String(Math.floor(share * 100)).padStart(3)}%  ${facts.join('  ')}`;
}

function formatSeconds(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return minutes < 6000 ? `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}` : 'days';
}
