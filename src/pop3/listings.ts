/**
 * What the server says of a maildrop as a whole, by STAT, LIST and UIDL (RFC 1939 §5, §7).
 *
 * It decides what is fetched and what is deleted, so it is believed as a whole, or the connection is given up. What this
 * file must never know: messages, and what is done with them.
 */
import type { PosthornError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import { RowCollector } from '../wire/rows.ts';
import type { Conversation } from './conversation.ts';
import {
  checkListing,
  MAX_MESSAGES,
  parseSizeRow,
  parseStat,
  parseUidRow,
  type SizeRow,
  type UidRow,
} from './grammar.ts';

export class Listings {
  readonly #channel: Channel;
  readonly #conversation: Conversation;
  /** Messages by the last STAT, the marked ones included. */
  #count: number | undefined;
  #marked = 0;

  constructor(channel: Channel, conversation: Conversation) {
    this.#channel = channel;
    this.#conversation = conversation;
  }

  /** A message is marked to be deleted: from here on no listing names it. */
  mark(): void {
    this.#marked += 1;
  }

  unmark(): void {
    this.#marked = 0;
  }

  async stat(): Promise<{ count: number; octets: number }> {
    const { text } = await this.#conversation.command('STAT');
    const stat = this.#believe(() => parseStat(text));
    this.#count = stat.count + this.#marked;
    return stat;
  }

  sizes(): Promise<SizeRow[]> {
    return this.#listing('LIST', parseSizeRow);
  }

  uids(): Promise<UidRow[]> {
    return this.#listing('UIDL', parseUidRow);
  }

  async #listing<T extends { number: number }>(verb: 'LIST' | 'UIDL', parse: (row: string) => T): Promise<T[]> {
    const listing = new RowCollector(this.#count ?? MAX_MESSAGES);
    await this.#conversation.command(verb, [], { listing });
    return this.#believe(() => {
      const rows = listing.rows.map(parse);
      checkListing(verb, rows, this.#count, this.#marked);
      return rows;
    });
  }

  #believe<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw this.#channel.fail(error as PosthornError);
    }
  }
}
