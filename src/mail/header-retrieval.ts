/**
 * The headers of messages that are too large to come, each with a text behind it that says so (see stub.ts).
 *
 * Nothing here makes a message stored: it can come whole later, in the same place, and is never deleted on the server
 * before that. What this file must never know: DELE.
 */
import { Pop3ReplyError } from '../errors.ts';
import type { Pop3Client } from '../pop3/client.ts';
import type { Mailbox, Planned } from '../store/mailbox.ts';
import type { Wanted } from './retrieval.ts';
import { composeStub, MAX_HEADER } from './stub.ts';

/** Messages under way at once, and made durable together. */
const BATCH = 64;

/** A message whose header is here, with its local number. */
export interface Stub {
  readonly at: number;
  readonly number: number;
}

/** Fetches the headers. Where the server has no TOP, or will not give one, there is none. @throws whatever a session or the mailbox throws. */
export async function retrieveHeaders(
  mailbox: Mailbox,
  client: Pop3Client,
  wanted: readonly Wanted[],
): Promise<Stub[]> {
  const stubs: Stub[] = [];
  for (let from = 0; from < wanted.length; from += BATCH) {
    const batch = wanted.slice(from, from + BATCH);
    const headers = await headersOf(client, batch);
    const got = batch.flatMap((message, row) => {
      const header = headers[row];
      return header === undefined ? [] : [{ message, header }];
    });
    if (got.length === 0 && batch.length > 0) return stubs;
    const planned = await mailbox.plan(
      got.map(({ message }) => message),
      true,
    );
    await mailbox.commitHeaders(planned.map((plan, row) => deliver(mailbox, plan, got[row]?.header)));
    stubs.push(...planned.map(({ number }, row) => ({ at: got[row]?.message.at ?? 0, number })));
  }
  return stubs;
}

function deliver(mailbox: Mailbox, plan: Planned, header: Uint8Array = new Uint8Array()) {
  const delivery = mailbox.deliver(plan);
  void delivery.write(composeStub(header, plan.size, plan.number));
  return delivery;
}

/** The headers of messages, all asked for at once; undefined for those that the server refuses. */
export async function headersOf(client: Pop3Client, messages: readonly Wanted[]): Promise<(Uint8Array | undefined)[]> {
  const asked = messages.map(({ at }) => headerOf(client, at));
  // No other answer can pass for that to STAT: each of those before it was to its own request.
  const allAnswered = client.stat();
  const headers = await Promise.all(asked);
  await allAnswered;
  return headers;
}

async function headerOf(client: Pop3Client, at: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let octets = 0;
  try {
    await client.top(at, 0, (chunk) => {
      if (octets < MAX_HEADER) chunks.push(chunk.slice(0, MAX_HEADER - octets));
      octets += chunk.length;
    });
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof Pop3ReplyError) return undefined;
    throw error;
  }
}
