/** Opens one message of the local mailbox to be read, whole or a part of it. Nothing is connected. */
import { type Message, readMessage } from '../mime/message.ts';
import { Changes } from '../store/changes.ts';
import type { Folders } from '../store/folders.ts';
import type { StoredMessage } from '../store/mailbox.ts';
import { flagStored, openStored } from '../store/stored-message.ts';
import { type Account, mailboxOf } from './account.ts';
import { type MessageRange, messagesIn, openLookup, type Selection } from './selection.ts';

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
  return openSelected(account, (lookup) => messagesIn(lookup, ranges));
}

/** Opens those that are selected. @throws as `openMessage`, and what the selection throws. */
export async function openSelected(account: Account, selected: Selection): Promise<OpenMessage[]> {
  const lookup = await openLookup(account);
  const { state } = mailboxOf(account);
  return (await selected(lookup)).map((stored) => opened(lookup.folders, stored, state));
}

function opened(folders: Folders, stored: StoredMessage, state: string): OpenMessage {
  const { storedAt } = stored;
  const flag = async (letters: string): Promise<void> => {
    await flagStored(folders, stored, { add: letters });
  };
  return {
    stored,
    tags: async () => [...(await Changes.read(state)).tagsOf(stored.base)],
    received: storedAt === undefined ? undefined : new Date(storedAt),
    async *chunks() {
      const content = await openStored(folders, stored);
      yield* content.chunks();
    },
    markSeen: () => flag('S'),
    mark: flag,
  };
}

/** The message as a reader sees it. */
export function readOpened(message: OpenMessage): Promise<Message> {
  return readMessage(message.chunks());
}
