/** The server's whole listing, of LIST and UIDL, with what is known here of each message. */
import type { SizeRow, UidRow } from '../pop3/grammar.ts';
import type { Mailbox } from '../store/mailbox.ts';
import type { Wanted } from './retrieval.ts';

/** In the order of the listing. */
export function surveyed(mailbox: Mailbox, sizes: readonly SizeRow[], uids: readonly UidRow[]): Wanted[] {
  const listing = uids.map(({ uid }, row) => ({ uidl: uid, size: sizes[row]?.octets ?? 0 }));
  return mailbox.survey(listing).map((message, row) => ({ ...message, at: uids[row]?.number ?? 0 }));
}
