/**
 * The client's side of any SASL conversation (RFC 4422 §3), whatever protocol carries it.
 *
 * A protocol says how it starts, answers and cancels; the steps, the base64 and the doubts are here, once. What this
 * file must never know: AUTH's spelling, reply codes, or the sockets below.
 */
import { PosthornError } from '../errors.ts';
import { type ClientMechanism, malformedExchange } from './mechanism.ts';
import { base64, readBase64 } from './text.ts';

/** More steps than any mechanism here takes: a server that goes on asking is cut off. */
const MAX_STEPS = 8;
/** Octets of one challenge, in base64. */
const MAX_CHALLENGE = 8192;

/** What the server said: go on, with a challenge in base64, or success, with data where the protocol has it. */
export type SaslReply = { readonly challenge: string } | { readonly success: true };

/** How a protocol carries SASL. A refusal is thrown by `start` and `answer` as the protocol's own ReplyError. */
export interface SaslCarrier {
  /** The longest initial response, in base64 octets, that fits the command (RFC 5034 §4, RFC 4954 §4). */
  readonly maxInitial: number;
  start(mechanism: string, initial: string | undefined): Promise<SaslReply>;
  answer(response: string): Promise<SaslReply>;
  /** Sends `*`. The refusal that answers it is thrown like any other. */
  cancel(): Promise<SaslReply>;
  /** Ends the connection: the server goes on as if it could be believed. */
  abandon(error: PosthornError): void;
}

/**
 * Runs a mechanism to its end.
 *
 * @throws AuthError when the server is not proven or breaks the exchange; the protocol's ReplyError when it refuses.
 */
export async function authenticate(mechanism: ClientMechanism, carrier: SaslCarrier): Promise<void> {
  const initial = await mechanism.initial();
  // RFC 5034 §4: an empty initial response is written as a single equals sign.
  const encoded = initial === undefined ? undefined : base64(initial) || '=';
  const fits = encoded !== undefined && encoded.length <= carrier.maxInitial;
  let reply = await carrier.start(mechanism.name, fits ? encoded : undefined);
  let unsaid = fits ? undefined : initial;
  for (let step = 0; 'challenge' in reply; step++) {
    let response: Uint8Array;
    try {
      if (step >= MAX_STEPS) throw malformedExchange(mechanism.name, `it went on for more than ${MAX_STEPS} steps`);
      const challenge = decode(reply.challenge, mechanism.name);
      if (unsaid !== undefined && challenge.length > 0)
        throw malformedExchange(mechanism.name, 'the client speaks first');
      response = unsaid ?? (await mechanism.respond(challenge));
      unsaid = undefined;
    } catch (error) {
      // What becomes of the cancellation is no news: the reason for it is. But it must not be what lets us in.
      const answer = await carrier.cancel().catch(() => undefined);
      if (answer !== undefined && error instanceof PosthornError) carrier.abandon(error);
      throw error;
    }
    reply = await carrier.answer(base64(response));
  }
  try {
    if (unsaid !== undefined)
      throw malformedExchange(mechanism.name, 'it reported success before the client had spoken');
    mechanism.finish();
  } catch (error) {
    // It believes us to be logged in: whatever is said to it next would go to somebody who proved nothing.
    if (error instanceof PosthornError) carrier.abandon(error);
    throw error;
  }
}

function decode(text: string, mechanism: string): Uint8Array {
  if (text.length > MAX_CHALLENGE) throw malformedExchange(mechanism, 'a challenge is too long');
  const challenge = readBase64(text);
  if (challenge === undefined) throw malformedExchange(mechanism, 'a challenge is not base64');
  return challenge;
}
