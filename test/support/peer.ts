/**
 * The other end of a channel, in memory and under the test's full control: it sees each write as it left, says what it
 * is told to, and can stop taking bytes.
 */
import { Duplex } from 'node:stream';
import { setImmediate as nextTick } from 'node:timers/promises';
import { Channel, type ChannelOptions } from '../../src/net/channel.ts';
import { latin1 } from '../../src/wire/bytes.ts';

export class Peer {
  /** What the channel wrote, one entry a write. */
  readonly writes: string[] = [];
  /** What the channel uses as its socket. */
  readonly socket: Duplex;
  #stuck = false;
  #owed: (() => void) | undefined;

  constructor() {
    this.socket = new Duplex({
      read: () => undefined,
      writev: (chunks, done) => {
        this.writes.push(chunks.map(({ chunk }) => latin1(chunk)).join(''));
        if (this.#stuck) this.#owed = () => done();
        else done();
      },
    });
  }

  /** From here on bytes are not taken, until `takes`. */
  sticks(): void {
    this.#stuck = true;
  }

  takes(): void {
    this.#stuck = false;
    this.#owed?.();
  }

  /** Says something, in one segment, and lets it be heard. */
  async says(text: string): Promise<void> {
    this.socket.push(Buffer.from(text, 'latin1'));
    await settled();
  }

  /** Ends its half of the connection. */
  async ends(): Promise<void> {
    this.socket.push(null);
    await settled();
  }
}

/** Two turns of the event loop: what was queued has left, what was said has been heard and answered. */
export async function settled(): Promise<void> {
  await nextTick();
  await nextTick();
}

/** A channel and its peer. */
export function withPeer(options: Partial<ChannelOptions> = {}): { channel: Channel; peer: Peer } {
  const peer = new Peer();
  return { channel: new Channel(peer.socket, { role: 'client', ...options }), peer };
}

/** A promise's end, as a value: what it rejected with, or undefined. */
export async function reason(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

export const line = (text: string): Buffer => Buffer.from(`${text}\r\n`, 'latin1');
