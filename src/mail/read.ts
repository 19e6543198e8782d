/** Opens one message of the local mailbox to be read, whole or a part of it. Nothing is connected. */
import { UsageError } from '../errors.ts';
import { type Message, readMessage } from '../mime/message.ts';
import type { Mailbox, StoredMessage } from '../store/mailbox.ts';
import { type Account, viewMailbox } from './account.ts';

/** A message of the mailbox, its bytes to be had as often as they are wanted. */
export interface OpenMessage {
  readonly stored: StoredMessage;
  /** When it was stored here; undefined where another program delivered it. */
  readonly received: Date | undefined;
  chunks(): AsyncGenerator<Uint8Array, void, undefined>;
  /** Marks it as seen, for this program and every other. */
  markSeen(): Promise<void>;
  /** Sets Maildir flags, for this program and every other: `R` for answered, `P` for passed on. */
  mark(flags: string): Promise<void>;
}

/** @throws UsageError `no-such-message`; ConfigError `no-mailbox`; StoreError `mailbox-missing`. */
export async function openMessage(account: Account, number: number): Promise<OpenMessage> {
  const [message] = await openMessages(account, [{ from: number, to: number }]);
  return message as OpenMessage;
}

/** Numbers from one to another, both included; what of them is in the mailbox is meant. */
export interface MessageRange {
  readonly from: number;
  readonly to: number;
}

/** Opens several, in the order asked for and each once. @throws as `openMessage`, for a range with nothing in it as well. */
export async function openMessages(account: Account, ranges: readonly MessageRange[]): Promise<OpenMessage[]> {
  const mailbox = await viewMailbox(account);
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
  return Array.from(chosen.values(), (stored) => opened(mailbox, stored));
}

function within(mailbox: Mailbox, { from, to }: MessageRange): StoredMessage[] {
  if (from !== to) return mailbox.messages().filter(({ number }) => number >= from && number <= to);
  const message = mailbox.byNumber(from);
  return message === undefined ? [] : [message];
}

function opened(mailbox: Mailbox, stored: StoredMessage): OpenMessage {
  const { number } = stored;
  const storedAt = mailbox.storedAt(number);
  return {
    stored,
    received: storedAt === undefined ? undefined : new Date(storedAt),
    async *chunks() {
      const content = await mailbox.read(number);
      yield* content.chunks();
    },
    async markSeen() {
      await mailbox.markSeen(number);
    },
    async mark(flags) {
      await mailbox.flag(number, { add: flags });
    },
  };
}

/** The message as a reader sees it. */
export function readOpened(message: OpenMessage): Promise<Message> {
  return readMessage(message.chunks());
}
