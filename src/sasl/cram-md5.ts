/**
 * CRAM-MD5 (RFC 2195): the keyed MD5 of the server's challenge. Whoever reads the exchange can guess passwords at full
 * speed, and the server is never proven; so it is chosen by itself only where the alternative is a password in clear.
 */

import { createHmac, randomBytes } from 'node:crypto';
import { type Credentials, type PasswordCredentials, withPassword } from './credentials.ts';
import type { ClientMechanism, PasswordLookup, ServerMechanism, ServerStep } from './mechanism.ts';
import { malformedExchange } from './mechanism.ts';
import { prepare } from './prep.ts';
import { readUtf8, utf8 } from './text.ts';
import { sameSecret, unguessable, WRONG_CREDENTIALS } from './verify.ts';

function digest(password: string, challenge: Uint8Array): string {
  return createHmac('md5', password).update(challenge).digest('hex');
}

export class CramMd5Client implements ClientMechanism {
  readonly name = 'CRAM-MD5';
  readonly #credentials: PasswordCredentials;
  #answered = false;

  /** @throws UsageError `bad-credentials`, see `withPassword`. An `authzid` has no place in this mechanism. */
  constructor(credentials: Credentials) {
    this.#credentials = withPassword(this.name, credentials);
  }

  async initial(): Promise<undefined> {
    return undefined;
  }

  async respond(challenge: Uint8Array): Promise<Uint8Array> {
    if (this.#answered) throw malformedExchange(this.name, 'it asked for more after the only answer');
    if (challenge.length === 0) throw malformedExchange(this.name, 'its challenge is empty');
    this.#answered = true;
    const { user, password } = this.#credentials;
    return utf8(`${user} ${digest(password, challenge)}`);
  }

  finish(): void {
    if (!this.#answered) throw malformedExchange(this.name, 'it reported success before any proof was sent');
  }
}

export class CramMd5Server implements ServerMechanism {
  readonly name = 'CRAM-MD5';
  readonly #lookup: PasswordLookup;
  readonly #challenge: Uint8Array;
  #state: 'start' | 'asked' | 'over' = 'start';

  /** `challenge` has the form of a message identifier and must never repeat; it is given only by tests. */
  constructor(
    lookup: PasswordLookup,
    challenge = `<${randomBytes(16).toString('hex')}.${Date.now()}@posthorn.invalid>`,
  ) {
    this.#lookup = lookup;
    this.#challenge = utf8(challenge);
  }

  async step(message: Uint8Array | undefined): Promise<ServerStep> {
    const state = this.#state;
    this.#state = 'over';
    if (state === 'start' && message === undefined) {
      this.#state = 'asked';
      return { challenge: this.#challenge };
    }
    if (state !== 'asked' || message === undefined) return { failed: 'the client spoke out of turn' };
    const text = readUtf8(message);
    // The name may contain spaces, the digest cannot.
    const space = text?.lastIndexOf(' ') ?? -1;
    if (text === undefined || space < 0) return { failed: 'the message is not a name, a space and a digest' };
    return await this.#verify(text.slice(0, space), text.slice(space + 1));
  }

  async #verify(name: string, proof: string): Promise<ServerStep> {
    const user = await prepare(name);
    if (user === undefined) return WRONG_CREDENTIALS;
    const password = (await this.#lookup(user)) ?? unguessable();
    return sameSecret(proof, digest(password, this.#challenge)) ? { user } : WRONG_CREDENTIALS;
  }
}
