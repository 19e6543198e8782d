/**
 * Deletes the server's copies of messages that are here: only what is durable here as a whole, and whose unique id never
 * stood for another message. What happened is told message by message.
 */
import { UsageError } from '../errors.ts';
import { isUnsupported, type Pop3Client } from '../pop3/client.ts';
import { Mailbox, type StoredMessage } from '../store/mailbox.ts';
import { type Account, mailboxOf, type Surroundings } from './account.ts';
import { eraseAndQuit } from './erase.ts';
import type { Wanted } from './retrieval.ts';
import { pop3Server, type Say, withPop3 } from './session.ts';
import { surveyed } from './survey.ts';

/** What became of the server's copies, in numbers of the messages here. */
export interface ServerDeletion {
  readonly deleted: readonly number[];
  /** Those that the server does not have, or no more. */
  readonly absent: readonly number[];
  /** Those that were left there, and why. */
  readonly kept: readonly { readonly number: number; readonly reason: string }[];
}

const AMBIGUOUS = 'its unique id on the server stands for more than one message';
const NOT_WHOLE = 'it is not safe here as a whole';
const REFUSED = 'the server refused';

/**
 * Connects, and deletes what can be deleted.
 *
 * @throws UsageError `no-unique-ids` where the server cannot say which message is which; whatever a session throws: then
 *   nothing is known to be deleted.
 */
export async function deleteOnServer(
  account: Account,
  surroundings: Surroundings,
  messages: readonly StoredMessage[],
  say: Say,
): Promise<ServerDeletion> {
  pop3Server(account);
  const mailbox = await Mailbox.open(mailboxOf(account));
  try {
    return await withPop3(account, surroundings, say, (client) => erase(mailbox, client, messages, say));
  } finally {
    await mailbox.close();
  }
}

async function erase(
  mailbox: Mailbox,
  client: Pop3Client,
  messages: readonly StoredMessage[],
  say: Say,
): Promise<ServerDeletion> {
  const wanted = new Set(messages.map(({ number }) => number));
  const listed = (await survey(mailbox, client)).filter((entry) => wanted.has(entry.number ?? 0));
  const kept: { number: number; reason: string }[] = [];
  const erasable: { at: number; number: number; name: string }[] = [];
  for (const entry of listed) {
    const { at, number = 0, uidl, ambiguous } = entry;
    if (mailbox.deletable(entry)) erasable.push({ at, number, name: uidl });
    else kept.push({ number, reason: ambiguous ? AMBIGUOUS : NOT_WHOLE });
  }
  await eraseAndQuit(client, mailbox, erasable, say);
  // What is gone there is recorded as that, and not deletable any more.
  const isGone = (number: number) => !mailbox.deletable({ number, ambiguous: false });
  const deleted = erasable.map(({ number }) => number).filter(isGone);
  for (const { number } of erasable) if (!isGone(number)) kept.push({ number, reason: REFUSED });
  const there = new Set(listed.map(({ number }) => number));
  return { deleted, absent: [...wanted].filter((number) => !there.has(number)), kept };
}

async function survey(mailbox: Mailbox, client: Pop3Client): Promise<Wanted[]> {
  try {
    const [sizes, uids] = await Promise.all([client.list(), client.uidl()]);
    return surveyed(mailbox, sizes, uids);
  } catch (error) {
    if (!isUnsupported(error)) throw error;
    throw new UsageError(
      'no-unique-ids',
      'The server has no unique ids (UIDL), so it cannot be told which message is which.',
      {
        hint: 'Use posthorn fetch --delete, which compares the messages themselves.',
      },
    );
  }
}
