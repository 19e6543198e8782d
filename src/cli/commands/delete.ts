/** `posthorn delete`: messages to the trash, or away for good. */
import type { Command } from 'commander';
import { parseDuration } from '../../config/duration.ts';
import { AbortedError, UsageError } from '../../errors.ts';
import type { Account } from '../../mail/account.ts';
import { inTrash, purgeMessages, type Selection, selectMessages, trashMessages } from '../../mail/change.ts';
import { tellChange } from '../change-view.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { readMessageSet } from '../message-set.ts';

interface DeleteFlags {
  purge?: boolean;
  trash?: boolean;
  older?: string;
  yes?: boolean;
}

const EXAMPLES = `
Deleted messages go to the folder Trash, and posthorn undo brings them back. With --purge they are removed for good. The
server keeps its copies, and a fetch does not bring them again.

Examples:
  posthorn delete 3 5-7
  posthorn delete --trash --older 30d --purge
  posthorn delete 8 --purge`;

export function define(command: Command, run: Run): void {
  command
    .argument('[messages...]', 'the messages, by number, such as 3 5-7')
    .option('--purge', 'remove them for good')
    .option('--trash', 'all messages in the trash, with --purge')
    .option('--older <time>', 'only those that came into the trash at least so long ago, such as 30d')
    .option('--yes', 'do not ask before messages are removed for good')
    .addHelpText('after', EXAMPLES)
    .action(run((context, written: string[], flags: DeleteFlags) => remove(context, written, flags)));
}

async function remove(context: Context, written: readonly string[], flags: DeleteFlags): Promise<void> {
  const selected = select(written, flags);
  const account = await context.account();
  if (flags.purge) return purge(context, account, selected, flags);
  const report = await trashMessages(account, selected);
  const done = report.changed.length === 1 ? 'is now in the trash' : 'are now in the trash';
  tellChange(context.output, report, done, { purged: false });
}

function select(written: readonly string[], { trash, older, purge }: DeleteFlags): Selection {
  if (older !== undefined && !trash)
    throw new UsageError('conflicting-options', '--older is about the trash, and needs --trash.');
  if (!trash) {
    const { selected, words } = readMessageSet(written);
    const [word] = words;
    if (word === undefined) return selected;
    throw new UsageError('bad-number', `${JSON.stringify(word)} is no message number, nor a range of them.`);
  }
  if (written.length > 0)
    throw new UsageError('conflicting-options', '--trash is all that is in the trash; no number fits beside it.');
  if (!purge) {
    throw new UsageError('conflicting-options', 'What is in the trash can only be removed for good.', {
      hint: 'Write: posthorn delete --trash --purge',
    });
  }
  return inTrash(older === undefined ? 0 : parseDuration(older, 'd', '--older'));
}

async function purge(context: Context, account: Account, selected: Selection, { yes }: DeleteFlags): Promise<void> {
  const messages = await selectMessages(account, selected);
  if (!yes && messages.length > 0) await confirm(context, messages.length);
  const report = await purgeMessages(account, () => messages);
  const done = report.changed.length === 1 ? 'was removed for good' : 'were removed for good';
  tellChange(context.output, report, done, { purged: true });
}

/** Where nobody can be asked, having said --purge is enough. */
async function confirm({ choose }: Context, count: number): Promise<void> {
  if (choose === undefined) return;
  const what = count === 1 ? 'one message' : `${count} messages`;
  if ((await choose(`Remove ${what} for good? [y/n] `, 'yn')) === 'n')
    throw new AbortedError('aborted', 'Stopped; nothing was removed.');
}
