/**
 * The mechanisms this house speaks, strongest first: one table, read by clients to choose and by servers to answer.
 *
 * Why a table: adding a mechanism is a file with its two halves and a row here. It must never know what a server offers
 * or whether the channel is encrypted; that is `select.ts`.
 */

import { CramMd5Client, CramMd5Server } from './cram-md5.ts';
import { LoginClient, LoginServer } from './login.ts';
import type { ClientMechanism, Credentials, PasswordLookup, ServerMechanism } from './mechanism.ts';
import { PlainClient, PlainServer } from './plain.ts';
import { ScramClient, ScramServer } from './scram.ts';

export interface Mechanism {
  /** As registered with IANA, in upper case. */
  readonly name: string;
  /**
   * What somebody learns who can read the exchange: nothing that a slow search would not cost dearly (`protected`), a
   * hash that is searched at full speed (`weakly-hidden`), or the password itself (`exposed`).
   */
  readonly password: 'protected' | 'weakly-hidden' | 'exposed';
  /** @throws UsageError `bad-credentials`, see `checkCredentials`. */
  readonly client: (credentials: Credentials) => ClientMechanism;
  readonly server: (lookup: PasswordLookup) => ServerMechanism;
}

/** In the order of preference on an encrypted channel. */
export const MECHANISMS: readonly Mechanism[] = [
  {
    name: 'SCRAM-SHA-256',
    password: 'protected',
    client: (credentials) => new ScramClient('sha256', credentials),
    server: (lookup) => new ScramServer('sha256', lookup),
  },
  {
    name: 'SCRAM-SHA-1',
    password: 'protected',
    client: (credentials) => new ScramClient('sha1', credentials),
    server: (lookup) => new ScramServer('sha1', lookup),
  },
  {
    name: 'PLAIN',
    password: 'exposed',
    client: (credentials) => new PlainClient(credentials),
    server: (lookup) => new PlainServer(lookup),
  },
  {
    name: 'LOGIN',
    password: 'exposed',
    client: (credentials) => new LoginClient(credentials),
    server: (lookup) => new LoginServer(lookup),
  },
  {
    name: 'CRAM-MD5',
    password: 'weakly-hidden',
    client: (credentials) => new CramMd5Client(credentials),
    server: (lookup) => new CramMd5Server(lookup),
  },
];

/** Finds a mechanism by its name, in any case of letters (RFC 4422 §3.1 has upper case; peers do not always). */
export function findMechanism(name: string): Mechanism | undefined {
  const wanted = name.toUpperCase();
  return MECHANISMS.find((mechanism) => mechanism.name === wanted);
}
