/**
 * The contracts of a SASL mechanism (RFC 4422 §3): the client's half, the server's half, and what both are given.
 *
 * Why: a mechanism is a short conversation in raw bytes, the same in every protocol. A mechanism must never know which
 * protocol carries it, how its bytes are encoded on the way (base64, `334`, `+`), or whether the channel is encrypted.
 */

import { AuthError } from '../errors.ts';
import type { ChannelBinding } from './binding.ts';

/** What a client's half may know of where it runs. */
export interface ClientContext {
  /** What the login can be bound to; absent without TLS. */
  readonly binding?: ChannelBinding | undefined;
  /** Whether the server offers any mechanism that binds. */
  readonly bindingOffered?: boolean | undefined;
  /** Where we are connected to (RFC 7628 §3.1). */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
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

  /** What the server found wrong, in plain words fit for a person, where the mechanism lets it say so. */
  readonly complaint?: string | undefined;

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

/** What a server knows of its users. Names have been through SASLprep. */
export interface Verifier {
  /** The plain password of a user; undefined when there is no such user. */
  password(user: string): Promise<string | undefined>;
  /** Whether an OAuth token is good for a user. Without it no mechanism of tokens is offered. */
  token?(user: string, token: string): Promise<boolean>;
}

/** What a server's half may know of the connection. */
export interface ServerContext {
  /** What a login can be bound to; empty without TLS. */
  readonly bindings?: readonly ChannelBinding[] | undefined;
  /** Whom the certificate names that the client showed and TLS verified; empty without one. */
  readonly certified?: readonly string[] | undefined;
}

/** The error for a challenge that the mechanism does not allow at this point, or that breaks its grammar. */
export function malformedExchange(mechanism: string, what: string): AuthError {
  return new AuthError('auth-protocol', `The server broke the ${mechanism} exchange: ${what}.`, {
    phase: 'auth',
    hint: 'Try another mechanism; if the server should be able to do this one, tell its administrator.',
  });
}
