/**
 * The server's side of a login: USER and PASS, APOP (RFC 1939 §7), AUTH (RFC 5034). It says who somebody is, or why not.
 *
 * What it must never know: maildrops, or how often somebody may try.
 */
import { Pop3ReplyError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import { answerAuth, type Verdict } from '../sasl/answer.ts';
import { prepare } from '../sasl/prep.ts';
import { sameSecret, unguessable, verifyPassword } from '../sasl/verify.ts';
import { lineOf, secretLineParser } from '../wire/secret-line.ts';
import { apopDigest, newTimestamp } from './apop.ts';
import { AUTOLOGOUT } from './commands.ts';
import { mayLogIn } from './offer.ts';
import type { Pop3ServerOptions } from './server-options.ts';

const REJECTED: Verdict = { failed: 'rejected' };

export class ServerLogin {
  /** What the greeting ends with, where APOP is offered. */
  #timestamp: string | undefined;
  #user: string | undefined;
  readonly #channel: Channel;
  readonly #options: Pop3ServerOptions;

  constructor(channel: Channel, options: Pop3ServerOptions) {
    this.#channel = channel;
    this.#options = options;
    // Where nobody may log in yet a timestamp would be said in clear, and be worth nothing.
    if (options.apop === true && mayLogIn(channel, options)) this.#timestamp = newTimestamp();
  }

  get timestamp(): string | undefined {
    return this.#timestamp;
  }

  /** TLS has begun: as if the connection had (RFC 2595 §4), but for the greeting, which is not said again. */
  restart(): void {
    this.#user = undefined;
    this.#timestamp = undefined;
  }

  /** Takes the name of USER. @throws Pop3ReplyError without the TLS that is needed, as everything here does. */
  name(user: string): void {
    this.#requireTls();
    this.#user = user;
  }

  async pass(password: string): Promise<Verdict> {
    this.#requireTls();
    const user = this.#user;
    if (user === undefined) throw new Pop3ReplyError(undefined, 'USER comes first');
    this.#user = undefined;
    const lookup = (name: string) => this.#options.backend.password(name);
    const step = await verifyPassword(lookup, { user, password, authzid: '' });
    return 'user' in step ? step : REJECTED;
  }

  /** `said` is a name, a space and a digest. */
  async apop(said: string): Promise<Verdict> {
    this.#requireTls();
    if (this.#timestamp === undefined) throw new Pop3ReplyError(undefined, 'APOP is not available');
    const space = said.lastIndexOf(' ');
    if (space < 0) throw new Pop3ReplyError(undefined, 'wrong arguments for APOP');
    const user = await prepare(said.slice(0, space));
    const known = user === undefined ? undefined : await this.#options.backend.password(user);
    const password = (known === undefined ? undefined : await prepare(known)) ?? unguessable();
    const right = sameSecret(said.slice(space + 1).toLowerCase(), apopDigest(this.#timestamp, password));
    return right && user !== undefined ? { user } : REJECTED;
  }

  auth(name: string, initial: string | undefined): Promise<Verdict> {
    this.#requireTls();
    const { backend, autologout: timeout = AUTOLOGOUT } = this.#options;
    return answerAuth({ name, initial }, backend, this.#channel, async (challenge) => {
      await this.#channel.write(Buffer.from(`+ ${challenge}\r\n`), '+ ****');
      return lineOf(await this.#channel.read(secretLineParser(), { timeout }));
    });
  }

  #requireTls(): void {
    if (!mayLogIn(this.#channel, this.#options)) throw new Pop3ReplyError(undefined, 'start TLS first (STLS)');
  }
}
