/**
 * What has come in and not been read yet, and the brake on the socket.
 *
 * The socket is paused while a sink is busy, and while more lies here than a command or two: back-pressure reaches the
 * peer through TCP, and memory stays bounded whatever the peer sends.
 */
import type { Duplex } from 'node:stream';
import type { Parser } from '../wire/parser.ts';
import { Fifo } from './fifo.ts';

/** Octets kept while nobody reads. */
const UNREAD = 64 * 1024;

export class Incoming {
  #socket: Duplex;
  #unread = 0;
  readonly #chunks = new Fifo<Uint8Array>();
  /** Octets received over the whole life of the connection. */
  received = 0;
  #busySince: number | undefined;
  #busyBefore = 0;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** From here on bytes come from another socket: the same connection under TLS. */
  moveTo(socket: Duplex): void {
    this.#socket = socket;
  }

  /** True while a parser's sink asks for time. */
  get busy(): boolean {
    return this.#busySince !== undefined;
  }

  set busy(busy: boolean) {
    this.#busyBefore = this.busyTime;
    this.#busySince = busy ? performance.now() : undefined;
  }

  /** Milliseconds, over the whole life of the connection, in which a sink asked for time. */
  get busyTime(): number {
    return this.#busyBefore + (this.#busySince === undefined ? 0 : performance.now() - this.#busySince);
  }

  get empty(): boolean {
    return this.#chunks.length === 0;
  }

  first(): Uint8Array | undefined {
    return this.#chunks.first();
  }

  add(chunk: Uint8Array): void {
    this.received += chunk.length;
    this.#unread += chunk.length;
    this.#chunks.push(chunk);
  }

  /** Gives the first chunk to a parser and keeps what it did not take. */
  feed(parser: Parser<unknown>): void {
    const chunk = this.#chunks.first();
    if (chunk === undefined) return;
    const taken = parser.push(chunk);
    this.#unread -= taken;
    if (taken === chunk.length) this.#chunks.shift();
    else this.#chunks.replaceFirst(chunk.subarray(taken));
  }

  /** Pauses or resumes the socket, as what lies here asks for. */
  brake(): void {
    const full = this.busy || this.#unread > UNREAD;
    if (full && !this.#socket.isPaused()) this.#socket.pause();
    if (!full && this.#socket.isPaused()) this.#socket.resume();
  }
}
