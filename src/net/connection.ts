/**
 * The socket under a channel, whichever it is now: the one it began with, or TLS over it. One set of listeners, for life;
 * and the two ways in which it ends.
 *
 * What this file must never know: requests, parsers, and why a connection ends.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** How long a peer may leave its half of a closed connection open, milliseconds. */
const LINGER = 1000;

export interface ConnectionEvents {
  data(chunk: Uint8Array): void;
  /** No more will come in. */
  end(cause?: Error): void;
  /** The socket is closed, both ways. */
  close(): void;
}

export class Connection {
  #socket: Duplex;
  readonly #events: ConnectionEvents;
  #lingering: NodeJS.Timeout | undefined;

  constructor(socket: Duplex, events: ConnectionEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  /** Listens from now on. */
  attach(socket: Duplex): void {
    this.#socket = socket;
    socket.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError).on('close', this.#onClose);
    if (socket.destroyed) this.#events.end();
  }

  /** Gives the socket to somebody else, such as TLS. */
  detach(): Duplex {
    const socket = this.#socket;
    socket.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onClose);
    // The error listener stays: a plain socket that breaks under its TLS session must not end the process.
    return socket.pause();
  }

  /** Whether something has come that was not handed out. */
  get unread(): boolean {
    return this.#socket.readableLength > 0;
  }

  /** Ends it once everything written has left. */
  end(): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    // What still comes in is read and dropped: unread input at close would reset the connection under our last words.
    socket.end();
    socket.resume();
    // What is no socket of the system does not keep the process alive by itself, and whoever closes waits for this.
    const timer = setTimeout(() => socket.destroy(), LINGER);
    socket.once('close', () => clearTimeout(timer));
    this.#lingering = timer;
  }

  /** Ends it at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** The process need not live for it. */
  unref(): void {
    this.#lingering?.unref();
    if (this.#socket instanceof Socket) this.#socket.unref();
  }

  readonly #onData = (chunk: Uint8Array) => this.#events.data(chunk);
  readonly #onEnd = () => this.#events.end();
  readonly #onError = (cause: Error) => this.#events.end(cause);
  readonly #onClose = () => this.#events.close();
}
