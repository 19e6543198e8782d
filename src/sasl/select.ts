/**
 * Which mechanism a client uses: from what the server offers, what the channel gives, and what the account says.
 *
 * Why apart from the table: this is policy. Nothing is proven over a channel that is not verified TLS unless the account
 * says so in words (RFC 8314 §3), not even by SCRAM: the mail that follows would be as open as the password.
 */

import { AuthError } from '../errors.ts';
import type { Proof } from './credentials.ts';
import type { Mechanism } from './mechanisms.ts';
import { findMechanism, MECHANISMS } from './mechanisms.ts';

export interface AuthPolicy {
  /** The channel is TLS, and the server's certificate was verified. */
  readonly tls: boolean;
  /** The account permits credentials on a channel without `tls`. */
  readonly insecure: boolean;
  /** What there is to prove who we are; by default a password. Whoever names a mechanism is taken at their word. */
  readonly proof?: Proof | undefined;
  /** The channel has what a login can be bound to. */
  readonly bindable?: boolean | undefined;
  /** Use this mechanism or none; in any case of letters. */
  readonly only?: string | undefined;
}

/** The mechanism, or else the error that says why there is none (`auth-no-mechanism`); a caller throws it, or tries another way. */
export type MechanismChoice =
  | { readonly mechanism: Mechanism; readonly refusal?: undefined }
  | { readonly mechanism: undefined; readonly refusal: AuthError };

/**
 * Under TLS the password is safe from readers, so the order is the table's, and CRAM-MD5 is never chosen by itself: a
 * server that offers nothing better has to keep the password in clear. Without TLS, where that is permitted, a weak hash
 * is better than the password itself.
 */
const UNDER_TLS = MECHANISMS.filter((mechanism) => mechanism.secret !== 'weakly-hidden');
const IN_CLEAR = (['protected', 'weakly-hidden', 'exposed'] as const).flatMap((secret) =>
  MECHANISMS.filter((mechanism) => mechanism.secret === secret),
);

/** Chooses a mechanism. Offered names are compared in any case of letters; repeated and unknown ones count for nothing. */
export function chooseMechanism(offered: readonly string[], policy: AuthPolicy): MechanismChoice {
  if (!policy.tls && !policy.insecure) {
    return refuse(
      'The connection is not encrypted, so no credentials are sent.',
      'Use TLS; or permit an insecure connection for this account, in words.',
    );
  }
  const names = new Set(offered.map((name) => name.toUpperCase()));
  if (policy.only !== undefined) return named(policy.only, names, policy);
  const { proof = 'password', bindable = false } = policy;
  const usable = ({ name, ...row }: Mechanism) => names.has(name) && row.proof === proof && (bindable || !row.binds);
  const mechanism = (policy.tls ? UNDER_TLS : IN_CLEAR).find(usable);
  if (mechanism !== undefined) return { mechanism };
  const weak = MECHANISMS.find(usable);
  if (weak === undefined)
    return refuse(`The server offers no mechanism that can be used here with a ${proof}.`, listed(names));
  return refuse(
    `The server offers nothing stronger than ${weak.name}.`,
    `Ask for ${weak.name} by name if you accept it.`,
  );
}

/** Whether a server offers any mechanism that binds to the channel. */
export function offersBinding(offered: readonly string[]): boolean {
  return offered.some((name) => findMechanism(name)?.binds);
}

function named(only: string, names: ReadonlySet<string>, { bindable }: AuthPolicy): MechanismChoice {
  const mechanism = findMechanism(only);
  if (mechanism === undefined) {
    const known = MECHANISMS.map(({ name }) => name).join(', ');
    return refuse('The mechanism that was asked for is not spoken here.', `Ask for one of ${known}.`);
  }
  if (mechanism.binds && !bindable) {
    return refuse(`${mechanism.name} needs a TLS connection that it can be bound to.`, 'Use TLS 1.3.');
  }
  if (names.has(mechanism.name)) return { mechanism };
  return refuse(`The server does not offer ${mechanism.name}.`, listed(names));
}

function refuse(message: string, hint: string): MechanismChoice {
  return { mechanism: undefined, refusal: new AuthError('auth-no-mechanism', message, { phase: 'auth', hint }) };
}

/** The offer for a person to read: only what is a mechanism's name (RFC 4422 §3.1), and not more than a line of them. */
function listed(names: ReadonlySet<string>): string {
  const readable = [...names].filter((name) => /^[A-Z0-9_-]{1,20}$/.test(name)).slice(0, 8);
  return readable.length > 0 ? `It offers ${readable.join(', ')}.` : 'It offers no mechanism at all.';
}
