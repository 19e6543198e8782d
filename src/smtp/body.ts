/**
 * The message itself on its way, behind DATA (RFC 5321 §4.1.1.4) or BDAT (RFC 3030), and the answer to it.
 *
 * "Sent" means a 2xx that came after the last octet was written, and nothing else. Until then the message can be sent
 * again; from then on, without an answer, its fate is unknown (RFC 1047), and that is said and not guessed.
 */
import { AbortedError, ConnectionLostError, PosthornError, ProtocolError, UsageError } from '../errors.ts';
import type { Channel, Expected } from '../net/channel.ts';
import { notSent } from '../net/requests.ts';
import { asBuffer, CRLF, LF } from '../wire/bytes.ts';
import { DotEncoder } from '../wire/dot.ts';
import { normaliseEol } from '../wire/eol.ts';
import { takeUntil } from '../wire/take-until.ts';
import { AFTER_DOT } from './commands.ts';
import type { Outgoing, SendOptions } from './envelope.ts';
import { endsSession, type Reply, ReplyParser, refusal, succeeded } from './reply.ts';

/** Octets of one BDAT where the size of the message is not known. */
const CHUNK = 1024 * 1024;

export class Body {
  readonly #channel: Channel;
  readonly #message: Outgoing;
  readonly #progress: (octets: number) => void;
  /** Called once all is written: what follows may be sent before the answer has come. */
  readonly #written: () => void;

  constructor(channel: Channel, message: Outgoing, options: SendOptions, written: () => void) {
    this.#channel = channel;
    this.#message = message;
    this.#progress = options.progress ?? (() => undefined);
    this.#written = written;
  }

