/** `posthorn delete`: messages to the trash, or away for good. */
import type { Command } from 'commander';
import { parseDuration } from '../../config/duration.ts';
import { AbortedError, UsageError } from '../../errors.ts';
import type { Account } from '../../mail/account.ts';
import { inTrash, purgeMessages, selectMessages, trashMessages } from '../../mail/change.ts';
import type { Selection } from '../../mail/selection.ts';
import { tellChange } from '../change-view.ts';
import type { ServerDeletion } from '../../mail/delete-on-server.ts';
import type { StoredMessage } from '../../store/mailbox.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { addQueryOption, type MessageWords, type QueryFlags, readMessages } from '../message-set.ts';

interface DeleteFlags extends QueryFlags {
  purge?: boolean;
  server?: boolean;
  trash?: boolean;
  older?: string;
  yes?: boolean;
}

const EXAMPLES = `
Deleted messages go to the folder Trash, and posthorn undo brings them back. With --purge they are removed for good. The
server keeps its copies unless --server is given, and a fetch does not bring them again.

Examples:
  posthorn delete 3 5-7
  posthorn delete --query 'from:news before:2020'
  posthorn delete --trash --older 30d --purge
  posthorn delete 2 --server
  posthorn delete 8 --purge`;

export function define(command: Command, run: Run): void {
  addQueryOption(command.argument('[messages...]', 'the messages, by number, such as 3 5-7'))
    .option('--purge', 'remove them for good')
    .option('--server', 'delete the copies on the server as well, of what is safe here')
    .option('--trash', 'all messages in the trash, with --purge')
    .option('--older <time>', 'only those that came into the trash at least so long ago, such as 30d')
    .option('--yes', 'do not ask before messages are removed for good')
    .addHelpText('after', EXAMPLES)
    .action(run((context, written: string[], flags: DeleteFlags) => remove(context, written, flags)));
}

async function remove(context: Context, written: readonly string[], flags: DeleteFlags): Promise<number> {
  const select = readSelection(written, flags);
  const account = await context.account();
  const selection = await select(context, account);
  const messages = await selectMessages(account, selection);
  if (flags.purge && !flags.yes && messages.length > 0) await confirm(context, messages.length);
  // The server first: where that fails, nothing has happened here, and the same command can be given again.
  const server = flags.server ? await onServer(context, account, messages) : undefined;
  // What was taken out of the trash while the person was asked stays.
  const meant = flags.trash ? those(messages, selection) : async () => messages;
  const report = await (flags.purge ? purgeMessages : trashMessages)(account, meant);
  const is = report.changed.length === 1 ? ['is', 'was'] : ['are', 'were'];
  const done = flags.purge ? `${is[1]} removed for good` : `${is[0]} now in the trash`;
  tellChange(context.output, report, done, { purged: flags.purge === true, server: server ?? null });
  return server !== undefined && server.kept.length > 0 ? 76 : 0;
}

/** Those of these messages that are selected still. */
function those(messages: readonly StoredMessage[], selection: Selection): Selection {
  const numbers = new Set(messages.map(({ number }) => number));
  return async (lookup) => (await selection(lookup)).filter(({ number }) => numbers.has(number));
}

async function onServer(
  { output, surroundings }: Context,
  account: Account,
  messages: readonly StoredMessage[],
): Promise<ServerDeletion> {
  // Loaded here: what stays on this machine needs no sockets and no TLS.
  const { deleteOnServer } = await import('../../mail/delete-on-server.ts');
  const server = await deleteOnServer(account, surroundings, messages, (text) => output.warn(text));
  const { deleted, absent, kept } = server;
  for (const { number, reason } of kept) output.warn(`message ${number} was left on the server: ${reason}.`);
  const rest = absent.length > 0 ? `; ${absent.length} ${absent.length === 1 ? 'is' : 'are'} not there` : '';
  output.say(`${deleted.length} deleted on the server${rest}.`);
  return server;
}

function readSelection(
  written: readonly string[],
  { trash, older, purge, query }: DeleteFlags,
): MessageWords['select'] {
  if (older !== undefined && !trash)
    throw new UsageError('conflicting-options', '--older is about the trash, and needs --trash.');
  if (!trash) return readMessages(written, { query });
  if (written.length > 0 || query !== undefined)
    throw new UsageError(
      'conflicting-options',
      '--trash is all that is in the trash; no number and no query fits beside it.',
    );
  if (!purge) {
    throw new UsageError('conflicting-options', 'What is in the trash can only be removed for good.', {
      hint: 'Write: posthorn delete --trash --purge',
    });
  }
  const age = older === undefined ? 0 : parseDuration(older, 'd', '--older');
  return async () => inTrash(age);
}

/** Where nobody can be asked, having said --purge is enough. */
async function confirm({ choose }: Context, count: number): Promise<void> {
  if (choose === undefined) return;
  const what = count === 1 ? 'one message' : `${count} messages`;
  if ((await choose(`Remove ${what} for good? [y/n] `, 'yn')) === 'n')
    throw new AbortedError('aborted', 'Stopped; nothing was removed.');
}
