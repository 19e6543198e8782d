/**
 * The mechanisms this house speaks, strongest first: one table, read by clients to choose and by servers to answer.
 *
 * Why a table: adding a mechanism is a file with its two halves and a row here. It must never know what a server offers
 * or whether the channel is encrypted; that is `select.ts` and `offer.ts`.
 */

import { UsageError } from '../errors.ts';
import type { ChannelBinding } from './binding.ts';
import { CramMd5Client, CramMd5Server } from './cram-md5.ts';
import type { Credentials, Proof } from './credentials.ts';
import { ExternalClient, ExternalServer } from './external.ts';
import { LoginClient, LoginServer } from './login.ts';
import type { ClientContext, ClientMechanism, ServerContext, ServerMechanism, Verifier } from './mechanism.ts';
import { OAuthClient, OAuthServer } from './oauth.ts';
import type { Dialect } from './oauth-message.ts';
import { PlainClient, PlainServer } from './plain.ts';
import { ScramClient, ScramServer } from './scram.ts';
import type { ScramHash } from './scram-keys.ts';

export interface Mechanism {
  /** As registered with IANA, in upper case. */
  readonly name: string;
  /** What the client must have. */
  readonly proof: Proof;
  /**
   * What somebody learns who can read the exchange: nothing that a slow search would not cost dearly (`protected`), a
   * hash that is searched at full speed (`weakly-hidden`), or the password or token itself (`exposed`).
   */
  readonly secret: 'protected' | 'weakly-hidden' | 'exposed';
  /** It binds the login to the TLS channel, and cannot be used without a binding. */
  readonly binds?: true;
  /** The server speaks first. */
  readonly serverFirst?: true;
  /** @throws UsageError `bad-credentials`, see `checkCredentials`; also where they hold not the proof it needs. */
  readonly client: (credentials: Credentials, context?: ClientContext) => ClientMechanism;
  readonly server: (verifier: Verifier, context?: ServerContext) => ServerMechanism;
}

/** In the order of preference on an encrypted channel: a bound login is worth more than the better hash. */
export const MECHANISMS: readonly Mechanism[] = [
  scramPlus('SCRAM-SHA-256-PLUS', 'sha256'),
  scramPlus('SCRAM-SHA-1-PLUS', 'sha1'),
  scram('SCRAM-SHA-256', 'sha256'),
  scram('SCRAM-SHA-1', 'sha1'),
  {
    name: 'PLAIN',
    proof: 'password',
    secret: 'exposed',
    client: (credentials) => new PlainClient(credentials),
    server: (verifier) => new PlainServer((user) => verifier.password(user)),
  },
  {
    name: 'LOGIN',
    proof: 'password',
    secret: 'exposed',
    client: (credentials) => new LoginClient(credentials),
    server: (verifier) => new LoginServer((user) => verifier.password(user)),
  },
  {
    name: 'CRAM-MD5',
    proof: 'password',
    secret: 'weakly-hidden',
    serverFirst: true,
    client: (credentials) => new CramMd5Client(credentials),
    server: (verifier) => new CramMd5Server((user) => verifier.password(user)),
  },
  {
    name: 'EXTERNAL',
    proof: 'certificate',
    secret: 'protected',
    client: (credentials) => new ExternalClient(credentials),
    server: (verifier, { certified = [] } = {}) => new ExternalServer(verifier, certified),
  },
  oauth('OAUTHBEARER'),
  oauth('XOAUTH2'),
];

function scram(name: string, hash: ScramHash): Mechanism {
  return {
    name,
    proof: 'password',
    secret: 'protected',
    // Who could bind and was not offered it says so, and a server that did offer it notices (RFC 5802 §6).
    client: (credentials, { binding, bindingOffered } = {}) =>
      new ScramClient(hash, credentials, binding === undefined || bindingOffered ? 'none' : 'unoffered'),
    server: (verifier, { bindings } = {}) => new ScramServer(hash, (user) => verifier.password(user), { bindings }),
  };
}

function scramPlus(name: string, hash: ScramHash): Mechanism {
  return {
    ...scram(name, hash),
    binds: true,
    client: (credentials, { binding } = {}) => new ScramClient(hash, credentials, needed(name, binding)),
    server: (verifier, { bindings } = {}) =>
      new ScramServer(hash, (user) => verifier.password(user), { bindings, plus: true }),
  };
}

function oauth(name: Dialect): Mechanism {
  return {
    name,
    proof: 'token',
    secret: 'exposed',
    client: (credentials, context) => new OAuthClient(name, credentials, context),
    server: (verifier) => new OAuthServer(name, verifier),
  };
}

function needed(name: string, binding: ChannelBinding | undefined): ChannelBinding {
  if (binding !== undefined) return binding;
  throw new UsageError('no-channel-binding', `${name} needs a TLS connection that it can be bound to.`, {
    phase: 'auth',
    hint: 'Use TLS, or ask for the mechanism without -PLUS.',
  });
}

/** Finds a mechanism by its name, in any case of letters (RFC 4422 §3.1 has upper case; peers do not always). */
export function findMechanism(name: string, among: readonly Mechanism[] = MECHANISMS): Mechanism | undefined {
  const wanted = name.toUpperCase();
  return among.find((mechanism) => mechanism.name === wanted);
}
