/**
 * PLAIN (RFC 4616): name and password in one message, separated by NUL. The secrecy is all the channel's.
 */

import { type Credentials, type PasswordCredentials, withPassword } from './credentials.ts';
import type { ClientMechanism, PasswordLookup, ServerMechanism, ServerStep } from './mechanism.ts';
import { malformedExchange } from './mechanism.ts';
import { readUtf8, utf8 } from './text.ts';
import { verifyPassword } from './verify.ts';

export class PlainClient implements ClientMechanism {
  readonly name = 'PLAIN';
  readonly #credentials: PasswordCredentials;
  #sent = false;

  /** @throws UsageError `bad-credentials`, see `withPassword`. */
  constructor(credentials: Credentials) {
    this.#credentials = withPassword(this.name, credentials);
  }

  async initial(): Promise<Uint8Array> {
    const { authzid = '', user, password } = this.#credentials;
    this.#sent = true;
    return utf8(`${authzid}\0${user}\0${password}`);
  }

  async respond(): Promise<Uint8Array> {
    throw malformedExchange(this.name, 'it asked for more after the only message');
  }

  finish(): void {
    if (!this.#sent) throw malformedExchange(this.name, 'it reported success before the password was sent');
  }
}

export class PlainServer implements ServerMechanism {
  readonly name = 'PLAIN';
  readonly #lookup: PasswordLookup;
  #state: 'start' | 'asked' | 'over' = 'start';

  constructor(lookup: PasswordLookup) {
    this.#lookup = lookup;
  }

  async step(message: Uint8Array | undefined): Promise<ServerStep> {
    if (this.#state === 'start' && message === undefined) {
      this.#state = 'asked';
      return { challenge: new Uint8Array() };
    }
    if (this.#state === 'over' || message === undefined) return { failed: 'the exchange is over' };
    this.#state = 'over';
    // A NUL inside a field makes a fourth part: there is no telling which field it belongs to.
    const [authzid, user, password, ...surplus] = readUtf8(message)?.split('\0') ?? [];
    if (authzid === undefined || user === undefined || password === undefined || surplus.length > 0) {
      return { failed: 'the message is not authzid NUL authcid NUL password in UTF-8' };
    }
    return await verifyPassword(this.#lookup, { authzid, user, password });
  }
}
