/**
 * The way into a channel: feeds what came in to the parsers that wait, one behind the other, against the clock.
 *
 * What this file must never know: how bytes leave, and what protects them.
 */
import type { Duplex } from 'node:stream';
import type { PosthornError } from '../errors.ts';
import type { Parser } from '../wire/parser.ts';
import { Deadline } from './deadline.ts';
import { asFailure, expired } from './failures.ts';
import { Incoming } from './incoming.ts';
import type { Request, Requests } from './requests.ts';

/** What the channel is told, and asked. */
export interface ReaderEvents {
  /** Whether the connection has failed: nothing is handed out any more. */
  failed(): boolean;
  fail(error: PosthornError): void;
  /** The peer said this line; what it may not show is masked. */
  said(line: string): void;
  /** A request is answered, and others are held. */
  next(): void;
  /** The peer has ended, and all it said before has been handed out. */
  over(cause: Error | undefined): void;
}

export class Reader {
  readonly #requests: Requests;
  readonly #events: ReaderEvents;
  readonly #input: Incoming;
  readonly #deadline: Deadline;
  #draining = false;
  /** Set once no more will come in; what came before is still handed out. */
  #ended: { readonly cause: Error | undefined } | undefined;

  constructor(socket: Duplex, requests: Requests, events: ReaderEvents) {
    const input = new Incoming(socket);
    this.#input = input;
    this.#requests = requests;
    this.#events = events;
    this.#deadline = new Deadline(
      {
        received: () => input.received,
        streaming: () => requests.next?.parser.streaming ?? false,
        paused: () => input.busyTime,
      },
      (milliseconds) => events.fail(expired(milliseconds, requests.next?.options.phase)),
    );
  }

  /** From here on bytes come from another socket: the same connection under TLS. */
  moveTo(socket: Duplex): void {
    this.#input.moveTo(socket);
  }

  /** The first chunk that nobody has read yet. */
  get unread(): Uint8Array | undefined {
    return this.#input.first();
  }

  /** Takes what came in. */
  add(chunk: Uint8Array): void {
    if (this.#events.failed()) return;
    this.#input.add(chunk);
    this.drain();
  }

  /** No more will come in. */
  end(cause?: Error): void {
    this.#ended ??= { cause };
    this.drain();
  }

  /** Gives the next answer its time, from now on. */
  startClock(): void {
    const timeout = this.#requests.next?.options.timeout;
    if (timeout === undefined) this.#deadline.stop();
    else this.#deadline.start(timeout);
  }

  stopClock(): void {
    this.#deadline.stop();
  }

  /**
   * Feeds what came in to the parsers that wait, until one of the two runs out or a sink asks for time. The last words
   * of a peer that closes are handed out before the connection counts as lost, be they asked for later.
   */
  drain(): void {
    // A sink may come back here, by closing or writing, while the chunk it was given is still the first one.
    if (this.#draining) return;
    this.#draining = true;
    try {
      while (!this.#input.busy && !this.#events.failed()) {
        const waiting = this.#requests.next;
        if (waiting?.parser.result !== undefined) this.#answer(waiting, waiting.parser.result.value);
        else if (waiting !== undefined && !this.#input.empty) this.#feed(waiting.parser);
        else break;
      }
    } catch (error) {
      this.#events.fail(asFailure(error));
    } finally {
      this.#draining = false;
    }
    if (this.#ended !== undefined && this.#input.empty && !this.#input.busy) this.#events.over(this.#ended.cause);
    this.#input.brake();
  }

  #feed(parser: Parser<unknown>): void {
    try {
      this.#input.feed(parser);
    } finally {
      for (const line of parser.said?.splice(0) ?? []) this.#events.said(line);
    }
    if (parser.wait === undefined) return;
    this.#input.busy = true;
    parser.wait.then(this.#goOn, (error: unknown) => this.#events.fail(asFailure(error)));
  }

  readonly #goOn = () => {
    this.#input.busy = false;
    this.drain();
  };

  #answer(waiting: Request, value: unknown): void {
    this.#requests.answered();
    this.startClock();
    waiting.resolve(value);
    if (this.#requests.held) this.#events.next();
  }
}
