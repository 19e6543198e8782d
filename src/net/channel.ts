/**
 * The one class that owns a connection: bytes out, and a queue of parsers for what comes in.
 *
 * `exchange` puts the bytes of a request AND the parser of its reply in the queue in one step, so a reply can never be
 * matched to the wrong command, and a bad argument throws before anything is queued. Pipelining is then not a feature
 * but the absence of an `await`; towards a peer that does not announce it, the next request is held until the queue is
 * empty: same API, same code. The socket below is that of `connection.ts`.
 *
 * What it must never know: what any command or reply means. RFC 2920 §3 and RFC 2449 §6.6 give the rules of pipelining.
 */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { ConnectionLostError, type PosthornError } from '../errors.ts';
import type { ChannelBinding } from '../sasl/binding.ts';
import type { Parser } from '../wire/parser.ts';
import { Connection } from './connection.ts';
import { Expected } from './expected.ts';
import { aborted, asFailure, injected, lost, unasked } from './failures.ts';
import { BATCH, Outgoing } from './outgoing.ts';
import { Reader } from './reader.ts';
import { notSent, type Request, type RequestOptions, Requests } from './requests.ts';
import type { Secured, TlsInfo } from './tls.ts';
import { Transcript } from './transcript.ts';

export interface ChannelOptions {
  role: 'client' | 'server';
  transcript?: Transcript | undefined;
  signal?: AbortSignal | undefined;
  /** How long one write may be stuck, milliseconds. */
  stall?: number | undefined;
  /** Turns what a peer said although nobody had asked into an error of its protocol. */
  unsolicited?: ((bytes: Uint8Array) => PosthornError | undefined) | undefined;
}

/** One end of a connection: see the head of this file. Both protocols, and both roles, speak through one. */
export class Channel {
  /** What protects the connection, if anything does. */
  tls: TlsInfo | undefined;
  /** What a login can be bound to, the best first; empty without TLS. */
  bindings: readonly ChannelBinding[] = [];
  /** On a server: whom the client's verified certificate names. */
  certified: readonly string[] = [];
  readonly transcript: Transcript;
  #failure: PosthornError | undefined;
  #upgrading = false;
  readonly #connection: Connection;
  readonly #outgoing: Outgoing;
  readonly #options: ChannelOptions;
  readonly #requests = new Requests();
  readonly #reader: Reader;
  readonly #over = new AbortController();

