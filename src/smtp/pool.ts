/**
 * Many messages over a few connections to one server, which are opened as they are needed and anew when they end.
 *
 * A message is tried again only where it is certain that it was not sent; one of unknown fate is told to the caller and
 * never repeated. Each connection carries one message at a time, so that no more than that one is ever in doubt.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AuthError, type PosthornError, UsageError } from '../errors.ts';
import { aborted } from '../net/failures.ts';
import type { LoginOptions } from '../sasl/attempt.ts';
import { SmtpClient, type SmtpOptions } from './client.ts';
import type { Envelope, Outgoing, SendOptions, SendResult } from './envelope.ts';
import { isPassing, PooledConnection } from './pool-connection.ts';
import { type Job, PoolQueue } from './pool-queue.ts';

export interface PoolOptions extends SmtpOptions {
  /** Without it nobody logs in. */
  readonly login?: LoginOptions | undefined;
  /** The most connections at once; 2 by default. Fewer are used where the server takes no more. */
  readonly connections?: number | undefined;
  /** After so many a new connection is opened; by default when the server wants it. */
  readonly messagesPerConnection?: number | undefined;
  /** The most messages that wait for a connection; 100 by default. */
  readonly queue?: number | undefined;
  /** How often a message is begun, and how often a connection is tried, before that is given up; 3 by default. */
  readonly attempts?: number | undefined;
  /** Milliseconds before a connection is tried again, twice as many each time; 1000 by default. */
  readonly pause?: number | undefined;
  /** Milliseconds after which a connection that nobody uses is closed; 10 seconds by default. */
  readonly idle?: number | undefined;
}

export class SmtpPool {
  readonly #options: PoolOptions;
  readonly #waiting: PoolQueue;
  /** Connections with a message, opening or leaving included, each with what it is doing. */
  readonly #workers = new Map<PooledConnection, Promise<void>>();
  /** Wakes a connection without a message: with one, or to leave. */
  readonly #idle: ((job: Job | undefined) => void)[] = [];
  /** The most connections the server has been found to take. */
  #most: number;
  /** Settles when the connection tried last stands or does not. */
  #opening: Promise<unknown> = Promise.resolve();
  #closing = false;
  /** Why nothing will be sent any more. */
  #ended: PosthornError | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#waiting = new PoolQueue(Math.max(1, options.queue ?? 100));
    this.#most = this.#connections;
    if (options.signal?.aborted) this.#abort();
    options.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  get #connections(): number {
    return Math.max(1, this.#options.connections ?? 2);
  }

  get #attempts(): number {
    return Math.max(1, this.#options.attempts ?? 3);
  }

  /**
   * Sends a message as soon as a connection is free. `message.chunks` is called anew for each attempt, and `progress` counts
   * each from the beginning.
   *
   * @throws what `SmtpClient.connect`, `login` and `send` throw; `ConnectionLostError` with `unknown` where nobody can say
   *   whether it was sent. A refused login ends the pool: every message fails with it, and no further attempt is made. One
   *   that cannot be judged for now is trouble of a connection like any other.
   *   UsageError `pool-full` where `ready` was not awaited, `pool-closed`.
   */
  send(envelope: Envelope, message: Outgoing, options: SendOptions = {}): Promise<SendResult> {
    const result = Promise.withResolvers<SendResult>();
    // A message that is not awaited yet may fail meanwhile.
    result.promise.catch(() => undefined);
    const refused = this.#refusal();
    if (refused !== undefined) result.reject(refused);
    else {
      this.#waiting.push({ envelope, message, options, result, begun: 0 });
      this.#dispatch();
    }
    return result.promise;
  }

  /** Resolves when there is room for one more message, to each who asks in turn; also when there never will be. */
  ready(): Promise<void> {
    return this.#waiting.ready();
  }

