/**
 * OAuth tokens: OAUTHBEARER (RFC 7628) and its forerunner XOAUTH2 (Google, 2010). One message with the token in clear;
 * the secrecy is all the channel's.
 *
 * A server that refuses says why in JSON, as a challenge, and refuses in its own words once that has been answered. The
 * answer is fixed and nothing is tried again: the same token would be refused again.
 */

import { concealing } from './conceal.ts';
import { type Credentials, type TokenCredentials, withToken } from './credentials.ts';
import type { ClientContext, ClientMechanism, ServerMechanism, ServerStep, Verifier } from './mechanism.ts';
import { malformedExchange } from './mechanism.ts';
import { complaintOf, type Dialect, SPELLINGS } from './oauth-message.ts';
import { prepare, prepareOwn } from './prep.ts';
import { readUtf8, utf8 } from './text.ts';

export class OAuthClient implements ClientMechanism {
  readonly name: Dialect;
  complaint: string | undefined;
  readonly #credentials: TokenCredentials;
  readonly #context: ClientContext;
  #state: 'start' | 'sent' | 'refused' = 'start';

  /** @throws UsageError `bad-credentials`, see `withToken`. */
  constructor(name: Dialect, credentials: Credentials, context: ClientContext = {}) {
    this.name = name;
    this.#credentials = withToken(name, credentials);
    this.#context = context;
  }

  /** @throws UsageError `bad-credentials` when SASLprep prohibits the name. */
  async initial(): Promise<Uint8Array> {
    const user = await prepareOwn('user name', this.#credentials.user);
    this.#state = 'sent';
    return utf8(SPELLINGS[this.name].format({ user, token: this.#credentials.token }, this.#context));
  }

  /** RFC 7628 §3.2.3: a challenge is a refusal, and its answer says only that it has been read. */
  async respond(challenge: Uint8Array): Promise<Uint8Array> {
    const state = this.#state;
    this.#state = 'refused';
    if (state !== 'sent') throw malformedExchange(this.name, 'it asked for more after the only message');
    const complaint = complaintOf(challenge);
    this.complaint = complaint && concealing(this.#credentials.token)(complaint);
    return utf8(SPELLINGS[this.name].acknowledgement);
  }

  finish(): void {
    if (this.#state === 'start') throw malformedExchange(this.name, 'it reported success before the token was sent');
    if (this.#state === 'refused') throw malformedExchange(this.name, 'it reported success after it refused the token');
  }
}

export class OAuthServer implements ServerMechanism {
  readonly name: Dialect;
  readonly #verifier: Verifier;
  #state: 'start' | 'asked' | 'refused' | 'over' = 'start';

  constructor(name: Dialect, verifier: Verifier) {
    this.name = name;
    this.#verifier = verifier;
  }

  async step(message: Uint8Array | undefined): Promise<ServerStep> {
    const state = this.#state;
    this.#state = 'over';
    if (state === 'start' && message === undefined) {
      this.#state = 'asked';
      return { challenge: new Uint8Array() };
    }
    if (state === 'refused') return { failed: 'the token is not good' };
    if (state === 'over' || message === undefined) return { failed: 'the exchange is over' };
    const said = SPELLINGS[this.name].read(readUtf8(message) ?? '');
    if (said === undefined) return this.#refuse('invalid_request');
    const user = await prepare(said.user);
    const good = user !== undefined && (await this.#verifier.token?.(user, said.token)) === true;
    return good ? { user } : this.#refuse('invalid_token');
  }

  #refuse(status: string): ServerStep {
    this.#state = 'refused';
    return { challenge: utf8(JSON.stringify({ status })) };
  }
}
