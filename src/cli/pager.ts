/**
 * Long output on a terminal, through the program PAGER names.
 *
 * Why the pager is a reader like any other: it may be closed before the end, or die, and nothing has gone wrong. It is
 * started without a shell and without our secrets, gets safe text, and LESSSECURE keeps `less` from starting anything
 * itself. While it runs Ctrl-C is its business: leaving first would leave two readers at one keyboard.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { withoutSecrets } from '../config/secrets.ts';
import { splitWords, whyNotStarted } from './command-line.ts';
import type { Context } from './context.ts';
import { cellWidth } from './terminal.ts';

const STYLING = /\x1b\[\d{1,3}m/g;

/**
 * Shows safe text, which may be styled: through the pager where standard output is a terminal that it does not fit on, and
 * as it is everywhere else.
 *
 * @param wanted false for `--no-pager`.
 * @returns whether a pager showed it.
 */
export async function page({ output, surroundings }: Context, text: string, wanted = true): Promise<boolean> {
  const [program, ...args] = wanted && output.isTerminal ? pagerOf(surroundings.env) : [];
  const ended = output.guarded(`${text}\n`);
  if (program !== undefined && !fits(text, output.columns, output.rows)) {
    const failure = await runPager(program, args, ended, surroundings);
    if (failure === undefined) return true;
    output.warn(`the pager ${program} could not be started: ${failure}.`);
  }
  await output.write(ended);
  return false;
}

/** The words of the pager's command; none where no pager is wanted. */
function pagerOf(env: Readonly<Record<string, string | undefined>>): string[] {
  if (!env['TERM'] || env['TERM'] === 'dumb') return [];
  const words = splitWords(env['PAGER'] ?? 'less');
  return words[0] === 'cat' ? [] : words;
}

/** Whether all of it is on one screen, with a line left for the prompt that follows. */
function fits(text: string, columns: number, rows: number): boolean {
  let left = rows - 1;
  for (let start = 0; start <= text.length && left >= 0; ) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? text.length : end).replace(STYLING, '');
    left -= Math.max(1, Math.ceil(cellWidth(line) / columns));
    start = end < 0 ? text.length + 1 : end + 1;
  }
  return left >= 0;
}

/** @returns why it could not be started; undefined when it was, however it ended. */
async function runPager(
  program: string,
  args: readonly string[],
  text: string,
  { env, signal }: Context['surroundings'],
): Promise<string | undefined> {
  const pager = spawn(program, args, {
    stdio: ['pipe', 'inherit', 'inherit'],
    // Colours, unless the person has settings of their own; nothing else is allowed to be run, saved or opened.
    env: { LESS: '-R', LV: '-c', LESSCHARSET: 'utf-8', ...withoutSecrets(env), LESSSECURE: '1' },
  });
  const stop = () => void (signal?.reason === 'SIGINT' || pager.kill());
  const ignore = () => undefined;
  signal?.addEventListener('abort', stop);
  process.on('SIGINT', ignore);
  // Whoever closes it early has seen enough.
  pager.stdin.on('error', ignore);
  pager.stdin.end(text);
  try {
    await once(pager, 'close');
    return undefined;
  } catch (error) {
    return whyNotStarted(error);
  } finally {
    signal?.removeEventListener('abort', stop);
    process.off('SIGINT', ignore);
  }
}