  /** Behind a 354: the message with its dots doubled, and the final dot. */
  async byDot(): Promise<Reply> {
    const reply = this.#channel.expect(new ReplyParser(), { phase: 'data' });
    const encoder = new DotEncoder();
    const octets = await this.#pour(reply, async (chunk) => {
      for (const piece of encoder.push(chunk)) await this.#channel.write(piece);
    });
    // Where this fails the answer fails too, unless it came before: it alone decides.
    await this.#channel.write(encoder.end(), `(${octets} octets)\r\n.`).catch(() => undefined);
    return this.#verdict(reply);
  }

  /** By BDAT: at once where the size is known, in chunks where it is not. */
  byCount(): Promise<Reply> {
    const { size, exactLines } = this.#message;
    return size !== undefined && exactLines ? this.#whole(size) : this.#inChunks();
  }

  async #whole(size: number): Promise<Reply> {
    const reply = this.#channel.expect(new ReplyParser(), { phase: 'data' });
    await this.#channel.write(bdat(size, true), `BDAT ${size} LAST`);
    // A chunk is held until it is known to be within the count: an octet more would be read as a command, and with the
    // last one the server takes the message, so nothing may be left that could still go wrong.
    let [held, octets]: [Uint8Array, number] = [new Uint8Array(), 0];
    await this.#pour(reply, async (chunk) => {
      octets += chunk.length;
      if (octets > size) throw changed();
      await this.#channel.write(held);
      held = chunk;
    });
    if (octets < size) throw await this.#stopped(reply, changed());
    await this.#channel.write(held, `(${octets} octets)`).catch(() => undefined);
    return this.#verdict(reply);
  }

  async #inChunks(): Promise<Reply> {
    let [held, length, lineEnded]: [Uint8Array[], number, boolean] = [[], 0, true];
    const send = async (last: boolean): Promise<Expected<Reply>> => {
      const reply = this.#channel.expect(new ReplyParser(), { phase: 'data' });
      await this.#channel.write(bdat(length, last), `BDAT ${length}${last ? ' LAST' : ''}`);
      for (const piece of held) await this.#channel.write(piece);
      [held, length] = [[], 0];
      return reply;
    };
    // Each chunk is answered before the next one is read: there is no answer that could come early.
    await this.#pour(undefined, async (chunk) => {
      held.push(chunk);
      length += chunk.length;
      lineEnded = chunk.length === 0 ? lineEnded : chunk.at(-1) === LF;
      if (length < CHUNK) return;
      const reply = await send(false);
      reply.within(AFTER_DOT);
      const answer = await reply.value;
      if (!succeeded(answer)) throw refusal(answer, 'data');
    });
    // Behind DATA the final dot would have ended the last line; here nothing else does.
    if (!lineEnded) held.push(CRLF);
    length += lineEnded ? 0 : CRLF.length;
    return this.#verdict(await send(true));
  }

  /** Gives the message to `write`, chunk by chunk, until its end or until the answer or the loss comes first. */
  async #pour(reply: Expected<Reply> | undefined, write: (chunk: Uint8Array) => Promise<void>): Promise<number> {
    const { closed } = this.#channel;
    let octets = 0;
    try {
      // A source that yields nothing more, such as a terminal, must not hold us when there is nobody left to send to.
      const chunks = takeUntil(
        this.#message.chunks(),
        reply === undefined ? closed : Promise.race([reply.value, closed]),
      );
      for await (const chunk of this.#message.exactLines ? chunks : normaliseEol(chunks)) {
        if (reply?.settled) break;
        await write(chunk);
        octets += chunk.length;
        this.#progress(chunk.length);
      }
    } catch (error) {
      throw await this.#stopped(reply, error);
    }
    if (reply?.settled || this.#channel.failure !== undefined) throw await this.#stopped(reply, this.#channel.failure);
    return octets;
  }

  /** The answer to the whole message. Without one that makes sense nobody knows whether it was taken (RFC 1047). */
  #verdict(reply: Expected<Reply>): Promise<Reply> {
    reply.within(AFTER_DOT);
    this.#written();
    return verdict(this.#channel, reply.value);
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

/** The answer to a message that is wholly written, or the loss of it: then nobody knows whether it was taken. */
export async function verdict(channel: Channel, value: Promise<Reply>): Promise<Reply> {
  const answer = await value.catch((error: unknown) => {
    throw unknownFate(error as PosthornError);
  });
  if (succeeded(answer)) return answer;
  const error = refusal(answer, 'data');
  if (endsSession(answer)) channel.fail(error);
  throw answer.code < 400 ? unknownFate(error) : error;
}

/** Before the last octet every loss is one that can be repeated. */
export function notYetSent(error: unknown): unknown {
  if (!(error instanceof ConnectionLostError)) return error;
  const lost = notSent(error);
  lost.message = `${lost.message} The message was not sent.`;
  lost.hint = 'Send it again.';
  return lost;
}

/** The command that announces a chunk. */
export function bdat(octets: number, last: boolean): Buffer {
  return Buffer.from(`BDAT ${octets}${last ? ' LAST' : ''}\r\n`, 'latin1');
}

/** A message that is small and whole, in one piece; undefined for any other. */
export async function inOnePiece(channel: Channel, message: Outgoing, most: number): Promise<Buffer | undefined> {
  if (message.size === undefined || message.size > most || message.exactLines !== true) return undefined;
  const pieces: Uint8Array[] = [];
  for await (const chunk of takeUntil(message.chunks(), channel.closed)) pieces.push(chunk);
  if (channel.failure !== undefined) throw notYetSent(channel.failure);
  const [only] = pieces;
  const whole = pieces.length === 1 && only !== undefined ? asBuffer(only) : Buffer.concat(pieces);
  if (whole.length !== message.size) throw changed();
  return whole;
}

function changed(): UsageError {
  return new UsageError('message-changed', 'The message is not as long as it was said to be; it was not sent.', {
    phase: 'data',
    hint: 'Send it again when its files no longer change.',
  });
}

/** An answer before the end: a refusal stops the message, and anything else is no acceptance. */
function early(answer: Reply): PosthornError {
  if (answer.code >= 400) return refusal(answer, 'data');
  return new ProtocolError('premature-reply', `The server answered ${answer.code} before the message was complete.`, {
    phase: 'data',
    hint: 'The message was not sent. Try again later.',
  });
}

function unknownFate(failure: PosthornError): PosthornError {
  // What had not left at all can be sent again.
  if (failure instanceof ConnectionLostError && failure.outcome === 'not-sent') return failure;
  return new ConnectionLostError('unknown', `It is not known whether the message was sent: ${failure.message}`, {
    phase: 'after the final dot',
    hint: 'Look whether it arrived before you send it again.',
    cause: failure,
    transcript: failure.transcript,
  });
}
