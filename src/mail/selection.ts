/** Which messages are meant: numbers and ranges of them, in whichever folders they are. */
import { UsageError } from '../errors.ts';
import { Lookup, type NumberRange } from '../store/lookup.ts';
import type { StoredMessage } from '../store/mailbox.ts';
import { type Account, localMailbox } from './account.ts';

/** Picks the messages that are meant out of the mailbox. */
export type Selection = (lookup: Lookup) => Promise<readonly StoredMessage[]>;

/** Numbers from one to another; what of them is in the mailbox is meant. */
export type MessageRange = NumberRange;

/** Opens the mailbox of an account to look messages up. @throws as `localMailbox`; StoreError as `Lookup.open`. */
export async function openLookup(account: Account): Promise<Lookup> {
  return Lookup.open(await localMailbox(account));
}

/** The messages, in the order asked for and each once. @throws UsageError `no-such-message`, for a range with nothing in it as well. */
export async function messagesIn(lookup: Lookup, ranges: readonly MessageRange[]): Promise<StoredMessage[]> {
  const chosen = new Map<number, StoredMessage>();
  const here = await lookup.within(ranges);
  const missing = ranges.filter((_, at) => here[at]?.length === 0);
  const moved = missing.length === 0 ? [] : await lookup.withinMoved(missing);
  for (const [at, range] of ranges.entries()) {
    const found = [...(here[at] ?? []), ...(moved[missing.indexOf(range)] ?? [])];
    if (found.length === 0) {
      const { from, to } = range;
      const what = from === to ? `no message ${from}` : `none of the messages ${from}-${to}`;
      throw new UsageError('no-such-message', `There is ${what} in the mailbox.`, {
        hint: 'See the numbers with posthorn list.',
      });
    }
    for (const message of found) chosen.set(message.number, message);
  }
  return [...chosen.values()];
}

/** Those of these messages that are here, in this order. */
export async function messagesNumbered(lookup: Lookup, numbers: readonly number[]): Promise<StoredMessage[]> {
  return (await lookup.within(numbers.map((number) => ({ from: number, to: number })))).flat();
}
