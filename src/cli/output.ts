/**
 * Everything the program says: data on standard output, talk on standard error, for people or as JSON.
 *
 * Why one class: what a script parses must never be mixed with what a person reads. With `json` set, standard error
 * holds one JSON object for an error, one for each warning and traced line, and nothing else. Talk is made safe here;
 * data is text the caller has made safe already, value by value, and may have styled: here nothing passes but text and
 * those styles. Raw bytes are made safe when they would reach a terminal. A stack trace is never shown. Nothing else in
 * the program writes to its streams (test/layers.test.ts). What this file must never know: the process; it is given its
 * streams.
 */

import { PosthornError, StoreError } from '../errors.ts';
import { storeFault } from '../store/fault.ts';
import { Bars } from './bars.ts';
import type { Progress } from './progress.ts';
import { safeJson, safeStyledText, safeText } from './terminal.ts';

/** What is needed of `process.stdout` and `process.stderr`. */
export interface OutputStream {
  write(chunk: string | Uint8Array, done?: () => void): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
  once(event: 'drain' | 'close' | 'error', listener: () => void): unknown;
  off(event: 'drain' | 'close' | 'error', listener: () => void): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface OutputOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** Whether colours are wanted (see `colorWanted`); a stream that is no terminal gets none in any case. */
  readonly color?: boolean;
  /** The terminal cannot draw over what is there, as it says itself (TERM=dumb). */
  readonly dumb?: boolean;
  /** Called once when standard output can no longer be written to: `stdout-closed`, or `stdout-failed`. */
  readonly onStdoutError?: (error: StoreError) => void;
}

const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

/** Each makes safe text stand out, or returns it as it is where styling is off. */
export type Style = { readonly [name in keyof typeof STYLES]: (text: string) => string };

/** Whether the environment and `--no-color` allow colours: https://no-color.org, and terminals that are none. */
export function colorWanted(env: Readonly<Record<string, string | undefined>>, noColor = false): boolean {
  return !noColor && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

/** Images by kitty's protocol (piece by piece), iTerm2's, and as sixels. */
const IMAGE =
  /^(?:\x1b_G[a-zA-Z0-9=,]{1,99};[A-Za-z0-9+/=]*\x1b\\|\x1b\]1337;File=inline=1;size=\d+;width=\d+:[A-Za-z0-9+/=]+\x07|\x1bP0;1q[!-~]*\x1b\\)$/;

const SILENT: Progress = { add() {}, update() {}, done() {} };

