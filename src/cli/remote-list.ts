/** The list of what is on the server, for people and for programs. */
import { checkMail, type RemoteListing } from '../mail/check.ts';
import { senderOf } from './address-view.ts';
import type { Context } from './context.ts';
import { summaryJson } from './message-json.ts';
import { formatBytes, formatCount, newestShown, renderList } from './table.ts';

export async function listRemote(context: Context, limit: number): Promise<void> {
  const { output, surroundings } = context;
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
    `${listing.count} on the server, ${formatBytes(listing.octets)}${listing.count > rows.length ? `; ${newestShown(rows.length)}` : ''}.`,
  );
  for (const line of aboutServer(listing.server)) output.detail(line);
}

/** What the server says of itself, for those who asked for more. */
function* aboutServer({ implementation, expiry, loginDelay }: RemoteListing['server']): Generator<string> {
  if (implementation !== undefined) yield `The server calls itself ${implementation}.`;
  if (expiry?.days === 'never') yield 'It never deletes mail by itself.';
  else if (expiry?.days === 0) yield 'It does not keep mail that was fetched.';
  else if (expiry !== undefined) yield `It may delete mail after ${formatCount(expiry.days, 'day')}.`;
  if (loginDelay !== undefined) yield `It asks for ${formatCount(loginDelay.seconds, 'second')} between two logins.`;
}
