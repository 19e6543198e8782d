/** `posthorn tag`: words of one's own for messages. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { tagMessages } from '../../mail/change.ts';
import { tellChange } from '../change-view.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { readMessageSet } from '../message-set.ts';
import { collect } from '../options.ts';

const EXAMPLES = `
A tag is one word. Tags are kept beside the mailbox, and stay with a message wherever it is moved. One that begins with
a digit is written with a plus sign in front. posthorn undo takes it back.

Examples:
  posthorn tag 3 5-7 work urgent
  posthorn tag 3 --remove urgent
  posthorn tag 8 done --remove work --remove urgent
  posthorn tag 8 +2026`;

export function define(command: Command, run: Run): void {
  command
    .argument('<messages...>', 'the messages, by number, such as 3 5-7, and then the tags they get')
    .option('--remove <tag>', 'take this tag away; may be given more than once', collect)
    .addHelpText('after', EXAMPLES)
    .action(run((context, written: string[], { remove = [] }: { remove?: string[] }) => tag(context, written, remove)));
}

async function tag(context: Context, written: readonly string[], remove: readonly string[]): Promise<void> {
  const { selected, words } = readMessageSet(written);
  if (words.length + remove.length === 0) {
    throw new UsageError('no-tag', 'No tag was named.', { hint: 'Write for example: posthorn tag 3 work' });
  }
  const add = words.map((word) => word.replace(/^\+/, ''));
  const report = await tagMessages(await context.account(), selected, { add, remove });
  const done = [
    ...(add.length > 0 ? [`tagged ${add.join(', ')}`] : []),
    ...(remove.length > 0 ? [`no longer tagged ${remove.join(', ')}`] : []),
  ];
  tellChange(context.output, report, `${report.changed.length === 1 ? 'is' : 'are'} ${done.join(' and ')}`);
}
