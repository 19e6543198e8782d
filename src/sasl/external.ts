/**
 * EXTERNAL (RFC 4422 appendix A): who it is was settled below, by the client certificate of the TLS connection. All that
 * is said is whom to act as, or nothing.
 */

import { type CertificateCredentials, type Credentials, checkCredentials } from './credentials.ts';
import type { ClientMechanism, ServerMechanism, ServerStep, Verifier } from './mechanism.ts';
import { malformedExchange } from './mechanism.ts';
import { prepare } from './prep.ts';
import { readUtf8, utf8 } from './text.ts';

export class ExternalClient implements ClientMechanism {
  readonly name = 'EXTERNAL';
  readonly #authzid: string;
  #sent = false;

  /**
   * A password or a token among the credentials is not looked at. Whether a certificate was shown is not known here.
   *
   * @throws UsageError `bad-credentials`, see `checkCredentials`.
   */
  constructor(credentials: Credentials) {
    const own: CertificateCredentials =
      'authzid' in credentials && credentials.authzid !== undefined
        ? { user: credentials.user, authzid: credentials.authzid }
        : { user: credentials.user };
    checkCredentials(own);
    this.#authzid = own.authzid ?? '';
  }

  async initial(): Promise<Uint8Array> {
    this.#sent = true;
    return utf8(this.#authzid);
  }

  async respond(): Promise<Uint8Array> {
    throw malformedExchange(this.name, 'it asked for more after the only message');
  }

  finish(): void {
    if (!this.#sent) throw malformedExchange(this.name, 'it reported success before it was asked for');
  }
}

export class ExternalServer implements ServerMechanism {
  readonly name = 'EXTERNAL';
  readonly #verifier: Verifier;
  readonly #certified: readonly string[];
  #state: 'start' | 'asked' | 'over' = 'start';

  /** `certified`: whom the verified certificate names; the first is meant where the client names none. */
  constructor(verifier: Verifier, certified: readonly string[]) {
    this.#verifier = verifier;
    this.#certified = certified;
  }

  async step(message: Uint8Array | undefined): Promise<ServerStep> {
    if (this.#state === 'start' && message === undefined) {
      this.#state = 'asked';
      return { challenge: new Uint8Array() };
    }
    if (this.#state === 'over' || message === undefined) return { failed: 'the exchange is over' };
    this.#state = 'over';
    const authzid = readUtf8(message);
    if (authzid === undefined) return { failed: 'the message is not UTF-8' };
    return await this.#verify(authzid);
  }

  async #verify(authzid: string): Promise<ServerStep> {
    const names = await Promise.all(this.#certified.map(prepare));
    const wanted = authzid === '' ? names[0] : await prepare(authzid);
    if (wanted === undefined || !names.includes(wanted)) return { failed: 'the certificate names somebody else' };
    // The authority may have certified people who have no account here.
    const known = (await this.#verifier.password(wanted)) !== undefined;
    return known ? { user: wanted } : { failed: 'the certificate names no user of this server' };
  }
}