  /** Waits for every message that was given to `send`, and takes leave. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#waiting.close();
    this.#wake();
    while (this.#workers.size > 0) await Promise.all(this.#workers.values());
    this.#options.signal?.removeEventListener('abort', this.#abort);
  }

  /** For `await using`: as `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #refusal(): PosthornError | undefined {
    if (this.#ended !== undefined) return this.#ended;
    if (this.#closing) return new UsageError('pool-closed', 'The pool is closed; nothing was sent.');
    if (!this.#waiting.full) return undefined;
    return new UsageError('pool-full', 'Too many messages wait for a connection; this one was not sent.', {
      hint: 'Await ready() before each send().',
    });
  }

  /** Gives what waits to connections without a message, and to new ones. */
  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const idle = this.#idle.pop();
      if (idle === undefined && this.#workers.size >= this.#most) return;
      const job = this.#waiting.shift();
      if (idle !== undefined) idle(job);
      else if (job !== undefined) this.#employ(job);
    }
  }

  #employ(first: Job): void {
    const most = this.#options.messagesPerConnection ?? Number.POSITIVE_INFINITY;
    const connection = new PooledConnection(() => this.#connect(), most);
    const work = this.#work(connection, first).finally(() => {
      this.#workers.delete(connection);
      if (this.#workers.size === 0) this.#most = this.#connections;
      this.#dispatch();
    });
    this.#workers.set(connection, work);
  }

  async #work(connection: PooledConnection, first: Job): Promise<void> {
    for (let job: Job | undefined = first; job !== undefined; ) {
      const tell = await this.#carry(job, connection);
      // Free before the caller knows: whoever sends one message behind the other needs one connection.
      const next = tell === undefined ? undefined : this.#next();
      tell?.();
      job = await next;
    }
    await connection.leave();
  }

  /** The next message for a connection; undefined when it is to leave. */
  #next(): Promise<Job | undefined> {
    const job = this.#waiting.shift();
    if (job !== undefined || this.#closing || this.#ended !== undefined) return Promise.resolve(job);
    return new Promise((resolve) => {
      const wake = (given: Job | undefined): void => {
        clearTimeout(timer);
        resolve(given);
      };
      const timer = setTimeout(() => {
        this.#idle.splice(this.#idle.indexOf(wake), 1);
        resolve(undefined);
      }, this.#options.idle ?? 10_000);
      this.#idle.push(wake);
    });
  }

  /**
   * Sends a message, over as many connections as it takes. Resolves to what tells the caller, or to nothing when no
   * connection can be had: then this one is to go.
   */
  async #carry(job: Job, connection: PooledConnection): Promise<(() => void) | undefined> {
    for (;;) {
      try {
        await connection.open();
      } catch (error) {
        this.#unopened(job, error as PosthornError);
        return undefined;
      }
      job.begun += 1;
      try {
        const sent = await connection.send(job.envelope, job.message, job.options);
        return () => job.result.resolve(sent);
      } catch (error) {
        if ((await connection.isTroubled(error)) && job.begun < this.#attempts) continue;
        return () => job.result.reject(error);
      }
    }
  }

  /** A connection cannot be had. Those that stand go on with what waits; without any, all of it fails. */
  #unopened(job: Job, error: PosthornError): void {
    const standing = [...this.#workers.keys()].filter(({ stands }) => stands).length;
    if (standing > 0 && this.#ended === undefined) {
      this.#most = standing;
      this.#waiting.putBack(job);
      return;
    }
    job.result.reject(error);
    this.#waiting.reject(error);
  }

  /** One after the other: a wrong password is tried once, and a server that turns us away is not stormed. */
  #connect(): Promise<SmtpClient> {
    const opened = this.#opening.then(() => this.#persist());
    this.#opening = opened.catch(() => undefined);
    return opened;
  }

  async #persist(): Promise<SmtpClient> {
    for (let attempt = 1; ; attempt++) {
      if (this.#ended !== undefined) throw this.#ended;
      try {
        return await this.#logIn();
      } catch (error) {
        if (error instanceof AuthError && !error.temporary) this.#stop(error);
        const alone = [...this.#workers.keys()].every(({ stands }) => !stands);
        if (!alone || !isPassing(error) || attempt >= this.#attempts) throw error;
      }
      const { pause = 1000, signal } = this.#options;
      await sleep(pause * 2 ** (attempt - 1), undefined, { signal }).catch(() => undefined);
    }
  }

  async #logIn(): Promise<SmtpClient> {
    const client = await SmtpClient.connect(this.#options);
    try {
      if (this.#options.login !== undefined) await client.login(this.#options.login);
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  readonly #abort = (): void => this.#stop(aborted(this.#options.signal));

  #stop(error: PosthornError): void {
    this.#ended ??= error;
    this.#waiting.reject(error);
    this.#waiting.close();
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#idle.splice(0)) wake(undefined);
  }
}
