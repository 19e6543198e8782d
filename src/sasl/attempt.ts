/**
 * One login of a client, whatever protocol it is for: the way in that is chosen, and what its refusal is in words.
 *
 * A refusal is final for this run: a second guess with another mechanism would count as another wrong password. What
 * this file must never know: a protocol's replies and codes, or the sockets below.
 */
import { AuthError, type ReplyError } from '../errors.ts';
import type { ChannelBinding } from './binding.ts';
import { type Credentials, type Proof, proofOf, REFUSED } from './credentials.ts';
import type { ClientMechanism } from './mechanism.ts';
import { chooseMechanism, offersBinding } from './select.ts';

export type LoginOptions = Credentials & {
  /**
   * Use this mechanism or none; for POP3 `USER` stands for USER and PASS, and `APOP` for itself. A mechanism of tokens
   * takes the password for one.
   */
  readonly mechanism?: string | undefined;
};

/** Where a client logs in: what its channel is, and the server it asked for. */
export interface LoginPlace {
  readonly channel: { readonly tls?: unknown; readonly bindings: readonly ChannelBinding[] };
  readonly server: { readonly security: string; readonly host: string; readonly port: number };
}

/** The mechanism to log in by, with what it proves; or else the error that says why there is none. */
export type Attempt =
  | { readonly mechanism: ClientMechanism; readonly proof: Proof; readonly refusal?: undefined }
  | { readonly mechanism: undefined; readonly proof: Proof; readonly refusal: AuthError };

/** Whether a password may be shown here at all: under TLS, or where the account says in words that it need not be. */
export function mayShow({ channel, server }: LoginPlace): boolean {
  return channel.tls !== undefined || server.security === 'none';
}

/** Chooses among what the server offers. @throws UsageError `bad-credentials`, nothing sent. */
export function chooseAttempt(offered: readonly string[], place: LoginPlace, options: LoginOptions): Attempt {
  const { channel, server } = place;
  const [binding] = channel.bindings;
  const proof = proofOf(options);
  const { mechanism, refusal } = chooseMechanism(offered, {
    tls: channel.tls !== undefined,
    insecure: server.security === 'none',
    proof,
    bindable: binding !== undefined,
    only: options.mechanism,
  });
  if (mechanism === undefined) return { mechanism, proof, refusal };
  const context = { binding, bindingOffered: offersBinding(offered), host: server.host, port: server.port };
  return { mechanism: mechanism.client(options, context), proof: mechanism.proof };
}

/**
 * The error for a server that refused the proof, or cannot judge it now.
 *
 * @param said the server's own words.
 * @param hint what to do where the protocol's code says more than that the proof was refused.
 */
export function refusedAttempt(
  error: ReplyError,
  said: string,
  { mechanism, proof }: Pick<Attempt, 'mechanism' | 'proof'>,
  user: string,
  hint?: string,
): AuthError {
  const { temporary } = error;
  const words = mechanism?.complaint === undefined ? said : `${said} (${mechanism.complaint})`;
  return new AuthError(
    temporary ? 'auth-unavailable' : 'auth-rejected',
    temporary
      ? `The server cannot log ${user} in now: ${words}`
      : `The server refused ${REFUSED[proof].what} of ${user}: ${words}`,
    {
      phase: 'auth',
      temporary,
      cause: error,
      hint: hint ?? (temporary ? 'Try again later.' : REFUSED[proof].hint),
    },
  );
}
