/** Which messages are meant: numbers and ranges of them, in whichever folders they are. */
import { UsageError } from '../errors.ts';
import type { Mailbox, StoredMessage } from '../store/mailbox.ts';

/** Picks the messages that are meant out of the mailbox. */
export type Selection = (mailbox: Mailbox) => readonly StoredMessage[] | Promise<readonly StoredMessage[]>;

/** Numbers from one to another, both included; what of them is in the mailbox is meant. */
export interface MessageRange {
  readonly from: number;
  readonly to: number;
}

/** The messages, in the order asked for and each once. @throws UsageError `no-such-message`, for a range with nothing in it as well. */
export function messagesIn(mailbox: Mailbox, ranges: readonly MessageRange[]): StoredMessage[] {
  const chosen = new Map<number, StoredMessage>();
  for (const range of ranges) {
    const found = within(mailbox, range);
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

function within(mailbox: Mailbox, { from, to }: MessageRange): StoredMessage[] {
  if (from !== to) return mailbox.messages().filter(({ number }) => number >= from && number <= to);
  const message = mailbox.byNumber(from);
  return message === undefined ? [] : [message];
}
