/**
 * The contracts of a SASL mechanism (RFC 4422 §3): the client's half, the server's half, and what both are given.
 *
 * Why: a mechanism is a short conversation in raw bytes, the same in every protocol. A mechanism must never know which
 * protocol carries it, how its bytes are encoded on the way (base64, `334`, `+`), or whether the channel is encrypted.
 */

import { AuthError, UsageError } from '../errors.ts';

export interface Credentials {
  /** The authentication identity: whose password this is. */
  readonly user: string;
  readonly password: string;
  /** The authorization identity: whom to act as, where it is not `user` itself. */
  readonly authzid?: string;
}

export interface ClientMechanism {
  readonly name: string;

  /**
   * The first message when the client speaks first, else undefined. It is sent once: with the command, or as the answer
   * to a first, empty challenge where the protocol cannot send it with the command.
   *
   * @throws UsageError `bad-credentials` when the mechanism cannot express the credentials.
   */
  initial(): Promise<Uint8Array | undefined>;

  /**
   * The answer to a server challenge, possibly empty. Data that arrives with the success reply is passed here too,
   * before `finish`; the (empty) answer to it is then not sent. After an error the exchange must be cancelled.
   *
   * @throws AuthError `auth-protocol`, `auth-rejected` or `auth-server-not-proven`.
   */
  respond(challenge: Uint8Array): Promise<Uint8Array>;

  /**
   * Called when the protocol reports success, with nothing else pending.
   *
   * @throws AuthError when the exchange is not finished: a success that came too early proves nothing.
   */
  finish(): void;
}

/** What the server's half says next: ask on, or the verdict. `failed` is a reason for a log, without any secret. */
export type ServerStep = { readonly challenge: Uint8Array } | { readonly user: string } | { readonly failed: string };

export interface ServerMechanism {
  readonly name: string;

  /**
   * Takes the client's message (undefined when it gave no initial response) and returns the next challenge, or the
   * verdict. It never throws for what a client sends; a step after the verdict fails.
   */
  step(message: Uint8Array | undefined): Promise<ServerStep>;
}

/** Finds the plain password of a user, whose name has been through SASLprep; undefined when there is no such user. */
export type PasswordLookup = (user: string) => Promise<string | undefined>;

/** In UTF-16 units, for a name or a password: far above what servers accept, and small enough to prepare at once. */
export const MAX_CREDENTIAL_LENGTH = 1024;

/**
 * Refuses credentials that no mechanism may put on the wire: CR, LF or NUL (they could end a command and begin another),
 * text that has no UTF-8 form, nothing at all, or more than MAX_CREDENTIAL_LENGTH. Every client half calls it first.
 *
 * @throws UsageError `bad-credentials`; it names the field and never shows its content.
 */
export function checkCredentials({ user, password, authzid }: Credentials): void {
  checkField('user name', user);
  checkField('password', password);
  if (authzid !== undefined) checkField('authorization identity', authzid);
}

function checkField(field: string, text: string): void {
  const fault = faultOf(text);
  if (fault === undefined) return;
  throw new UsageError('bad-credentials', `The ${field} ${fault}.`, {
    phase: 'auth',
    hint: `Check where the ${field} comes from; nothing was sent.`,
  });
}

function faultOf(text: string): string | undefined {
  if (text === '') return 'is empty';
  if (text.length > MAX_CREDENTIAL_LENGTH) return `is longer than ${MAX_CREDENTIAL_LENGTH} characters`;
  if (/[\r\n\0]/.test(text)) return 'contains a line break or a NUL character';
  if (!text.isWellFormed()) return 'is not well-formed Unicode';
  return undefined;
}

/** The error for a challenge that the mechanism does not allow at this point, or that breaks its grammar. */
export function malformedExchange(mechanism: string, what: string): AuthError {
  return new AuthError('auth-protocol', `The server broke the ${mechanism} exchange: ${what}.`, {
    phase: 'auth',
    hint: 'Try another mechanism; if the server should be able to do this one, tell its administrator.',
  });
}
