/**
 * SCRAM-SHA-1 (RFC 5802) and SCRAM-SHA-256 (RFC 7677): both sides prove that they know the password, neither says it.
 * In the forms with -PLUS the proof holds on this one TLS connection only (RFC 5802 §6).
 *
 * Why the care: the client's proof is worth little if it believes a server that proved nothing, so `finish` accepts
 * success only after the server's signature was verified (RFC 5802 §5, §9). This file must never take a peer's message
 * apart: that is `scram-message.ts`.
 */

import { randomBytes } from 'node:crypto';
import { AuthError } from '../errors.ts';
import type { ChannelBinding } from './binding.ts';
import { type Credentials, type PasswordCredentials, withPassword } from './credentials.ts';
import type { ClientMechanism, PasswordLookup, ServerMechanism, ServerStep } from './mechanism.ts';
import { malformedExchange } from './mechanism.ts';
import { prepare, prepareOwn } from './prep.ts';
import type { ScramHash, ScramKeys } from './scram-keys.ts';
import { clientProof, deriveKeys, provesClient, provesServer, serverSignature } from './scram-keys.ts';
import type { ClientFinal, ClientFirst } from './scram-message.ts';
import * as grammar from './scram-message.ts';
import { base64, utf8 } from './text.ts';
import { mayActAs, unguessable, WRONG_CREDENTIALS } from './verify.ts';

const NAMES: Readonly<Record<ScramHash, string>> = { sha1: 'SCRAM-SHA-1', sha256: 'SCRAM-SHA-256' };

function nameOf(hash: ScramHash, plus: boolean): string {
  return plus ? `${NAMES[hash]}-PLUS` : NAMES[hash];
}

function freshNonce(): string {
  return randomBytes(24).toString('base64');
}

/** The text that both signatures cover (RFC 5802 §3). */
function authMessageOf(clientFirstBare: string, serverFirst: string, clientFinalWithoutProof: string): string {
  return `${clientFirstBare},${serverFirst},${clientFinalWithoutProof}`;
}

type ClientState =
  | { readonly at: 'start' | 'failed' | 'proven' }
  | { readonly at: 'first'; readonly password: string; readonly header: string; readonly bare: string }
  | { readonly at: 'final'; readonly keys: ScramKeys; readonly authMessage: string };

export class ScramClient implements ClientMechanism {
  readonly name: string;
  readonly #hash: ScramHash;
  readonly #credentials: PasswordCredentials;
  readonly #binding: ChannelBinding | 'unoffered' | 'none';
  readonly #nonce: string;
  #state: ClientState = { at: 'start' };

  /**
   * `binding` makes it the form with -PLUS. Without one it must be said whether there could have been one: `unoffered`
   * lets a server that did offer it see that somebody took the offer away. `nonce` must be new for each exchange; it is
   * given only by tests.
   *
   * @throws UsageError `bad-credentials`, see `withPassword`.
   */
  constructor(
    hash: ScramHash,
    credentials: Credentials,
    binding: ChannelBinding | 'unoffered' | 'none' = 'none',
    nonce = freshNonce(),
  ) {
    this.name = nameOf(hash, typeof binding !== 'string');
    this.#hash = hash;
    this.#credentials = withPassword(this.name, credentials);
    this.#binding = binding;
    this.#nonce = nonce;
  }

