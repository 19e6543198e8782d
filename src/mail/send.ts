/**
 * Sends one message, composed or raw, and says what became of it (RFC 5321 §3.3, RFC 6409).
 *
 * Everything that can be wrong on this side is found before a connection is opened.
 */
import type {
  Envelope,
  MailRequests,
  Outgoing,
  RecipientRequests,
  RecipientResult,
  SendOptions,
  SendResult,
} from '../smtp/envelope.ts';
import { writtenFor } from '../smtp/introduction.ts';
import { describeReply, type Reply } from '../smtp/reply.ts';
import { meaningOf } from '../smtp/status-codes.ts';
import type { Account, Surroundings } from './account.ts';
import { openSmtp, type Say } from './session.ts';

export type { RecipientResult, SendResult };

/** A message ready to leave, whoever made it. */
export interface Sendable extends Outgoing {
  readonly envelope: Envelope;
  readonly messageId: string | undefined;
}

/** What is asked of the servers for the message, and for all of its recipients alike. */
export type SendRequests = MailRequests & Pick<RecipientRequests, 'notify'>;

export interface TransferOptions extends Pick<SendOptions, 'partial' | 'most'> {
  readonly requests?: SendRequests | undefined;
  /** As `SmtpOptions` has it: false for DATA alone. */
  readonly chunking?: boolean | undefined;
}

export interface SendHooks {
  readonly say: Say;
  /** The server has let us in; the message goes next, with so many octets where that is known. */
  readonly begin: (size: number | undefined) => void;
  readonly progress: (octets: number) => void;
}

/**
 * Opens a session, sends the message and takes leave. By default either every recipient is accepted or nobody gets it.
 *
 * @returns also for refused recipients, see `SendResult.outcome`; `size` is that of the message as it was written for the
 *   server.
 * @throws whatever a session or a transaction throws; ConnectionLostError `unknown` when nobody can say.
 */
export async function sendMessage(
  given: Sendable,
  account: Account,
  surroundings: Surroundings,
  hooks: SendHooks,
  { requests, chunking, ...options }: TransferOptions = {},
): Promise<SendResult & { readonly size: number | undefined }> {
  const client = await openSmtp(account, surroundings, hooks.say, chunking);
  const sizeNow = (): number | undefined => writtenFor(client.capabilities, given, options.most).size;
  const send = async (): Promise<SendResult & { readonly size: number | undefined }> => {
    hooks.begin(sizeNow());
    const envelope = withRequests(given.envelope, requests);
    const sent = await client.send(envelope, given, { ...options, progress: hooks.progress });
    // It may have gone in another form than it was to at first.
    return { ...sent, size: sizeNow() };
  };
  // QUIT goes not behind the answer but behind the last octet, where the server takes that: it costs no round trip then.
  const [result] = await Promise.allSettled([send(), client.quit()]);
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

function withRequests(envelope: Envelope, { notify, ...requests }: SendRequests = {}): Envelope {
  if (notify === undefined) return { ...envelope, ...requests };
  return { ...envelope, ...requests, requests: new Map(envelope.recipients.map((each) => [each, { notify }])) };
}

/** What a server answered, for people: its codes, its own words, and what the enhanced code means. */
export function replyText(reply: Reply): string {
  return describeReply(reply);
}

/** The same for programs; null for what is not known. */
export function replyFields({ code, enhanced, lines }: Reply) {
  return { code, enhanced: enhanced ?? null, meaning: meaningOf(enhanced) ?? null, text: lines.join(' ') };
}
