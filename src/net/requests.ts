/**
 * The requests of a channel: those held back, those that wait for their answer, and the rule that lets one become the
 * other. RFC 2920 §3 and RFC 2449 §6.6: several may be under way where the peer says so, but nothing may follow a
 * command that must be the last of its group before that one is answered.
 *
 * What this file must never know: bytes on their way, or sockets.
 */
import { ConnectionLostError, type PosthornError } from '../errors.ts';
import type { Parser } from '../wire/parser.ts';
import { Fifo } from './fifo.ts';

export interface RequestOptions {
  /** Milliseconds until the reply must be complete, or a body must have made progress. */
  timeout?: number | undefined;
  /** Nothing more is sent until this is answered: the last command of a pipelined group. */
  last?: boolean | undefined;
  /** What the transcript shows instead of the bytes. */
  said?: string | undefined;
  phase?: string | undefined;
}

export interface Request {
  /** Undefined where an answer is awaited that these bytes do not ask for: a greeting, the reply to a body. */
  readonly bytes: Uint8Array | undefined;
  readonly parser: Parser<unknown>;
  readonly options: RequestOptions;
  /** Where on the way out it ends, in octets: the peer can have acted on it once these have left. */
  end: number;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class Requests {
  /** Whether the peer takes several requests at once. */
  pipelining = false;
  readonly #held = new Fifo<Request>();
  readonly #waiting = new Fifo<Request>();

  /** The request whose answer comes next. */
  get next(): Request | undefined {
    return this.#waiting.first();
  }

  get held(): boolean {
    return this.#held.length > 0;
  }

  get idle(): boolean {
    return this.#held.length === 0 && this.#waiting.length === 0;
  }

  /** Holds a request back until `release` lets it go. */
  hold(request: Request): void {
    this.#held.push(request);
  }

  /** Takes a request whose answer is awaited from now on. */
  await(request: Request): void {
    this.#waiting.push(request);
  }

  /** Lets the next held request go, if the rules allow it, and returns it. */
  release(): Request | undefined {
    const last = this.#waiting.last();
    if (last !== undefined && (!this.pipelining || last.options.last === true)) return undefined;
    const request = this.#held.shift();
    if (request !== undefined) this.#waiting.push(request);
    return request;
  }

  /** The first one is answered. */
  answered(): void {
    this.#waiting.shift();
  }

  /** The connection is over, `departed` octets have left: what is not wholly among them can be sent again elsewhere. */
  reject(error: PosthornError, departed: number): void {
    for (const request of [...this.#waiting.drain(), ...this.#held.drain()])
      request.reject(request.end <= departed ? error : notSent(error));
  }
}

/** The same failure for a request that can be repeated: no octet of it had left, or it changes nothing. */
export function notSent<E>(error: E): E | ConnectionLostError {
  if (!(error instanceof ConnectionLostError)) return error;
  const { phase, hint, cause, transcript } = error;
  return new ConnectionLostError('not-sent', error.message, { phase, hint, cause, transcript });
}
