/**
 * What has come in, without downloading it: STAT, LIST, UIDL, and the header of each message by TOP (RFC 1939 §7).
 *
 * Nothing is written, here or there. Where the server has no UIDL or no TOP, what those would tell is left out.
 */
import { LISTED_HEADER, readHeaders, type Summary } from '../mime/summary.ts';
import type { Expiry, LoginDelay } from '../pop3/capabilities.ts';
import { isUnsupported, type Pop3Client } from '../pop3/client.ts';
import { MailboxView } from '../store/mailbox-view.ts';
import type { Account, Surroundings } from './account.ts';
import { leave, openPop3, type Say } from './session.ts';

/** Headers asked for at once. */
const WINDOW = 100;

export interface RemoteMessage {
  /** The number in the server's listing; it holds for one session. */
  readonly number: number;
  readonly size: number;
  readonly uidl: string | undefined;
  /** Whether it is in the local mailbox already; undefined where the server has no UIDL. */
  readonly fetched: boolean | undefined;
  readonly summary: Summary | undefined;
}

export interface RemoteListing {
  readonly count: number;
  readonly octets: number;
  /** What the server says of itself, as far as it does (RFC 2449 §6). */
  readonly server: {
    readonly implementation: string | undefined;
    readonly expiry: Expiry | undefined;
    readonly loginDelay: LoginDelay | undefined;
  };
  /** Newest last. */
  readonly messages: readonly RemoteMessage[];
}

/** @param limit how many messages to look into, newest first. @throws whatever a session throws. */
export async function checkMail(
  account: Account,
  surroundings: Surroundings,
  say: Say,
  limit: number,
): Promise<RemoteListing> {
  const client = await openPop3(account, surroundings, say);
  try {
    const [stat, sizes, uids] = await Promise.all([client.stat(), client.list(), optional(client.uidl())]);
    const uidOf = new Map(uids?.map(({ number, uid }) => [number, uid]));
    const stored = await storedUids(
      account,
      sizes.map(({ number, octets }) => ({ uidl: uidOf.get(number) ?? '', size: octets })),
    );
    const shown = sizes.slice(Math.max(0, sizes.length - limit));
    const summaries: (Summary | undefined)[] = [];
    for (let from = 0; from < shown.length; from += WINDOW) {
      summaries.push(
        ...(await Promise.all(shown.slice(from, from + WINDOW).map(({ number }) => header(client, number)))),
      );
    }
    await leave(client);
    const messages = shown.map(({ number, octets }, row) => {
      const uidl = uidOf.get(number);
      return {
        number,
        size: octets,
        uidl,
        fetched: uidl === undefined ? undefined : stored.has(uidl),
        summary: summaries[row],
      };
    });
    const { implementation, expiry, loginDelay } = client;
    return { ...stat, server: { implementation, expiry, loginDelay }, messages };
  } catch (error) {
    await client.close();
    throw error;
  }
}

async function header(client: Pop3Client, number: number): Promise<Summary | undefined> {
  const chunks: Uint8Array[] = [];
  let octets = 0;
  const collect = (chunk: Uint8Array) => {
    if (octets < LISTED_HEADER) chunks.push(chunk);
    octets += chunk.length;
  };
  const done = await optional(client.top(number, 0, collect).then(() => true));
  return done === undefined ? undefined : readHeaders(Buffer.concat(chunks));
}

/** Undefined where the server does not know the command. */
async function optional<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isUnsupported(error)) return undefined;
    throw error;
  }
}

/** Which of the listed messages are in the mailbox, if there is one. */
async function storedUids(
  { paths }: Account,
  listing: readonly { uidl: string; size: number }[],
): Promise<ReadonlySet<string>> {
  if (paths === undefined) return new Set();
  try {
    const mailbox = await MailboxView.view(paths);
    return new Set(
      mailbox
        .survey(listing)
        .filter(({ state }) => state === 'stored')
        .map(({ uidl }) => uidl),
    );
  } catch {
    // No mailbox yet, or none that can be read: then nothing is known to have been fetched.
    return new Set();
  }
}