  constructor(socket: Duplex, options: ChannelOptions) {
    this.#options = options;
    this.transcript = options.transcript ?? new Transcript();
    this.#reader = new Reader(socket, this.#requests, {
      failed: () => this.#failure !== undefined,
      fail: (error) => this.fail(error),
      said: (line) => this.#record('in', line),
      next: () => this.#outgoing.soon(this.#flush),
      over: (cause) => this.fail(lost(this.#outgoing.departed > 0, cause)),
    });
    this.#outgoing = new Outgoing(socket, options.stall);
    this.#connection = new Connection(socket, {
      data: (chunk) => this.#reader.add(chunk),
      end: (cause) => this.#reader.end(cause),
      close: () => {
        this.#reader.end();
        this.#over.abort();
      },
    });
    this.#connection.attach(socket);
    options.signal?.addEventListener('abort', this.#abort, { once: true });
    if (options.signal?.aborted) this.#abort();
  }

  /** Whether the peer takes several requests at once. Set by whoever reads the capabilities. */
  get pipelining(): boolean {
    return this.#requests.pipelining;
  }

  set pipelining(announced: boolean) {
    this.#requests.pipelining = announced;
  }

  /** Aborted when the connection is over, for whatever reason. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Resolves then. Whoever waits for something else too takes `over`: on a promise, those who wait pile up. */
  async closed(): Promise<void> {
    if (!this.over.aborted) await once(this.over, 'abort');
  }

  /** Why the connection is over, where it did not end by `close`. */
  get failure(): PosthornError | undefined {
    return this.#failure;
  }

  /**
   * Sends a request and resolves to its reply. Requests of one tick leave in one write.
   *
   * @throws ProtocolError if the peer said something that nobody had asked for; whatever else ended the connection.
   */
  exchange<T>(request: Uint8Array, parser: Parser<T>, options: RequestOptions = {}): Promise<T> {
    return this.#enqueue(request, parser, options, (entry) => {
      this.#requests.hold(entry);
      this.#outgoing.soon(this.#flush);
    });
  }

  /** Reads without asking: a greeting, or, on a server, the next command. */
  read<T>(parser: Parser<T>, options: RequestOptions = {}): Promise<T> {
    return this.#enqueue(undefined, parser, options, (entry) => {
      entry.end = this.#outgoing.taken;
      this.#requests.await(entry);
      this.#reader.startClock();
      this.#reader.drain();
    });
  }

  /** Announces the parser of a reply whose request is a body still to be written; holds every later request back. */
  expect<T>(parser: Parser<T>, options: RequestOptions = {}): Expected<T> {
    const held: RequestOptions = { ...options, timeout: undefined, last: true };
    let request: Request | undefined;
    const value = this.#enqueue(undefined, parser, held, (entry) => {
      request = entry;
      this.#requests.hold(entry);
      this.#flush();
    });
    return new Expected(value, {
      complete: () => {
        if (request !== undefined) request.end = this.#outgoing.taken;
      },
      within: (milliseconds) => {
        held.timeout = milliseconds;
        // All of it is written: what follows need not wait for the answer any more.
        held.last = false;
        if (this.#requests.next?.options === held) this.#reader.startClock();
        this.#outgoing.soon(this.#flush);
      },
    });
  }

  /**
   * Writes bytes that have no reply of their own: a body, or a server's reply. Resolves when there is room for more; the
   * next write should wait for that.
   * A body belongs behind the answer that asked for it: bytes do not wait for requests that are held back.
   */
  write(bytes: Uint8Array, said?: string): Promise<void> {
    const written = this.#write(bytes, said);
    // As with requests: whoever comes to await it later must still find the process alive.
    written.catch(() => undefined);
    return written;
  }

  /** Resolves when so much of what was sent has been taken that more makes sense. */
  async room(): Promise<void> {
    this.#release();
    // Little leaves at the end of the tick, along with what else is said in it.
    if (this.#outgoing.full) this.#flush();
    if (!this.#outgoing.crowded) return;
    await this.#outgoing.drained().catch((error: PosthornError) => this.fail(error));
  }

  async #write(bytes: Uint8Array, said: string | undefined): Promise<void> {
    this.#release();
    if (this.#failure !== undefined) throw this.#failure;
    if (said !== undefined) this.#record('out', said);
    // In portions: a slow peer shows with each of them that it still takes our bytes.
    for (let from = 0; from < bytes.length; from += BATCH) {
      this.#outgoing.add(bytes.subarray(from, from + BATCH));
      if (this.#outgoing.full) this.#flush();
      else this.#outgoing.soon(this.#flush);
      if (!this.#outgoing.crowded) continue;
      await this.room();
      if (this.#failure !== undefined) throw this.#failure;
    }
  }

  /**
   * Replaces the connection by what `wrap` makes of it (TLS). Refuses if one octet or one reply is left over: it would
   * have been said in clear and be taken for something said under protection (CVE-2011-0411, CVE-2021-22947).
   */
  async upgrade(wrap: (socket: Duplex) => Promise<Secured>): Promise<void> {
    this.#flush();
    if (this.#failure !== undefined) throw this.#failure;
    const unread = this.#reader.unread !== undefined || this.#connection.unread;
    if (unread || !this.#requests.idle) throw this.fail(injected());
    const plain = this.#connection.detach();
    this.#upgrading = true;
    const { socket, ...secured } = await wrap(plain).catch((error: unknown) => {
      plain.destroy();
      this.#over.abort();
      throw this.fail(asFailure(error));
    });
    this.#upgrading = false;
    this.tls = secured.tls;
    this.bindings = secured.bindings ?? [];
    this.certified = secured.certified ?? [];
    this.pipelining = false;
    this.#outgoing.moveTo(socket);
    this.#reader.moveTo(socket);
    this.#connection.attach(socket);
    if (this.#failure !== undefined) {
      socket.destroy();
      throw this.#failure;
    }
    this.transcript.record('*', `${this.tls.protocol} started, ${this.tls.cipher}`);
    this.#flush();
  }

  /** Ends the connection once everything written has left. Further use fails. */
  async close(): Promise<void> {
    this.#flush();
    this.#failure ??= new ConnectionLostError('not-sent', 'The connection is closed.');
    this.#finish(new ConnectionLostError('unknown', 'The connection was closed before the answer came.'));
    this.#connection.end();
    await this.closed();
  }

  /** The same without waiting for the other side to close: what was written still leaves, be the process at its end. */
  hangUp(): void {
    void this.close();
    this.#connection.unref();
  }

  /** Ends the connection at once; everything pending fails with `error`. Returns the error the connection ended with. */
  fail(error: PosthornError): PosthornError {
    if (this.#failure !== undefined) return this.#failure;
    error.phase ??= this.#requests.next?.options.phase;
    if (error.transcript.length === 0) error.transcript = this.transcript.tail();
    this.#failure = error;
    this.#finish(error);
    this.#connection.destroy();
    this.#over.abort();
    return error;
  }

  #enqueue<T>(
    bytes: Uint8Array | undefined,
    parser: Parser<T>,
    options: RequestOptions,
    start: (request: Request) => void,
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    // A pipelined request may fail before its caller comes to await it; that is not an unhandled rejection.
    promise.catch(() => undefined);
    if (this.#failure === undefined) {
      start({ bytes, parser, options, end: Infinity, resolve: resolve as (value: unknown) => void, reject });
    } else {
      reject(bytes === undefined ? this.#failure : notSent(this.#failure));
    }
    return promise;
  }

  readonly #abort = () => {
    this.fail(aborted(this.#options.signal));
  };

  /** Lets out what was gathered, in one write; while TLS starts, nothing: it would leave in clear. */
  readonly #flush = () => {
    if (this.#upgrading) return;
    this.#release();
    this.#outgoing.flush();
  };

  /** Moves as many requests from held to gathered as the rules of pipelining allow. */
  #release(): void {
    this.#refuseUnsolicited();
    for (let sent = this.#requests.release(); sent !== undefined; sent = this.#requests.release()) {
      if (sent.bytes !== undefined) {
        this.#outgoing.add(sent.bytes);
        sent.end = this.#outgoing.taken;
      }
      if (sent.options.said !== undefined) this.#record('out', sent.options.said);
      if (sent === this.#requests.next) this.#reader.startClock();
    }
    if (this.#reader.unread !== undefined) this.#reader.drain();
  }

  #record(direction: 'in' | 'out', text: string): void {
    const ofClient = (direction === 'out') === (this.#options.role === 'client');
    this.transcript.record(ofClient ? 'C' : 'S', text);
  }

  /** In a client, input that no request waits for means the two sides no longer agree on what answers what. */
  #refuseUnsolicited(): void {
    const chunk = this.#reader.unread;
    if (chunk === undefined || !this.#requests.held || this.#requests.next !== undefined) return;
    if (this.#options.role === 'client') this.fail(this.#options.unsolicited?.(chunk) ?? unasked());
  }

  #finish(error: PosthornError): void {
    this.#reader.stopClock();
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#requests.reject(error, this.#outgoing.departed);
  }
}
