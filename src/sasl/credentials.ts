/**
 * What a client has to show for itself: a password, a token, or nothing but the certificate it showed in TLS.
 *
 * Why here: whatever reaches the wire is checked once, before a mechanism sees it. This file must never know where a
 * secret comes from.
 */

import { UsageError } from '../errors.ts';

/** What proves who somebody is. */
export type Proof = 'password' | 'token' | 'certificate';

/** What a person is told when a proof was refused, and what to do then. */
export const REFUSED: Readonly<Record<Proof, { readonly what: string; readonly hint: string }>> = {
  password: {
    what: 'the user name or the password',
    hint: 'Check the user name and the password; some providers ask for an app password.',
  },
  token: {
    what: 'the token',
    hint: 'Check that the command behind it prints a fresh token, of this user and for mail.',
  },
  certificate: {
    what: 'the client certificate',
    hint: 'Check that a client certificate was given for TLS, and that it names this user.',
  },
};

export interface PasswordCredentials {
  /** The authentication identity: whose password this is. */
  readonly user: string;
  readonly password: string;
  /** The authorization identity: whom to act as, where it is not `user` itself. */
  readonly authzid?: string | undefined;
}

export interface TokenCredentials {
  readonly user: string;
  /** An OAuth access token (RFC 6750). */
  readonly token: string;
}

/** For EXTERNAL: the proof is the client certificate of the TLS connection, and `user` only a name for messages. */
export interface CertificateCredentials {
  readonly user: string;
  readonly authzid?: string | undefined;
  // A password or a token that is `undefined` by mistake does not make it a login by certificate.
  readonly password?: never;
  readonly token?: never;
}

export type Credentials = PasswordCredentials | TokenCredentials | CertificateCredentials;

/** In UTF-16 units, for a name or a password: far above what servers accept, and small enough to prepare at once. */
export const MAX_CREDENTIAL_LENGTH = 1024;
/** In characters: with a name and base64 around it, it still fits the longest line that RFC 4954 §4 foresees. */
export const MAX_TOKEN_LENGTH = 8192;

/** What these credentials can prove somebody with. */
export function proofOf(credentials: Credentials): Proof {
  if ('password' in credentials) return 'password';
  return 'token' in credentials ? 'token' : 'certificate';
}

/** What of these credentials must be shown to nobody. */
export function secretOf(credentials: Credentials): string | undefined {
  if ('password' in credentials) return credentials.password;
  return 'token' in credentials ? credentials.token : undefined;
}

/**
 * Refuses credentials that no mechanism may put on the wire: CR, LF or NUL (they could end a command and begin another),
 * text that has no UTF-8 form, nothing at all, or more than MAX_CREDENTIAL_LENGTH; a token that is not visible ASCII, or
 * longer than MAX_TOKEN_LENGTH. Every client half calls it first.
 *
 * @throws UsageError `bad-credentials`; it names the field and never shows its content.
 */
export function checkCredentials(credentials: Credentials): void {
  checkField('user name', faultOf(credentials.user));
  if ('password' in credentials) checkField('password', faultOf(credentials.password));
  if ('token' in credentials) checkField('token', tokenFault(credentials.token));
  else if (credentials.authzid !== undefined) checkField('authorization identity', faultOf(credentials.authzid));
}

/** The credentials, checked, for a mechanism that needs a password. @throws UsageError `bad-credentials`. */
export function withPassword(mechanism: string, credentials: Credentials): PasswordCredentials {
  checkCredentials(credentials);
  if ('password' in credentials && credentials.password !== undefined) return credentials;
  throw unfit(mechanism, 'a password');
}

/** The same for a token. A password that was given to a mechanism of tokens is one: both come from the same command. */
export function withToken(mechanism: string, credentials: Credentials): TokenCredentials {
  const token = ('token' in credentials ? credentials.token : undefined) ?? secretOf(credentials);
  if (token === undefined) throw unfit(mechanism, 'a token');
  const own = { user: credentials.user, token };
  checkCredentials(own);
  return own;
}

function unfit(mechanism: string, what: string): UsageError {
  return new UsageError('bad-credentials', `${mechanism} needs ${what}, and none was given.`, {
    phase: 'auth',
    hint: 'Ask for another mechanism, or give what this one needs; nothing was sent.',
  });
}

function checkField(field: string, fault: string | undefined): void {
  if (fault === undefined) return;
  throw new UsageError('bad-credentials', `The ${field} ${fault}.`, {
    phase: 'auth',
    hint: `Check where the ${field} comes from; nothing was sent.`,
  });
}

function faultOf(text: unknown): string | undefined {
  if (typeof text !== 'string') return 'is missing';
  if (text === '') return 'is empty';
  if (text.length > MAX_CREDENTIAL_LENGTH) return `is longer than ${MAX_CREDENTIAL_LENGTH} characters`;
  if (/[\r\n\0]/.test(text)) return 'contains a line break or a NUL character';
  if (!text.isWellFormed()) return 'is not well-formed Unicode';
  return undefined;
}

/** RFC 6750 §2.1 allows fewer characters still; what some providers issue beyond them does no harm. */
function tokenFault(token: unknown): string | undefined {
  if (typeof token !== 'string') return 'is missing';
  if (token === '') return 'is empty';
  if (token.length > MAX_TOKEN_LENGTH) return `is longer than ${MAX_TOKEN_LENGTH} characters`;
  return /^[!-~]+$/.test(token) ? undefined : 'contains characters that no token has';
}
