/**
 * Questions on a terminal: a password, which is never shown, and a choice by one key.
 *
 * Why raw mode and not node:readline: nothing typed may be echoed, kept in a history or completed. The terminal's
 * earlier mode is restored however the question ends. What was typed is a pure function of the key strokes, so that
 * it can be tested without a terminal.
 */

import type { Readable } from 'node:stream';
import { ReadStream } from 'node:tty';
import { AbortedError } from '../errors.ts';

/** What is needed of `process.stdin`. */
export interface PromptInput extends Readable {
  readonly isTTY?: boolean;
  readonly isRaw?: boolean;
  setRawMode?(raw: boolean): unknown;
}

export interface PromptStreams {
  readonly stdin: PromptInput;
  /** Where the question is shown: standard output may be a file. */
  readonly stderr: { readonly isTTY?: boolean; readonly fd?: number };
  /** Shows the question there; without one, ends its line. See `Output.ask`. */
  readonly show: (question?: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Stops the program as a terminal does for Ctrl-Z, until a shell makes it go on. */
  readonly suspend?: (() => unknown) | undefined;
}

const LENGTH_LIMIT = 4096;
/** Milliseconds in which the system stops a program; they pass once it goes on, or where it has no shell and is not stopped. */
const STOPPING = 50;

const CTRL_U = '\x15';
const CTRL_Z = '\x1a';

/** Whether somebody can be asked: only the terminal behind standard error is needed, the question is shown there. */
export function canPrompt({ stderr }: Pick<PromptStreams, 'stderr'>): boolean {
  return stderr.isTTY ?? false;
}

/**
 * Shows `question` and returns the line typed in answer. Backspace and Ctrl-U work, Ctrl-Z stops the program; arrow and
 * function keys are ignored.
 *
 * @throws AbortedError `aborted` on Ctrl-C, on Ctrl-D in an empty line, at the end of input, and by the signal.
 */
export function promptPassword(question: string, streams: PromptStreams): Promise<string> {
  let line = '';
  return promptKeys(
    question,
    streams,
    new AbortedError('aborted', 'Stopped at the password prompt.', { phase: 'auth' }),
    (keys) => {
      const typed = typeKeys(line, keys);
      line = typed.line;
      if (typed.end === 'abort') return 'abort';
      return typed.end === 'enter' ? { answer: line } : undefined;
    },
  );
}

/** Shows `question` until one of the keys `choices` is typed, in either case, and returns it. @throws as `promptPassword`. */
export function promptKey(question: string, choices: string, streams: PromptStreams): Promise<string> {
  return promptKeys(
    question,
    streams,
    new AbortedError('aborted', 'Stopped at the question; nothing was done.'),
    (keys) => {
      if (keys.startsWith('\x1b')) return undefined;
      for (const key of keys.toLowerCase()) {
        if (key === '\x03' || key === '\x04') return 'abort';
        if (!choices.includes(key)) continue;
        streams.show(key);
        return { answer: key };
      }
      return undefined;
    },
  );
}

type Take = (keys: string) => { readonly answer: string } | 'abort' | undefined;

/**
 * Where standard input is no terminal (`posthorn send < message`), or was read to its end, the answer is read from the
 * one behind standard error, which is open for reading too.
 */
async function promptKeys(
  question: string,
  streams: PromptStreams,
  stopped: AbortedError,
  take: Take,
): Promise<string> {
  const { stdin, stderr, show } = streams;
  // The platform opens the terminal anew for this stream and never closes descriptors 0 to 2, so closing it is safe.
  // After Ctrl-D nothing more comes from the old one.
  const own = stdin.isTTY && !stdin.readableEnded ? undefined : new ReadStream(stderr.fd ?? 2);
  try {
    return await readKeys(own ?? stdin, question, streams, stopped, take);
  } finally {
    own?.destroy();
    show();
  }
}

async function readKeys(
  input: PromptInput,
  question: string,
  { show, signal, suspend }: PromptStreams,
  stopped: AbortedError,
  take: Take,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const abort = () => reject(stopped);
  const decoder = new TextDecoder();
  let goOn: NodeJS.Timeout | undefined;
  const stop = () => {
    take(CTRL_U);
    input.setRawMode?.(wasRaw);
    show();
    suspend?.();
    goOn = setTimeout(() => {
      input.setRawMode?.(true);
      show(question);
    }, STOPPING);
  };
  const onData = (chunk: Uint8Array | string) => {
    const keys = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (keys.includes(CTRL_Z)) return stop();
    const taken = take(keys);
    if (taken === 'abort') abort();
    else if (taken !== undefined) resolve(taken.answer);
  };
  const wasRaw = input.isRaw ?? false;
  try {
    input.setRawMode?.(true);
    // Asked once nothing is echoed any more: the answer may come at once, pasted or from a program.
    show(question);
    input.on('data', onData).once('end', abort).once('error', abort);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    input.resume();
    return await promise;
  } finally {
    clearTimeout(goOn);
    signal?.removeEventListener('abort', abort);
    input.off('data', onData).off('end', abort).off('error', abort).pause();
    input.setRawMode?.(wasRaw);
  }
}

/** The line after these key strokes, and how it ended if it did. What follows the end is dropped. */
export function typeKeys(line: string, keys: string): { line: string; end?: 'enter' | 'abort' } {
  // A key beyond the letters arrives as one chunk that begins with ESC; its letters are no part of a password.
  if (keys.startsWith('\x1b')) return { line };
  const typed = Array.from(line);
  for (const key of keys) {
    if (key === '\r' || key === '\n') return { line: typed.join(''), end: 'enter' };
    if (key === '\x03' || (key === '\x04' && typed.length === 0)) return { line: '', end: 'abort' };
    if (key === '\x7f' || key === '\b') typed.pop();
    else if (key === CTRL_U) typed.length = 0;
    else if (key >= ' ' && typed.length < LENGTH_LIMIT) typed.push(key);
  }
  return { line: typed.join('') };
}
