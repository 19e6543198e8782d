/**
 * The way out of a channel: bytes of one tick gathered into one write, and back-pressure given to whoever writes.
 *
 * Why gathered: a group of pipelined commands, or a server's replies to one, should travel in one segment.
 */
import type { Duplex } from 'node:stream';
import { TimeoutError } from '../errors.ts';

/** Octets gathered for one write of a tick; past it they leave at once. */
export const BATCH = 64 * 1024;
/** How long the peer may refuse to take our bytes (RFC 5321 §4.5.3.2.5, data block), milliseconds. */
const STALL = 180_000;

export class Outgoing {
  #socket: Duplex;
  readonly #stall: number;
  #gathered: Uint8Array[] = [];
  #length = 0;
  #scheduled = false;
  /** Octets given to the socket, over the whole life of the connection. */
  departed = 0;

  /** `stall`: how long the peer may refuse to take our bytes, milliseconds. */
  constructor(socket: Duplex, stall = STALL) {
    this.#socket = socket;
    this.#stall = stall;
  }

  /** From here on bytes go to another socket: the same connection under TLS. */
  moveTo(socket: Duplex): void {
    this.#socket = socket;
  }

  /** Takes bytes along with the tick's other ones. */
  add(bytes: Uint8Array): void {
    this.#gathered.push(bytes);
    this.#length += bytes.length;
  }

  /** Octets taken: those that departed, and those that were gathered. */
  get taken(): number {
    return this.departed + this.#length;
  }

  /** Whether so much has been gathered that it should leave now. */
  get full(): boolean {
    return this.#length >= BATCH;
  }

  /** Calls `flush` once at the end of the tick, however often it is asked for. */
  soon(flush: () => void): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      flush();
    });
  }

  flush(): void {
    if (this.#gathered.length === 0) return;
    const [pieces, length] = [this.#gathered, this.#length];
    this.#gathered = [];
    this.#length = 0;
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.departed += length;
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }

  /** Whether the socket holds as much as it wants to: whoever writes should wait for `drained`. */
  get crowded(): boolean {
    return this.#socket.writableNeedDrain;
  }

  /** Resolves when the peer has made room, or the socket is gone; TimeoutError when it does neither. */
  drained(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const settle = (error?: TimeoutError) => {
        clearTimeout(timer);
        socket.off('drain', settle).off('close', settle);
        if (error instanceof TimeoutError) reject(error);
        else resolve();
      };
      const timer = setTimeout(() => {
        const seconds = Math.round(this.#stall / 1000);
        settle(new TimeoutError('stalled', `The other side has taken no data for ${seconds} seconds.`));
      }, this.#stall);
      socket.on('drain', settle).on('close', settle);
    });
  }
}
