/**
 * LOGIN (draft-murchison-sasl-login): the name, then the password, each asked for. Obsolete, and still the only
 * mechanism of some servers. The secrecy is all the channel's.
 */

import { type Credentials, withPassword } from './credentials.ts';
import type { ClientMechanism, PasswordLookup, ServerMechanism, ServerStep } from './mechanism.ts';
import { malformedExchange } from './mechanism.ts';
import { readUtf8, utf8 } from './text.ts';
import { verifyPassword } from './verify.ts';

export class LoginClient implements ClientMechanism {
  readonly name = 'LOGIN';
  readonly #answers: string[];

  /** @throws UsageError `bad-credentials`, see `withPassword`. An `authzid` has no place in this mechanism. */
  constructor(credentials: Credentials) {
    const { user, password } = withPassword(this.name, credentials);
    this.#answers = [user, password];
  }

  async initial(): Promise<undefined> {
    return undefined;
  }

  /** QUIRK: the prompts are not looked at. Servers word them as they like (`Username:`, `User Name\0`), in this order. */
  async respond(): Promise<Uint8Array> {
    const answer = this.#answers.shift();
    if (answer === undefined) throw malformedExchange(this.name, 'it asked for more than a name and a password');
    return utf8(answer);
  }

  finish(): void {
    if (this.#answers.length > 0) {
      throw malformedExchange(this.name, 'it reported success before the password was sent');
    }
  }
}

export class LoginServer implements ServerMechanism {
  readonly name = 'LOGIN';
  readonly #lookup: PasswordLookup;
  #state: 'start' | 'user' | 'password' | 'over' = 'start';
  #user = '';

  constructor(lookup: PasswordLookup) {
    this.#lookup = lookup;
  }

  /** QUIRK: the draft has no initial response; clients that send one mean the user name. */
  async step(message: Uint8Array | undefined): Promise<ServerStep> {
    const state = this.#state;
    this.#state = 'over';
    if (state === 'start' && message === undefined) {
      this.#state = 'user';
      return { challenge: utf8('Username:') };
    }
    if (state === 'over' || message === undefined) return { failed: 'the exchange is over' };
    const text = readUtf8(message);
    if (text === undefined) return { failed: 'the message is not UTF-8' };
    if (state === 'password') {
      return await verifyPassword(this.#lookup, { authzid: '', user: this.#user, password: text });
    }
    this.#user = text;
    this.#state = 'password';
    return { challenge: utf8('Password:') };
  }
}
