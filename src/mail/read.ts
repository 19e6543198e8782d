/** Opens one message of the local mailbox to be read, whole or a part of it. Nothing is connected. */
import { UsageError } from '../errors.ts';
import { type Message, readMessage } from '../mime/message.ts';
import type { StoredMessage } from '../store/mailbox.ts';
import { type Account, viewMailbox } from './account.ts';

/** A message of the mailbox, its bytes to be had as often as they are wanted. */
export interface OpenMessage {
  readonly stored: StoredMessage;
  chunks(): AsyncGenerator<Uint8Array, void, undefined>;
  /** Marks it as seen, for this program and every other. */
  markSeen(): Promise<void>;
  /** Sets Maildir flags, for this program and every other: `R` for answered, `P` for passed on. */
  mark(flags: string): Promise<void>;
}

/** @throws UsageError `no-such-message`; ConfigError `no-mailbox`; StoreError `mailbox-missing`. */
export async function openMessage(account: Account, number: number): Promise<OpenMessage> {
  const mailbox = await viewMailbox(account);
  const stored = mailbox.byNumber(number);
  if (stored === undefined) {
    throw new UsageError('no-such-message', `There is no message ${number} in the mailbox.`, {
      hint: 'See the numbers with posthorn list.',
    });
  }
  return {
    stored,
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
