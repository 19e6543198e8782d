/**
 * The scripted side of a conversation: says its lines in the segments it is told to, and insists on the exact octets of
 * the other side before it goes on. Over a pair of streams in memory, so nothing depends on a network.
 */
import assert from 'node:assert/strict';
import { type Duplex, duplexPair } from 'node:stream';
import { setImmediate as nextTick } from 'node:timers/promises';
import { type Cut, type Incident, type Speaker, segments, type Transcript, type Turn } from './transcript.ts';

/** Turns of the event loop after which the other side has said what it had to say. */
const PATIENCE = 6;

export class Script {
  /** The end of the side under test. */
  readonly socket: Duplex;
  readonly #own: Duplex;
  readonly #who: Speaker;
  readonly #cut: Cut;
  readonly #seed: number;
  #heard = Buffer.alloc(0);
  #moved = Promise.withResolvers<void>();
  /** Whether it has more to say before the other side does. */
  #busy = true;
  /** What went wrong first. */
  #fault: unknown;
  #done = false;
  #left = '';

  constructor(who: Speaker, cut: Cut, seed: number) {
    [this.socket, this.#own] = duplexPair();
    this.#who = who;
    this.#cut = cut;
    this.#seed = seed;
    this.#own.on('error', () => undefined).on('end', () => this.#own.end());
    this.#own.on('data', (chunk: Buffer) => {
      this.#heard = Buffer.concat([this.#heard, chunk]);
      this.#move();
    });
    this.socket.on('close', () => this.#move());
  }

  /** Plays its part; what goes wrong is kept for `finish`. */
  async play({ steps }: Transcript): Promise<void> {
    try {
      for (const step of steps) {
        if (typeof step === 'string') this.#happen(step);
        else if (step.who === this.#who) await this.#speak(step);
        else await this.#listen(step);
      }
    } catch (error) {
      this.#fault = error;
      this.socket.destroy();
    }
    this.#done = true;
    this.#busy = false;
    this.#move();
  }

  /** Resolves when it has nothing more to say before the other side says something. */
  async quiet(): Promise<void> {
    await settle();
    while (this.#busy) await this.#moved.promise;
  }

  /** Ends the connection and checks that everything was said that had to be, and nothing else. */
  async finish(): Promise<void> {
    await settle();
    if (this.#fault !== undefined) throw this.#fault;
    if (!this.#done) this.#compare(this.#left);
    this.#compare('');
    this.#own.end();
  }

  #move(): void {
    this.#moved.resolve();
    this.#moved = Promise.withResolvers();
  }

  #happen(incident: Incident): void {
    if (incident === 'closes') this.#own.end();
    else this.socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
  }

  async #speak(turn: Turn): Promise<void> {
    for (const segment of segments(turn, this.#cut, this.#seed)) {
      if (this.#own.writable) this.#own.write(segment);
      await nextTick();
    }
    await settle();
  }

  async #listen({ bytes }: Turn): Promise<void> {
    this.#left = bytes.toString('latin1');
    while (this.#heard.length < bytes.length && !this.socket.destroyed) {
      this.#busy = false;
      this.#move();
      await this.#moved.promise;
    }
    // What else it may have to say although it should not.
    this.#busy = true;
    await settle();
    this.#compare(this.#left);
    this.#heard = Buffer.alloc(0);
  }

  #compare(expected: string): void {
    assert.equal(this.#heard.toString('latin1'), expected, 'what the side under test said');
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < PATIENCE; turn++) await nextTick();
}
