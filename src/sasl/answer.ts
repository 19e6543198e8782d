/**
 * The server's side of any SASL conversation (RFC 4422 §3), whatever protocol carries it: the mirror of `exchange.ts`.
 */
import type { ServerContext, ServerMechanism, Verifier } from './mechanism.ts';
import { findMechanism } from './mechanisms.ts';
import { offeredMechanisms } from './offer.ts';
import { base64, readBase64 } from './text.ts';

const MAX_STEPS = 8;

/** Why nobody was let in; all but `rejected` are about the conversation, not about who the client is. */
export type Failure = 'unknown' | 'cancelled' | 'malformed' | 'too-soon' | 'no-line' | 'rejected';

/** The verdict: who it is, or why not. */
export type Verdict = { readonly user: string } | { readonly failed: Failure };

/** Sends a challenge in base64 and takes the client's next line; undefined where what came was none, or too long. */
export type Challenge = (challenge: string) => Promise<string | undefined>;

/** What a server tells a client that was not let in. */
export const FAILURES: Readonly<Record<Failure, string>> = {
  unknown: 'unknown mechanism',
  cancelled: 'authentication cancelled',
  malformed: 'authentication malformed',
  'too-soon': 'with this mechanism the server speaks first',
  'no-line': 'authentication line too long, or not ended by CRLF',
  rejected: 'the user name or the password is wrong',
};

/**
 * Answers an AUTH command to its end.
 *
 * @param name the mechanism as the client wrote it, and `initial` its first message as it stood in the command, if it did.
 * @param context what the mechanism may know of the connection; only what is offered there is understood.
 */
export async function answerAuth(
  { name, initial }: { readonly name: string; readonly initial: string | undefined },
  verifier: Verifier,
  context: ServerContext,
  challenge: Challenge,
): Promise<Verdict> {
  const mechanism = findMechanism(name, offeredMechanisms(verifier, context));
  if (mechanism === undefined) return { failed: 'unknown' };
  // RFC 4954 §4: where the server speaks first there can be no initial response.
  if (mechanism.serverFirst && initial !== undefined) return { failed: 'too-soon' };
  return await answerAuthentication(mechanism.server(verifier, context), initial, challenge);
}

/** Runs the server's half. `initial` is the client's first message as it stood in the command, if it was there. */
export async function answerAuthentication(
  mechanism: ServerMechanism,
  initial: string | undefined,
  challenge: Challenge,
): Promise<Verdict> {
  // RFC 5034 §4, RFC 4954 §4: a single equals sign is an initial response of no octets.
  let message = initial === '=' ? '' : initial;
  for (let step = 0; step < MAX_STEPS; step++) {
    if (message === '*') return { failed: 'cancelled' };
    const bytes = message === undefined ? undefined : readBase64(message);
    if (message !== undefined && bytes === undefined) return { failed: 'malformed' };
    const next = await mechanism.step(bytes);
    if ('user' in next) return { user: next.user };
    if ('failed' in next) return { failed: 'rejected' };
    message = await challenge(base64(next.challenge));
    if (message === undefined) return { failed: 'no-line' };
  }
  return { failed: 'malformed' };
}
