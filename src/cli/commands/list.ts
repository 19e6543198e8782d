/** `posthorn list`: the newest messages of the local mailbox, or those that a query selects; with `--remote`, of the server. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { type LocalFlags, listLocal } from '../local-list.ts';
import { readCount, readNumber, readPositive } from '../options.ts';

const HELP = `
Messages are listed newest first. N marks the ones that have not been read, or, with
--remote, not been fetched; F is flagged, R answered, + has attachments. Without a query the
inbox is listed; a query looks in all folders but the trash.

A query is words, and any of these; all of it must hold:
  from: to: cc: subject: body: file:     words in one place; file: is the name of an attachment
  is:unread is:read is:flagged is:replied is:forwarded is:draft has:attachment
  larger:5M smaller:10k  since:2026-01-31 since:7d since:today  before:2026-02
  tag:NAME folder:NAME id:NUMBER id:MESSAGE-ID
Words in "quotes" stand in this order; word* begins a word; or, not, -word and ( ) work as you
think. Upper and lower case and accents do not matter. What the shell would take is to be quoted.

Examples:
  posthorn list
  posthorn list from:zoe is:unread since:7d
  posthorn list '(invoice or rechnung*) -from:shop'
  posthorn list --limit 20 --page 2
  posthorn list --threads subject:budget
  posthorn list --remote --limit 10
  posthorn list --json | jq -r '.messages[].subject'`;

export function define(command: Command, run: Run): void {
  command
    .argument('[query...]', 'what to look for')
    .option('--remote', 'look at the server, without downloading messages')
    .option('--limit <count>', 'list at most so many, newest first', readCount, 50)
    .option('--page <number>', 'list the second so many, or the third', readPositive)
    .option('--before <number>', 'list only what is older than this message', readNumber)
    .option('--folder <name>', 'list this folder only')
    .option('--threads', 'list threads: all messages that belong together, answers below what they answer')
    .addHelpText('after', HELP)
    .action(run((context, query: string[], flags: Flags) => list(context, query.join(' '), flags)));
}

interface Flags extends LocalFlags {
  remote?: boolean;
}

async function list(context: Context, query: string, { remote, ...flags }: Flags): Promise<void> {
  if (!remote) return listLocal(context, query, flags);
  const { limit, page, before, folder, threads } = flags;
  if (query !== '' || [page, before, folder, threads].some((flag) => flag !== undefined))
    throw new UsageError('conflicting-options', 'With --remote nothing can be searched for, and only --limit counts.', {
      hint: 'Fetch the mail first, then search it here.',
    });
  // Loaded here: the local list needs no sockets and no TLS.
  const { listRemote } = await import('../remote-list.ts');
  return listRemote(context, limit);
}
