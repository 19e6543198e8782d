/** The messages that a command is about, as they are written: numbers and ranges, and then the command's own words. */
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { Account } from '../mail/account.ts';
import { messagesIn, messagesNumbered, type Selection } from '../mail/selection.ts';
import type { Context } from './context.ts';
import { withReports } from './index-reports.ts';
import { readRange } from './options.ts';

export interface MessageWords {
  /** Finds the messages. */
  select(context: Context, account: Account): Promise<Selection>;
  /** What follows the numbers. */
  readonly words: readonly string[];
}

export interface QueryFlags {
  query?: string | undefined;
}

export function addQueryOption(command: Command): Command {
  return command.option('--query <query>', 'the messages that posthorn list finds so, instead of numbers');
}

/**
 * Numbers and ranges, up to the first word that begins with none; or a query, and then all are words.
 *
 * @throws UsageError `which-message` where there is neither.
 */
export function readMessageSet(written: readonly string[], { query }: QueryFlags = {}): MessageWords {
  if (query !== undefined) return { select: (context, account) => found(context, account, query), words: written };
  const first = written.findIndex((word) => !/^\d/.test(word));
  const count = first === -1 ? written.length : first;
  if (count === 0) {
    throw new UsageError('which-message', 'No message was named.', {
      hint: 'Name messages by their numbers, such as 3 5-7. See them with posthorn list.',
    });
  }
  const ranges = written.slice(0, count).map(readRange);
  return { select: async () => (lookup) => messagesIn(lookup, ranges), words: written.slice(count) };
}

/** The same where no words follow. @throws UsageError `which-message`; `bad-number` for such a word. */
export function readMessages(written: readonly string[], flags: QueryFlags): MessageWords['select'] {
  const { select, words } = readMessageSet(written, flags);
  if (words[0] === undefined) return select;
  throw new UsageError('bad-number', `${JSON.stringify(words[0])} is no message number, nor a range of them.`);
}

async function found(context: Context, account: Account, query: string): Promise<Selection> {
  // Loaded here: numbers need no index.
  const { findMail } = await import('../mail/list.ts');
  const numbers = await withReports(context, (reports) => findMail(account, query, reports));
  return (lookup) => messagesNumbered(lookup, numbers);
}
