/** `posthorn list`: the newest messages of the local mailbox, or, with `--remote`, of the server. */
import type { Command } from 'commander';
import type { RemoteListing } from '../../mail/check.ts';
import { listMail } from '../../mail/list.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { senderOf } from '../address-view.ts';
import { summaryJson } from '../message-json.ts';
import { readCount } from '../options.ts';
import { formatBytes, renderList } from '../table.ts';

const EXAMPLES = `
Messages are listed newest first. N marks the ones that have not been read, or, with --remote, not been fetched.

Examples:
  posthorn list
  posthorn list --remote --limit 10
  posthorn list --json | jq -r '.messages[].subject'`;

export function define(command: Command, run: Run): void {
  command
    .option('--remote', 'look at the server, without downloading messages')
    .option('--limit <count>', 'list at most so many, newest first', readCount, 50)
    .addHelpText('after', EXAMPLES)
    .action(
      run((context, { remote, limit }: { remote?: boolean; limit: number }) =>
        remote ? listRemote(context, limit) : listLocal(context, limit),
      ),
    );
}

async function listLocal(context: Context, limit: number): Promise<void> {
  const { output } = context;
  const { mailbox, count, unread, messages } = await listMail(await context.account(), limit);
  const newestFirst = messages.toReversed();
  if (output.isJson) {
    const rows = newestFirst.map(({ number, size, flags, seen, uidl, sha256, summary }) => {
      return {
        number,
        size,
        flags,
        seen,
        uidl: uidl ?? null,
        sha256: sha256 ?? null,
        ...summaryJson(summary),
        hasAttachments: summary.hasAttachments,
      };
    });
    return output.json({ mailbox, count, unread, messages: rows });
  }
  const rows = newestFirst.map(({ number, size, seen, flags, summary }) => ({
    number,
    size,
    flags: `${seen ? ' ' : 'N'}${flags.includes('F') ? 'F' : ''}${summary.hasAttachments ? '+' : ''}`,
    date: summary.date,
    from: senderOf(summary),
    subject: summary.subject || '(no subject)',
  }));
  for (const line of renderList(rows, output.columns, new Date())) output.data(line);
  output.say(
    `${count} ${count === 1 ? 'message' : 'messages'}, ${unread} unread${count > messages.length ? `; the newest ${messages.length} are shown` : ''}.`,
  );
  output.detail(`The mailbox is ${mailbox}.`);
}

async function listRemote(context: Context, limit: number): Promise<void> {
  const { output, surroundings } = context;
  // Loaded here: the local list needs no sockets and no TLS.
  const { checkMail } = await import('../../mail/check.ts');
  const listing = await checkMail(await context.account(), surroundings, (text) => output.warn(text), limit);
  const newestFirst = listing.messages.toReversed();
  if (output.isJson) {
    const messages = newestFirst.map(({ number, size, uidl, fetched, summary }) => ({
      number,
      size,
      uidl: uidl ?? null,
      fetched: fetched ?? null,
      ...summaryJson(summary),
    }));
    const { implementation = null, expiry, loginDelay } = listing.server;
    const server = { implementation, expireDays: expiry?.days ?? null, loginDelay: loginDelay?.seconds ?? null };
    return output.json({ count: listing.count, octets: listing.octets, server, messages });
  }
  const rows = newestFirst.map(({ number, size, fetched, summary }) => ({
    number,
    size,
    flags: `${fetched ? ' ' : 'N'}${summary?.hasAttachments ? '+' : ''}`,
    date: summary?.date,
    from: senderOf(summary),
    subject: summary === undefined ? '(the server shows no headers)' : summary.subject || '(no subject)',
  }));
  for (const line of renderList(rows, output.columns, new Date())) output.data(line);
  output.say(
    `${listing.count} on the server, ${formatBytes(listing.octets)}${listing.count > rows.length ? `; the newest ${rows.length} are shown` : ''}.`,
  );
  for (const line of aboutServer(listing.server)) output.detail(line);
}

/** What the server says of itself, for those who asked for more. */
function* aboutServer({ implementation, expiry, loginDelay }: RemoteListing['server']): Generator<string> {
  if (implementation !== undefined) yield `The server calls itself ${implementation}.`;
  if (expiry?.days === 'never') yield 'It never deletes mail by itself.';
  else if (expiry?.days === 0) yield 'It does not keep mail that was fetched.';
  else if (expiry !== undefined) yield `It may delete mail after ${expiry.days} days.`;
  if (loginDelay !== undefined) yield `It asks for ${loginDelay.seconds} seconds between two logins.`;
}