  /** @throws UsageError `bad-credentials` when SASLprep prohibits the name or the password. */
  async initial(): Promise<Uint8Array> {
    const user = await prepareOwn('user name', this.#credentials.user);
    const password = await prepareOwn('password', this.#credentials.password);
    const header = grammar.gs2Header(grammar.bindingFlag(this.#binding), this.#credentials.authzid);
    const bare = `n=${grammar.escapeName(user)},r=${this.#nonce}`;
    this.#state = { at: 'first', password, header, bare };
    return utf8(header + bare);
  }

  async respond(challenge: Uint8Array): Promise<Uint8Array> {
    const state = this.#state;
    this.#state = { at: 'failed' };
    const text = grammar.readMessage(challenge);
    if (text === undefined) throw malformedExchange(this.name, 'its message is too long or not UTF-8');
    const final = grammar.readServerFinal(text);
    if (final !== undefined && 'error' in final) throw rejected(final.error);
    if (state.at === 'first') return await this.#prove(state, text);
    if (state.at !== 'final') throw malformedExchange(this.name, 'it spoke out of turn');
    if (final === undefined) throw malformedExchange(this.name, 'its last message carries no signature');
    if (final.signature === undefined || !provesServer(final.signature, state.keys, state.authMessage))
      throw unproven();
    this.#state = { at: 'proven' };
    return new Uint8Array();
  }

  finish(): void {
    if (this.#state.at !== 'proven') throw unproven();
  }

  async #prove(state: ClientState & { at: 'first' }, serverFirst: string): Promise<Uint8Array> {
    const first = grammar.readServerFirst(serverFirst, this.#nonce);
    if (typeof first === 'string') throw malformedExchange(this.name, first);
    const keys = await deriveKeys(this.#hash, state.password, first.salt, first.iterations);
    const data = typeof this.#binding === 'string' ? undefined : this.#binding.data;
    const withoutProof = `c=${grammar.bindingOf(state.header, data)},r=${first.nonce}`;
    const authMessage = authMessageOf(state.bare, serverFirst, withoutProof);
    this.#state = { at: 'final', keys, authMessage };
    return utf8(`${withoutProof},p=${base64(clientProof(keys, authMessage))}`);
  }
}

function rejected(error: string): AuthError {
  // The values of RFC 5802 §7 are plain words; anything else is the server's text and is not repeated.
  const reason = /^[a-z-]{1,40}$/.test(error) ? ` (${error})` : '';
  return new AuthError('auth-rejected', `The server refused the credentials${reason}.`, {
    phase: 'auth',
    hint: error.includes('channel-binding')
      ? 'Somebody may stand between you and the server; if not, ask for a mechanism without -PLUS by name.'
      : 'Check the user name and the password.',
    temporary: error === 'no-resources',
  });
}

function unproven(): AuthError {
  return new AuthError('auth-server-not-proven', 'The server did not prove that it knows the password.', {
    phase: 'auth',
    hint: 'Somebody may be posing as the server; check the host name and its certificate before trying again.',
  });
}

type ServerState =
  | { readonly at: 'start' | 'asked' | 'over' }
  | {
      readonly at: 'first';
      readonly user: string | undefined;
      readonly client: ClientFirst;
      readonly keys: ScramKeys;
      readonly serverFirst: string;
      readonly nonce: string;
    }
  | { readonly at: 'signed'; readonly user: string };

export interface ScramServerOptions {
  /** What the channel can be bound to; with any, the forms with -PLUS must have been offered. */
  readonly bindings?: readonly ChannelBinding[] | undefined;
  /** The form with -PLUS. */
  readonly plus?: boolean;
  readonly draw?: ScramDraw;
}

/** What the server draws anew for each exchange; tests give it. */
export interface ScramDraw {
  readonly nonce: string;
  readonly salt: Uint8Array;
}

export class ScramServer implements ServerMechanism {
  readonly name: string;
  readonly #hash: ScramHash;
  readonly #lookup: PasswordLookup;
  readonly #bindings: readonly ChannelBinding[];
  readonly #plus: boolean;
  readonly #draw: ScramDraw;
  #state: ServerState = { at: 'start' };

  constructor(hash: ScramHash, lookup: PasswordLookup, { bindings = [], plus = false, draw }: ScramServerOptions = {}) {
    this.name = nameOf(hash, plus);
    this.#hash = hash;
    this.#lookup = lookup;
    this.#bindings = bindings;
    this.#plus = plus;
    this.#draw = draw ?? { nonce: freshNonce(), salt: randomBytes(16) };
  }

  async step(message: Uint8Array | undefined): Promise<ServerStep> {
    const state = this.#state;
    this.#state = { at: 'over' };
    if (state.at === 'start' && message === undefined) {
      this.#state = { at: 'asked' };
      return { challenge: new Uint8Array() };
    }
    const text = message === undefined ? undefined : grammar.readMessage(message);
    if (text === undefined || state.at === 'over') return { failed: 'the client spoke out of turn, or not UTF-8' };
    if (state.at === 'signed') return text === '' ? { user: state.user } : { failed: 'the client said too much' };
    if (state.at === 'first') return this.#sign(state, grammar.readClientFinal(text));
    const client = grammar.readClientFirst(text);
    if (client === undefined) return { failed: 'the first message is malformed' };
    const fault = this.#bindingFault(client.flag);
    return fault === undefined ? await this.#challenge(client) : { failed: fault };
  }

  /** What is wrong with what the client says of channel binding (RFC 5802 §6). */
  #bindingFault(flag: string): string | undefined {
    if (this.#plus) return this.#bound(flag) === undefined ? 'the client binds to something else' : undefined;
    if (flag === 'y' && this.#bindings.length > 0) return 'the client was not told that channel binding is offered';
    return flag === 'y' || flag === 'n' ? undefined : 'the client binds in a form without -PLUS';
  }

  #bound(flag: string): ChannelBinding | undefined {
    return this.#bindings.find((binding) => grammar.bindingFlag(binding) === flag);
  }

  /** An unknown user gets a challenge like any other, so that names cannot be probed; the end is then a refusal. */
  async #challenge(client: ClientFirst): Promise<ServerStep> {
    const name = await prepare(client.user);
    const known = name === undefined ? undefined : await this.#lookup(name);
    const password = known === undefined ? undefined : await prepare(known);
    const permitted = name !== undefined && password !== undefined && (await mayActAs(name, client.authzid));
    const { salt } = this.#draw;
    const keys = await deriveKeys(this.#hash, password ?? unguessable(), salt, grammar.MIN_ITERATIONS);
    const nonce = client.nonce + this.#draw.nonce;
    const serverFirst = `r=${nonce},s=${base64(salt)},i=${grammar.MIN_ITERATIONS}`;
    this.#state = { at: 'first', user: permitted ? name : undefined, client, keys, serverFirst, nonce };
    return { challenge: utf8(serverFirst) };
  }

  #sign(state: ServerState & { at: 'first' }, final: ClientFinal | undefined): ServerStep {
    const { client, keys, serverFirst, user } = state;
    if (final === undefined) return { failed: 'the final message is malformed' };
    if (final.nonce !== state.nonce) return { failed: 'the final message has another nonce' };
    if (final.binding !== grammar.bindingOf(client.header, this.#bound(client.flag)?.data))
      return { failed: 'the channel binding changed' };
    const authMessage = authMessageOf(client.bare, serverFirst, final.withoutProof);
    if (!provesClient(final.proof, keys, authMessage) || user === undefined) return WRONG_CREDENTIALS;
    this.#state = { at: 'signed', user };
    return { challenge: utf8(`v=${base64(serverSignature(keys, authMessage))}`) };
  }
}
