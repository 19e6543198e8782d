/** `posthorn tag`: words of one's own for messages. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { tagMessages } from '../../mail/change.ts';
import { tellChange } from '../change-view.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { addQueryOption, type QueryFlags, readMessageSet } from '../message-set.ts';
import { collect } from '../options.ts';

const EXAMPLES = `
A tag is one word. Tags are kept beside the mailbox, and stay with a message wherever it is moved. One that begins with
a digit is written with a plus sign in front. posthorn undo takes it back.

Examples:
  posthorn tag 3 5-7 work urgent
  posthorn tag 3 --remove urgent
  posthorn tag 8 done --remove work --remove urgent
  posthorn tag 8 +2026
  posthorn tag --query 'subject:invoice -tag:paid' unpaid`;

interface TagFlags extends QueryFlags {
  remove?: string[];
}

export function define(command: Command, run: Run): void {
  addQueryOption(
    command.argument('[messages...]', 'the messages, by number, such as 3 5-7, and then the tags they get'),
  )
    .option('--remove <tag>', 'take this tag away; may be given more than once', collect)
    .addHelpText('after', EXAMPLES)
    .action(run((context, written: string[], flags: TagFlags) => tag(context, written, flags)));
}

async function tag(context: Context, written: readonly string[], { remove = [], query }: TagFlags): Promise<void> {
  const { select, words } = readMessageSet(written, { query });
  if (words.length + remove.length === 0) {
    throw new UsageError('no-tag', 'No tag was named.', { hint: 'Write for example: posthorn tag 3 work' });
  }
  const add = words.map((word) => word.replace(/^\+/, ''));
  const account = await context.account();
  const report = await tagMessages(account, await select(context, account), { add, remove });
  const done = [
    ...(add.length > 0 ? [`tagged ${add.join(', ')}`] : []),
    ...(remove.length > 0 ? [`no longer tagged ${remove.join(', ')}`] : []),
  ];
  tellChange(context.output, report, `${report.changed.length === 1 ? 'is' : 'are'} ${done.join(' and ')}`);
}
