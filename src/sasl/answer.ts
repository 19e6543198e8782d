/**
 * The server's side of any SASL conversation (RFC 4422 §3), whatever protocol carries it: the mirror of `exchange.ts`.
 */
import type { ServerMechanism } from './mechanism.ts';
import { base64, readBase64 } from './text.ts';

const MAX_STEPS = 8;

/** The verdict: who it is, or why not. `cancelled` and `malformed` are the client's doing, not a wrong password. */
export type Verdict = { readonly user: string } | { readonly failed: 'cancelled' | 'malformed' | 'rejected' };

/** Sends a challenge in base64 and takes the client's next line. */
export type Challenge = (challenge: string) => Promise<string>;

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
  }
  return { failed: 'malformed' };
}
