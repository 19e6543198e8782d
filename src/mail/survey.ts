/** The server's whole listing, of LIST and UIDL, with what is known here of each message. */
import { createHash } from 'node:crypto';
import { isUnsupported, type Pop3Client } from '../pop3/client.ts';
import type { SizeRow, UidRow } from '../pop3/grammar.ts';
import type { Mailbox } from '../store/mailbox.ts';
import type { Wanted } from './retrieval.ts';

/** All messages that a server has; without `uids` where it has none. */
export interface Listing {
  readonly sizes: readonly SizeRow[];
  readonly uids: readonly UidRow[] | undefined;
}

/** Asks for it in one flight. @throws whatever a session throws; a listing that is malformed is refused as a whole. */
export async function listingOf(client: Pop3Client): Promise<Listing> {
  const [, sizes, uids] = await Promise.all([client.stat(), client.list(), uidsOf(client)]);
  return { sizes, uids };
}

/** A text that differs for every other listing; undefined where a message cannot be told from another one. */
export function digestOf({ sizes, uids }: Listing): string | undefined {
  if (uids === undefined) return undefined;
  const rows = uids.map(({ number, uid }, row) => `${number} ${sizes[row]?.octets} ${uid}\n`);
  return createHash('sha256').update(rows.join('')).digest('hex');
}

/** In the order of the listing. */
export function surveyed(mailbox: Mailbox, sizes: readonly SizeRow[], uids: readonly UidRow[]): Wanted[] {
  const listing = uids.map(({ uid }, row) => ({ uidl: uid, size: sizes[row]?.octets ?? 0 }));
  return mailbox.survey(listing).map((message, row) => ({ ...message, at: uids[row]?.number ?? 0 }));
}

/** Undefined where the server has no UIDL; one that announces it and refuses it is asked again another time. */
async function uidsOf(client: Pop3Client): Promise<UidRow[] | undefined> {
  try {
    return await client.uidl();
  } catch (error) {
    if (isUnsupported(error) && !client.capabilities.has('UIDL')) return undefined;
    throw error;
  }
}
