/**
 * A server for cut sweeps: answers each request as it is told to, and breaks the connection after an exact number of
 * octets received, or sent. It goes on listening, so that a test can see all that left the client.
 */
import { type Duplex, duplexPair } from 'node:stream';
import { Channel } from '../../src/net/channel.ts';
import { latin1 } from '../../src/wire/bytes.ts';

/** Given all that was received so far and not answered yet: the answer, and how many octets it answers. */
export type Answers = (received: string) => { answer: string; octets: number } | undefined;

export interface Cut {
  /** The connection ends once the client has sent so many octets. */
  readonly received?: number;
  /** The connection ends once the server has sent so many. */
  readonly sent?: number;
  /** By a reset, and not by an orderly close. */
  readonly reset?: boolean;
}

export class CutServer {
  /** All that left the client, also after the cut. */
  wire = '';
  /** All that was sent to it. */
  said = '';
  readonly channel: Channel;
  readonly #client: Duplex;
  readonly #own: Duplex;
  readonly #answers: Answers;
  readonly #cut: Cut;
  #answered = 0;
  #over = false;

  constructor(greeting: string, answers: Answers, cut: Cut = {}) {
    [this.#client, this.#own] = duplexPair();
    this.#answers = answers;
    this.#cut = cut;
    this.channel = new Channel(this.#client, { role: 'client' });
    this.#own.on('data', (chunk: Buffer) => {
      this.wire += latin1(chunk);
      this.#answer();
    });
    this.#own.on('error', () => undefined).on('end', () => this.#own.end());
    this.#say(greeting);
    this.#answer();
  }

  #answer(): void {
    const { received = Number.POSITIVE_INFINITY } = this.#cut;
    const known = this.wire.slice(0, received);
    for (let next = this.#next(known); next !== undefined && !this.#over; next = this.#next(known)) {
      this.#answered += next.octets;
      this.#say(next.answer);
    }
    if (this.wire.length >= received) this.#end();
  }

  #next(known: string): ReturnType<Answers> {
    return this.#answers(known.slice(this.#answered));
  }

  #say(text: string): void {
    if (this.#over) return;
    const left = (this.#cut.sent ?? Number.POSITIVE_INFINITY) - this.said.length;
    this.said += text.slice(0, left);
    this.#own.write(Buffer.from(text.slice(0, left), 'latin1'));
    if (text.length >= left) this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#cut.reset) this.#client.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    else this.#own.end();
  }
}
