/** `posthorn flag`: marks messages as seen, flagged, answered, for this program and every other. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { flagMessages } from '../../mail/change.ts';
import { flagChange, flagWords } from '../../mail/flag-words.ts';
import { tellChange } from '../change-view.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { addQueryOption, type QueryFlags, readMessageSet } from '../message-set.ts';

const EXAMPLES = `
The flags are seen, flagged, answered, passed (on to somebody), draft and trashed; with un in front they are taken away.
They are in the names of the files, where mutt, notmuch and Dovecot see them. posthorn undo takes it back.

Examples:
  posthorn flag 3 flagged
  posthorn flag 3 5-7 seen
  posthorn flag 4 unseen flagged
  posthorn flag --query 'from:zoe since:7d' flagged`;

export function define(command: Command, run: Run): void {
  addQueryOption(command.argument('<messages...>', 'the messages, by number, such as 3 5-7, and then the flags'))
    .addHelpText('after', EXAMPLES)
    .action(run((context, written: string[], flags: QueryFlags) => flag(context, written, flags)));
}

async function flag(context: Context, written: readonly string[], { query }: QueryFlags): Promise<void> {
  const { select, words } = readMessageSet(written, { query });
  if (words.length === 0) {
    throw new UsageError('no-flag', 'No flag was named.', { hint: 'Write for example: posthorn flag 3 flagged' });
  }
  const flags = flagChange(words);
  const account = await context.account();
  const report = await flagMessages(account, await select(context, account), flags);
  const now = [...flagWords(flags.add), ...flagWords(flags.remove).map((word) => `un${word}`)];
  tellChange(context.output, report, `${report.changed.length === 1 ? 'is' : 'are'} now ${now.join(' and ')}`);
}