export class Output {
  readonly #options: OutputOptions;
  readonly #styled: boolean;
  /** For data. */
  readonly style: Style;
  /** For talk; see `say`. */
  readonly #talkStyle: Style;
  readonly #decoder = new TextDecoder();
  #heldBack = '';
  readonly #bars: Bars;
  #stdoutError: StoreError | undefined;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.#styled = isStyled(options.stdout, options.color);
    this.style = styleFor(this.#styled);
    this.#talkStyle = styleFor(isStyled(options.stderr, options.color));
    const { stderr } = options;
    this.#bars = new Bars({ draw: (text) => void stderr.write(text), columns: () => stderr.columns });
    options.stdout.on('error', (error) => this.#stdoutFailed(error));
    // Nobody is left to be told, and the work itself can go on.
    options.stderr.on('error', () => {});
  }

  /** Why standard output takes no more, once it does not: `stdout-closed` or `stdout-failed`. */
  get failure(): StoreError | undefined {
    return this.#stdoutError;
  }

  /** Whether data is wanted as JSON. */
  get isJson(): boolean {
    return this.#options.json ?? false;
  }

  /** The width of the terminal data goes to; Infinity where it goes elsewhere. */
  get columns(): number {
    const { isTTY, columns } = this.#options.stdout;
    return isTTY ? (columns ?? 80) : Number.POSITIVE_INFINITY;
  }

  /** The lines of the terminal data goes to; Infinity where it goes elsewhere. */
  get rows(): number {
    const { isTTY, rows } = this.#options.stdout;
    return isTTY ? (rows ?? 24) : Number.POSITIVE_INFINITY;
  }

  /** Whether data goes to a terminal. */
  get isTerminal(): boolean {
    return this.#options.stdout.isTTY ?? false;
  }

  /** Safe text on standard output; ends with a line break. */
  data(text: string): void {
    const safe = this.#safeData(text);
    this.#put(safe.endsWith('\n') ? safe : `${safe}\n`);
  }

  /** One value as one line of JSON on standard output. */
  json(value: unknown): void {
    this.#put(`${safeJson(value)}\n`);
  }

  /**
   * A piece of something big on standard output, waiting while the reader is slow: safe text, or untrusted bytes,
   * which reach a pipe or file exactly as they are and a terminal as safe text.
   *
   * @throws StoreError `stdout-closed`, `stdout-failed`.
   */
  async write(chunk: Uint8Array | string): Promise<void> {
    const { stdout } = this.#options;
    const safe = typeof chunk === 'string' ? this.#safeData(chunk) : stdout.isTTY ? this.#safeBytes(chunk) : chunk;
    if (!this.#put(safe) && !this.#stdoutError) await drained(stdout);
    if (this.#stdoutError) throw this.#stdoutError;
  }

  /**
   * An image, as one of the control sequences that images.ts makes; it holds base64 or numbers alone, or is made safe like
   * everything else.
   *
   * @throws as `write`.
   */
  async image(sequence: string): Promise<void> {
    if (!IMAGE.test(sequence)) return this.write(sequence);
    if (!this.#put(sequence) && !this.#stdoutError) await drained(this.#options.stdout);
    if (this.#stdoutError) throw this.#stdoutError;
  }

  /** One line of talk, unless quiet: any text, it is made safe. What looks like a second line would pass for one of ours. */
  say(text: string): void {
    if (!this.#options.quiet && !this.isJson) this.#talk(safeText(text));
  }

  /** Talk for those who asked for more of it. */
  detail(text: string): void {
    if (this.#options.verbose) this.say(text);
  }

  /** A line of the conversation with a server, its secrets already masked; it was asked for, so quiet does not stop it. */
  trace(line: string): void {
    if (this.isJson) this.#talk(safeJson({ trace: line }));
    else this.#talk(this.#talkStyle.dim(safeText(line)));
  }

  /** What a person must know although the work goes on; also said when quiet. */
  warn(text: string): void {
    if (this.isJson) this.#talk(safeJson({ warning: { message: text } }));
    else this.#talk(`${this.#talkStyle.yellow('posthorn: warning:')} ${safeText(text)}`);
  }

  /**
   * The error that ends the command, or its work for one of several accounts; then `about` is its name, and `next` what
   * comes of it. A closed output is no news to whoever closed it, so it is passed over.
   */
  error(error: unknown, about?: string, next?: string): void {
    const { transcript, ...told } = describe(error);
    const { code, hint } = told;
    if (code === 'stdout-closed') return;
    const ended = next === undefined ? told.message : `${told.message.replace(/[^.!?]$/, '$&.')} ${next}`;
    const message = about === undefined ? ended : `${about}: ${ended}`;
    if (this.isJson) return this.#talk(safeJson({ error: { ...told, message } }));
    const lines = [`${this.#talkStyle.red('posthorn:')} ${safeText(message)}`];
    if (hint !== null) lines.push(`  ${safeText(hint)}`);
    if (this.#options.verbose) lines.push(...transcript.map((line) => this.#talkStyle.dim(`  ${safeText(line)}`)));
    this.#talk(lines.join('\n'));
  }

  /** A question on standard error, where the answer is to stand behind it; or, without one, the end of that line. */
  ask(question?: string): void {
    this.#bars.clear();
    this.#options.stderr.write(question === undefined ? '\n' : safeText(question));
  }

  /** Resolves when all data that was written has left, or failed to: a reader who went away is known only then. */
  flushed(): Promise<void> {
    return new Promise((resolve) => void this.#options.stdout.write('', () => setImmediate(resolve)));
  }

  /** A bar on standard error where a person watches, and one that does nothing where nobody does. */
  progress(label: string, total?: number, unit = 'bytes'): Progress {
    return this.#isWatched ? this.#bars.one(label, total, unit) : SILENT;
  }

  /** One of several bars, a line each. */
  progressLine(label: string, total: number, unit = 'bytes'): Progress {
    return this.#isWatched ? this.#bars.line(label, total, unit) : SILENT;
  }

  /** Whether a person looks at a terminal that can draw over what is there. */
  get #isWatched(): boolean {
    const { stderr, quiet, dumb } = this.#options;
    return Boolean(stderr.isTTY && !quiet && !dumb && !this.isJson);
  }

  #talk(text: string): void {
    this.#bars.clear();
    this.#options.stderr.write(`${text}\n`);
  }

  #put(chunk: string | Uint8Array): boolean {
    if (this.#stdoutError) return false;
    if (this.#options.stdout.isTTY) this.#bars.clear();
    return this.#options.stdout.write(chunk);
  }

  /** Text as it would go to standard output, for a program that shows it in our place. */
  guarded(text: string): string {
    return this.#safeData(text);
  }

  #safeData(text: string): string {
    return this.#styled ? safeStyledText(text) : safeText(text, { multiline: true });
  }

  #safeBytes(bytes: Uint8Array): string {
    const text = this.#heldBack + this.#decoder.decode(bytes, { stream: true });
    // A CR at the very end may be the first half of a line break.
    this.#heldBack = text.endsWith('\r') ? '\r' : '';
    return safeText(this.#heldBack ? text.slice(0, -1) : text, { multiline: true });
  }

  #stdoutFailed(cause: Error): void {
    if (this.#stdoutError) return;
    const code = 'code' in cause ? String(cause.code) : cause.name;
    this.#stdoutError =
      code === 'EPIPE'
        ? new StoreError('stdout-closed', 'The output was closed before everything was written.', { cause })
        : new StoreError('stdout-failed', storeFault(cause, 'write the output').message, { cause });
    this.#options.onStdoutError?.(this.#stdoutError);
  }
}

/** What a script is told about an error. */
export type ToldError = Omit<ReturnType<typeof describe>, 'transcript'>;

export function toldOf(error: unknown): ToldError {
  const { transcript: _, ...told } = describe(error);
  return told;
}

/** What a person or a script is told about an error. What was not thrown on purpose is a fault of our own. */
function describe(error: unknown) {
  if (error instanceof PosthornError) {
    const { code, phase = null, message, hint = null, temporary: retryable, retryAfter = null, transcript } = error;
    return { code, phase, message, hint, retryable, retryAfter, transcript };
  }
  const said = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!.slice(0, 500);
  const message = `a fault of Posthorn's own: ${said || 'no reason was given'}`;
  const hint = 'Please report it, with the command you used.';
  return { code: 'internal', phase: null, message, hint, retryable: false, retryAfter: null, transcript: [] };
}

function isStyled({ isTTY = false }: OutputStream, color = true): boolean {
  return color && isTTY;
}

function styleFor(enabled: boolean): Style {
  const names = Object.keys(STYLES) as (keyof typeof STYLES)[];
  return Object.fromEntries(
    names.map((name) => {
      const [on, off] = STYLES[name];
      return [name, enabled ? (text: string) => `\x1b[${on}m${text}\x1b[${off}m` : (text: string) => text];
    }),
  ) as Style;
}

/** Resolves when the stream takes more, or never will. */
function drained(stream: OutputStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const events = ['drain', 'close', 'error'] as const;
  for (const event of events) stream.once(event, resolve);
  return promise.finally(() => {
    for (const event of events) stream.off(event, resolve);
  });
}
