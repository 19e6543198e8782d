/**
 * The message itself on its way, behind DATA (RFC 5321 §4.1.1.4) or BDAT (RFC 3030). What the answers to it mean is in
 * `verdict.ts`.
 */
import { AbortedError, PosthornError, UsageError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import type { Expected } from '../net/expected.ts';
import { BATCH } from '../net/outgoing.ts';
import { asBuffer, CRLF, LF } from '../wire/bytes.ts';
import { DotEncoder } from '../wire/dot.ts';
import { normaliseEol } from '../wire/eol.ts';
import { takeUntil } from '../wire/take-until.ts';
import { AFTER_DOT } from './commands.ts';
import type { Outgoing, SendOptions } from './envelope.ts';
import { type Reply, ReplyParser, refusal, succeeded } from './reply.ts';
import { chunksOf } from './source.ts';
import { early, notYetSent } from './verdict.ts';

/** Octets of one BDAT where the size of the message is not known. */
const CHUNK = 1024 * 1024;

/** The answers that will come to a message that is written: with LMTP one for each recipient, in their order. */
export type Answers = readonly Promise<Reply>[];

export class Body {
  readonly #channel: Channel;
  readonly #message: Outgoing;
  readonly #progress: (octets: number) => void;
  readonly #answers: number;
  /** Called once all is written: what follows may be sent before the answer has come. */
  readonly #written: () => void;

  /** `answers`: how many will come to the whole message. */
  constructor(channel: Channel, message: Outgoing, options: SendOptions, answers: number, written: () => void) {
    this.#channel = channel;
    this.#answers = answers;
    this.#message = message;
    this.#progress = options.progress ?? (() => undefined);
    this.#written = written;
  }

  /** Behind a 354: the message with its dots doubled, and the final dot. */
  async byDot(): Promise<Answers> {
    const reply = this.#expect();
    const encoder = new DotEncoder();
    const octets = await this.#pour(reply, async (chunk) => {
      for (const piece of encoder.push(chunk)) await this.#channel.write(piece);
    });
    return this.#finish(reply, [encoder.end()], `(${octets} octets)\r\n.`);
  }

  /** By BDAT: at once where the size is known, in chunks where it is not. */
  byCount(): Promise<Answers> {
    const size = this.#exactSize;
    return size !== undefined && size > 0 ? this.#whole(size) : this.#inChunks();
  }

  /** Of what will leave, dots that are doubled left out; undefined where that is not known. */
  get #exactSize(): number | undefined {
    return goesAsItIs(this.#message) ? this.#message.size : undefined;
  }

  async #whole(size: number): Promise<Answers> {
    const reply = this.#expect();
    // Where this fails the connection has ended, which is seen at once below.
    await this.#channel.write(bdat(size, true), `BDAT ${size} LAST`).catch(() => undefined);
    // A chunk is held until it is known to be within the count: an octet more would be read as a command, and with the
    // last one the server takes the message, so nothing may be left that could still go wrong.
    let held: Uint8Array = new Uint8Array();
    const octets = await this.#pour(reply, async (chunk) => {
      if (chunk.length === 0) return;
      await this.#channel.write(held);
      held = chunk;
    });
    return this.#finish(reply, [held], `(${octets} octets)`);
  }

  async #inChunks(): Promise<Answers> {
    let [held, length, lineEnded]: [Uint8Array[], number, boolean] = [[], 0, true];
    // Each chunk is answered before the next one is read: there is no answer that could come early.
    await this.#pour(undefined, async (chunk) => {
      held.push(chunk);
      length += chunk.length;
      lineEnded = chunk.length === 0 ? lineEnded : chunk.at(-1) === LF;
      if (length < CHUNK) return;
      const reply = this.#expect();
      await this.#channel.write(bdat(length, false), `BDAT ${length}`);
      for (const piece of held) await this.#channel.write(piece);
      [held, length] = [[], 0];
      reply.within(AFTER_DOT);
      const answer = await reply.value;
      if (!succeeded(answer)) throw refusal(answer, 'data');
    });
    // Behind DATA the final dot would have ended the last line; here nothing else does.
    const missing = lineEnded || this.#message.isBinary ? undefined : CRLF;
    if (missing !== undefined) held.push(missing);
    length += missing?.length ?? 0;
    return this.#finish(this.#expect(), [bdat(length, true), ...held], `BDAT ${length} LAST`);
  }

  #expect(): Expected<Reply> {
    return this.#channel.expect(new ReplyParser(), { phase: 'data' });
  }

  /**
   * Gives the message to `write`, chunk by chunk, until its end or until the answer or the loss comes first. Returns its
   * octets. One that is not as long as was said is given up, as soon as that is seen: it may never end.
   */
  async #pour(reply: Expected<Reply> | undefined, write: (chunk: Uint8Array) => Promise<void>): Promise<number> {
    const size = this.#exactSize;
    let octets = 0;
    try {
      // A source that yields nothing more, such as a terminal, must not hold us when there is nobody left to send to.
      const chunks = takeUntil(
        chunksOf(this.#message),
        // Every answer that is awaited ends with the connection.
        reply === undefined ? this.#channel.over : settlingOf(reply.value),
      );
      for await (const chunk of goesAsItIs(this.#message) ? chunks : normaliseEol(chunks)) {
        if (reply?.settled) break;
        octets += chunk.length;
        if (size !== undefined && octets > size) throw changed();
        await write(chunk);
        this.#progress(chunk.length);
      }
    } catch (error) {
      throw await this.#stopped(reply, error);
    }
    if (reply?.settled || this.#channel.failure !== undefined) throw await this.#stopped(reply, this.#channel.failure);
    if (size !== undefined && octets < size) throw await this.#stopped(reply, changed());
    return octets;
  }

  /** Writes what is left. Its end leaves in one piece: only an answer behind that is one to the whole message. */
  async #finish(reply: Expected<Reply>, rest: readonly Uint8Array[], said: string): Promise<Answers> {
    const pieces = rest.filter(({ length }) => length > 0);
    const last = pieces.pop() ?? new Uint8Array();
    const cut = Math.max(0, last.length - BATCH);
    try {
      await this.#channel.write(new Uint8Array(), said);
      for (const piece of [...pieces, last.subarray(0, cut)]) await this.#channel.write(piece);
    } catch (error) {
      throw await this.#stopped(reply, error);
    }
    if (reply.settled || this.#channel.failure !== undefined) throw await this.#stopped(reply, this.#channel.failure);
    const written = this.#channel.write(last.subarray(cut));
    reply.complete();
    const others = Array.from({ length: this.#answers - 1 }, () =>
      this.#channel.read(new ReplyParser(), { timeout: AFTER_DOT, phase: 'data' }),
    );
    // Where this fails the answers fail too, unless they came before: they alone decide.
    await written.catch(() => undefined);
    reply.within(AFTER_DOT);
    this.#written();
    return [reply.value, ...others];
  }

  /**
   * Ends the connection because the message did not come to its end, so that the server cannot take a part for the
   * whole, and says why: our own trouble with reading it, else what the server said before its time, else the loss.
   */
  async #stopped(reply: Expected<Reply> | undefined, error: unknown): Promise<unknown> {
    const ours = error !== undefined && error !== this.#channel.failure;
    const answer = ours || !reply?.settled ? undefined : await reply.value.catch(() => undefined);
    const reason = answer === undefined ? (error ?? this.#channel.failure) : early(answer);
    const unreadable = new AbortedError('aborted', 'The message could not be read to its end.', { cause: reason });
    this.#channel.fail(reason instanceof PosthornError ? reason : unreadable);
    return notYetSent(reason);
  }
}

/** Aborted once the answer has come, or never will. */
function settlingOf(answer: Promise<unknown>): AbortSignal {
  const settled = new AbortController();
  const settle = (): void => settled.abort();
  answer.then(settle, settle);
  return settled.signal;
}

/** The command that announces a chunk. */
export function bdat(octets: number, last: boolean): Buffer {
  return Buffer.from(`BDAT ${octets}${last ? ' LAST' : ''}\r\n`, 'latin1');
}

/** Whether no line end has to be mended: all are CRLF, or there are no lines (RFC 3030 §3). */
function goesAsItIs({ exactLines, isBinary }: Outgoing): boolean {
  return exactLines === true || isBinary === true;
}

/** A message that is small and whole, in one piece; undefined for any other. */
export async function inOnePiece(channel: Channel, message: Outgoing, most: number): Promise<Buffer | undefined> {
  if (message.size === undefined || message.size > most || !goesAsItIs(message)) return undefined;
  const pieces: Uint8Array[] = [];
  let octets = 0;
  for await (const chunk of takeUntil(chunksOf(message), channel.over)) {
    octets += chunk.length;
    if (octets > message.size) throw changed();
    pieces.push(chunk);
  }
  if (channel.failure !== undefined) throw notYetSent(channel.failure);
  const [only] = pieces;
  if (octets < message.size) throw changed();
  return pieces.length === 1 && only !== undefined ? asBuffer(only) : Buffer.concat(pieces);
}

function changed(): UsageError {
  return new UsageError('message-changed', 'The message is not as long as it was said to be; it was not sent.', {
    phase: 'data',
    hint: 'Send it again when its files no longer change.',
  });
}
