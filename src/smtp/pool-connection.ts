/**
 * One connection of a pool: opened when a message needs it, and anew when it has ended or carried enough.
 *
 * What this file must never know: which messages wait, and who else is connected.
 */
import { ConnectError, ConnectionLostError, SmtpReplyError, TimeoutError } from '../errors.ts';
import type { SmtpClient } from './client.ts';
import type { Envelope, Outgoing, SendOptions, SendResult } from './envelope.ts';

export class PooledConnection {
  readonly #connect: () => Promise<SmtpClient>;
  readonly #most: number;
  #client: SmtpClient | undefined;
  /** Messages begun on this connection. */
  #carried = 0;

  /** `most`: the messages that one connection carries. */
  constructor(connect: () => Promise<SmtpClient>, most: number) {
    this.#connect = connect;
    this.#most = most;
  }

  get stands(): boolean {
    return this.#client?.open === true;
  }

  /** Makes sure that it stands. @throws what keeps it from being opened. */
  async open(): Promise<void> {
    if (this.stands && this.#carried < this.#most) return;
    await this.leave();
    this.#client = await this.#connect();
    this.#carried = 0;
  }

  /** Sends a message. @throws what `SmtpClient.send` throws. */
  async send(envelope: Envelope, message: Outgoing, options: SendOptions): Promise<SendResult> {
    if (this.#client === undefined) throw new ConnectionLostError('not-sent', 'The connection is closed.');
    this.#carried += 1;
    return this.#client.send(envelope, message, options);
  }

  /**
   * Whether the message that just failed may be tried on another connection: certain is that it was not sent, and the
   * trouble is one of this connection. Leaves it then.
   */
  async isTroubled(error: unknown): Promise<boolean> {
    // QUIRK: no RFC says how a server limits the messages of one connection. Some refuse the next MAIL for now, and take
    // it over a new connection (RFC 5321 §3.8 has 421 for it, which needs no guess).
    const full = error instanceof SmtpReplyError && error.temporary && error.phase === 'mail' && this.#carried > 1;
    if (!full && !isPassing(error)) return false;
    await this.leave();
    return true;
  }

  async leave(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.quit();
  }
}

/** Whether nothing was sent, and a new connection may mend it. */
export function isPassing(error: unknown): boolean {
  if (error instanceof ConnectionLostError) return error.outcome === 'not-sent';
  if (error instanceof SmtpReplyError)
    return error.replyCode === 421 || (error.temporary && error.phase === 'greeting');
  return error instanceof ConnectError || error instanceof TimeoutError;
}
