/** `posthorn move`: messages into a folder of the mailbox. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { moveMessages } from '../../mail/change.ts';
import { tellChange } from '../change-view.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { addQueryOption, type QueryFlags, readMessageSet } from '../message-set.ts';

const EXAMPLES = `
A folder is made when the first message goes there. Folders are those of Maildir++, which Dovecot and mutt open too. A
message keeps its number wherever it is. posthorn undo takes it back.

Examples:
  posthorn move 3 5-7 Archive
  posthorn move 8 Lists/dev
  posthorn move 3 inbox
  posthorn move --query 'before:2020' Archive/old`;

export function define(command: Command, run: Run): void {
  addQueryOption(command.argument('<messages...>', 'the messages, by number, such as 3 5-7, and then the folder'))
    .addHelpText('after', EXAMPLES)
    .action(run((context, written: string[], flags: QueryFlags) => move(context, written, flags)));
}

async function move(context: Context, written: readonly string[], { query }: QueryFlags): Promise<void> {
  const folder = written.at(-1) ?? '';
  if (query === undefined && written.length === 1 && /^\d/.test(folder))
    throw new UsageError('which-folder', 'No folder was named.', {
      hint: 'Write for example: posthorn move 3 Archive',
    });
  const { select, words } = readMessageSet(written.slice(0, -1), { query });
  if (words.length > 0) {
    throw new UsageError('bad-number', `${JSON.stringify(words[0])} is no message number, nor a range of them.`, {
      hint: 'Write for example 3, or 3-7, and the folder last; quote its name if it has blanks.',
    });
  }
  const account = await context.account();
  const report = await moveMessages(account, await select(context, account), folder);
  const done = `${report.changed.length === 1 ? 'is' : 'are'} now in ${report.folder}`;
  tellChange(context.output, report, done, { folder: report.folder });
}
