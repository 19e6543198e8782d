/**
 * The command that a person wants run when new mail has come: once a fetch, after everything is safe.
 *
 * It is given what to know as variables and as JSON on standard input, and nothing of a message, so that no sender can put
 * words into a command. What becomes of it is its own affair: the fetch has succeeded, whatever it does.
 */
import type { Account } from '../mail/account.ts';
import type { FetchReport } from '../mail/fetch-report.ts';
import { runChild } from './child.ts';
import type { Context } from './context.ts';
import { fetchedJson } from './fetch-view.ts';

/** Milliseconds. */
const TIMEOUT = 60_000;
/** Of a variable; a system refuses to start a program with much more. */
const MOST = 32 * 1024;

/** Runs it, and warns where it fails. */
export async function tellNew(
  { output, surroundings }: Context,
  command: string,
  { name }: Account,
  report: FetchReport,
): Promise<void> {
  const { env, signal } = surroundings;
  const numbers = report.fetched.map(({ number }) => number);
  const end = await runChild(command, {
    env,
    variables: {
      POSTHORN_ACCOUNT: name ?? '',
      POSTHORN_COUNT: String(numbers.length),
      POSTHORN_NUMBERS: joined(ranges(numbers)),
    },
    input: [Buffer.from(`${JSON.stringify(fetchedJson(name, report))}\n`)],
    timeout: TIMEOUT,
    signal,
  });
  if ('code' in end && end.code === 0) return;
  const how = 'failure' in end ? end.failure : `failed with exit code ${end.code}`;
  output.warn(`the command for new mail ${how}${end.complaint === '' ? '.' : `: ${end.complaint}`}`);
}

/** As many as fit. */
function joined(words: readonly string[]): string {
  const text = words.join(' ');
  return text.length <= MOST ? text : text.slice(0, text.lastIndexOf(' ', MOST));
}

/** As commands take them: `3-7 9`. */
export function ranges(numbers: readonly number[]): string[] {
  const found: { from: number; to: number }[] = [];
  for (const number of numbers.toSorted((one, other) => one - other)) {
    const last = found.at(-1);
    if (last !== undefined && number === last.to + 1) last.to = number;
    else found.push({ from: number, to: number });
  }
  return found.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`));
}
