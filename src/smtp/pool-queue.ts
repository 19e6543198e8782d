/** The messages of a pool that wait for a connection, bounded, and those who wait for room. It must never know the wire. */
import { setImmediate as nextTick } from 'node:timers/promises';
import type { PosthornError } from '../errors.ts';
import type { Envelope, Outgoing, SendOptions, SendResult } from './envelope.ts';

/** A message that waits for its turn, or is under way. */
export interface Job {
  readonly envelope: Envelope;
  readonly message: Outgoing;
  readonly options: SendOptions;
  readonly result: PromiseWithResolvers<SendResult>;
  /** How often it was begun. */
  begun: number;
}

export class PoolQueue {
  readonly #most: number;
  readonly #jobs: Job[] = [];
  /** Settles when whoever asked last for room has had it. */
  #turn: Promise<unknown> = Promise.resolve();
  #room = Promise.withResolvers<void>();
  /** Nothing will wait here any more. */
  #closed = false;

  constructor(most: number) {
    this.#most = most;
  }

  get length(): number {
    return this.#jobs.length;
  }

  get full(): boolean {
    return !this.#closed && this.#jobs.length >= this.#most;
  }

  push(job: Job): void {
    this.#jobs.push(job);
  }

  /** Puts one back that was first in line. */
  putBack(job: Job): void {
    this.#jobs.unshift(job);
  }

  shift(): Job | undefined {
    const job = this.#jobs.shift();
    this.#makeRoom();
    return job;
  }

  /** All that waits fails. */
  reject(error: PosthornError): void {
    for (const job of this.#jobs.splice(0)) job.result.reject(error);
    this.#makeRoom();
  }

  close(): void {
    this.#closed = true;
    this.#makeRoom();
  }

  /** Resolves when there is room for one more, to each who asks in turn; also when there never will be. */
  ready(): Promise<void> {
    const turn = this.#turn.then(async () => {
      while (this.full) await this.#room.promise;
    });
    // Whoever asks next looks when this one has had time to fill it.
    this.#turn = turn.then(() => nextTick());
    return turn;
  }

  #makeRoom(): void {
    this.#room.resolve();
    this.#room = Promise.withResolvers();
  }
}
