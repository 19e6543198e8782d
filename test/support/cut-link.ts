/**
 * A client of ours and a server of ours, and between them a link that breaks after an exact number of octets in one of
 * the two directions. The server shows what it had taken by then; `afterwards` shows what it could have taken of all that
 * left the client.
 */
import { Duplex, duplexPair } from 'node:stream';
import { setImmediate as nextTick } from 'node:timers/promises';
import { Channel } from '../../src/net/channel.ts';
import { type SmtpServerOptions, serveSmtp } from '../../src/smtp/server.ts';
import { latin1 } from '../../src/wire/bytes.ts';
import { MemoryPost } from './serve.ts';
import type { Cut } from './sweep.ts';

export type Server = Omit<SmtpServerOptions, 'backend'> & {
  /** Takes one command at a time. */
  readonly oneAtATime?: boolean;
};

type Stored = MemoryPost['stored'];

export class CutLink {
  readonly channel: Channel;
  /** All that left the client, also after the cut, and all that the server said before it. */
  readonly wire: Buffer[] = [];
  said = '';
  readonly #client: Duplex;
  readonly #far: Duplex;
  readonly #cut: Cut;
  readonly #server: Server;
  readonly #backend = new MemoryPost();
  readonly #served: Promise<void>;
  #heard = 0;
  #broken = false;

  constructor(server: Server, cut: Cut = {}) {
    this.#cut = cut;
    this.#server = server;
    // As a socket does, it takes at once what is written at once.
    this.#client = new Duplex({
      read: () => undefined,
      writev: (chunks, done) => {
        this.#pass(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)));
        done();
      },
      final: (done) => {
        this.#far.end();
        done();
      },
    });
    this.channel = new Channel(this.#client, { role: 'client' });
    const [far, own] = duplexPair();
    this.#far = far;
    far.on('error', () => undefined).on('data', (chunk: Buffer) => this.#answer(latin1(chunk)));
    far.on('end', () => this.#client.push(null));
    this.#served = serve(own, server, this.#backend);
    if (cut.received === 0 || cut.sent === 0) this.#break();
  }

  get heard(): number {
    return this.wire.reduce((sum, { length }) => sum + length, 0);
  }

  /** What the server has taken, once it is done. */
  async stored(): Promise<Stored> {
    await this.#served;
    return this.#backend.stored;
  }

  /** What a server takes that hears all that left the client. `known` keeps it for the next link with the same server. */
  async afterwards(known: Map<string, Promise<Stored>>): Promise<Stored> {
    const left = latin1(Buffer.concat(this.wire));
    const found = known.get(left) ?? this.#replay();
    known.set(left, found);
    return found;
  }

  async #replay(): Promise<Stored> {
    const backend = new MemoryPost();
    const [near, own] = duplexPair();
    const served = serve(own, this.#server, backend);
    near.resume().write(Buffer.concat(this.wire));
    // Time to take it in: who hangs up at once is not always heard to the end.
    for (let turn = 0; turn < 20; turn++) await nextTick();
    near.end();
    await served;
    return backend.stored;
  }

  #pass(chunk: Buffer): void {
    this.wire.push(chunk);
    if (this.#broken) return;
    const most = (this.#cut.received ?? Number.POSITIVE_INFINITY) - this.#heard;
    this.#heard += chunk.length;
    this.#far.write(chunk.subarray(0, most));
    if (chunk.length >= most) this.#break();
  }

  #answer(text: string): void {
    if (this.#broken) return;
    const most = (this.#cut.sent ?? Number.POSITIVE_INFINITY) - this.said.length;
    const words = this.#server.oneAtATime ? text.replace('250-PIPELINING\r\n', '') : text;
    this.said += words.slice(0, most);
    this.#client.push(Buffer.from(words.slice(0, most), 'latin1'));
    if (words.length >= most) this.#break();
  }

  #break(): void {
    this.#broken = true;
    this.#far.end();
    if (this.#cut.reset) this.#client.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    else this.#client.push(null);
  }
}

async function serve(socket: Duplex, server: Server, backend: MemoryPost): Promise<void> {
  await serveSmtp(new Channel(socket, { role: 'server' }), { insecure: true, ...server, backend });
}
