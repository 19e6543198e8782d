/** Opens one message of the local mailbox to be read, whole or a part of it. Nothing is connected. */
import { type Message, readMessage } from '../mime/message.ts';
import { Changes } from '../store/changes.ts';
import type { Mailbox, StoredMessage } from '../store/mailbox.ts';
import { type Account, mailboxOf, viewMailbox } from './account.ts';
import { type MessageRange, messagesIn, type Selection } from './selection.ts';

/** A message of the mailbox, its bytes to be had as often as they are wanted. */
export interface OpenMessage {
  readonly stored: StoredMessage;
  tags(): Promise<readonly string[]>;
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

/** Opens several, in the order asked for and each once. @throws as `openMessage`, for a range with nothing in it as well. */
export function openMessages(account: Account, ranges: readonly MessageRange[]): Promise<OpenMessage[]> {
  return openSelected(account, (mailbox) => messagesIn(mailbox, ranges));
}

/** Opens those that are selected. @throws as `openMessage`, and what the selection throws. */
export async function openSelected(account: Account, selected: Selection): Promise<OpenMessage[]> {
  const mailbox = await viewMailbox(account);
  const { state } = mailboxOf(account);
  return (await selected(mailbox)).map((stored) => opened(mailbox, stored, state));
}

function opened(mailbox: Mailbox, stored: StoredMessage, state: string): OpenMessage {
  const { number } = stored;
  const storedAt = mailbox.storedAt(number);
  return {
    stored,
    tags: async () => [...(await Changes.read(state)).tagsOf(stored.base)],
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
