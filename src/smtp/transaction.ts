/**
 * One message through an open session: MAIL, every RCPT and DATA, then the message, then the final dot (RFC 5321 §3.3).
 *
 * Where the server announces PIPELINING they travel in one write (RFC 2920 §3.1).
 * "Sent" means a 2xx that came after the final dot was written, and nothing else. Until then the message can be sent
 * again; from then on, without an answer, its fate is unknown (RFC 1047), and that is said and not guessed.
 */
import { AbortedError, ConnectionLostError, PosthornError, ProtocolError, UsageError } from '../errors.ts';
import type { Channel, Expected } from '../net/channel.ts';
import { DotEncoder } from '../wire/dot.ts';
import { normaliseEol } from '../wire/eol.ts';
import { ask } from './ask.ts';
import { type Capabilities, sizeLimit } from './capabilities.ts';
import { AFTER_DOT, type Verb } from './commands.ts';
import { formatPath } from './grammar.ts';
import { endsSession, type Reply, ReplyParser, refusal, succeeded } from './reply.ts';

export interface Envelope {
  /** The sender to whom failures are reported; empty for none. */
  readonly from: string;
  readonly recipients: readonly string[];
}

export interface Outgoing {
  /** The message, in chunks. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Octets, where known: announced to the server, and compared with its limit before anything is sent (RFC 1870). */
  readonly size?: number | undefined;
  /** Every line end is known to be CRLF; otherwise bare ones are made so on the way. */
  readonly exactLines?: boolean | undefined;
  /** Octets above 127 in the body: needs 8BITMIME (RFC 6152). */
  readonly has8bit?: boolean | undefined;
  /** UTF-8 in addresses or headers: needs SMTPUTF8 (RFC 6531). */
  readonly needsUtf8?: boolean | undefined;
}

export interface SendOptions {
  /** Send to the recipients that were accepted although others were refused. By default nobody gets it then. */
  readonly partial?: boolean | undefined;
  /** Called with the octets of each piece of the message as it leaves. */
  readonly progress?: ((octets: number) => void) | undefined;
}

export interface RecipientResult {
  readonly address: string;
  readonly accepted: boolean;
  readonly reply: Reply;
}

/** `sent`: the server took responsibility. `refused`: nobody gets the message, for the reasons of the recipients. */
export interface SendResult {
  readonly outcome: 'sent' | 'refused';
  readonly recipients: readonly RecipientResult[];
  /** The server's answer to the message; its text often names a queue id. */
  readonly reply: Reply | undefined;
}

/** The answers to MAIL, to each RCPT and to DATA, as far as they were asked. */
interface Introduction {
  readonly mail: Reply;
  readonly rcpt: readonly Reply[];
  readonly go: Reply | undefined;
}

export class Transaction {
  readonly #channel: Channel;
  readonly #capabilities: Capabilities;
  readonly #timeout: number | undefined;

  constructor(channel: Channel, capabilities: Capabilities, timeout: number | undefined) {
    this.#channel = channel;
    this.#capabilities = capabilities;
    this.#timeout = timeout;
  }

  /**
   * Sends one message.
   *
   * @throws UsageError before anything is sent; SmtpReplyError when MAIL, DATA or the message is refused;
   *   ConnectionLostError whose `outcome` says whether the message may have been taken.
   */
  async run(envelope: Envelope, message: Outgoing, options: SendOptions): Promise<SendResult> {
    const parameters = this.#parameters(envelope, message);
    if (envelope.recipients.length === 0)
      throw new UsageError('no-recipient', 'The message has no recipient.', { phase: 'envelope' });
    const sender = `FROM:${formatPath(envelope.from)}${parameters}`;
    const paths = envelope.recipients.map((address) => `TO:${formatPath(address)}`);
    const partial = options.partial === true;
    const { mail, rcpt, go } = await this.#introduce(sender, paths, partial).catch((error: unknown) => {
      throw notSent(error);
    });
    const recipients = rcpt.map((reply, at) => ({
      address: envelope.recipients[at] ?? '',
      accepted: succeeded(reply),
      reply,
    }));
    const wanted = isWanted(mail, rcpt, partial);
    if (wanted && go?.code === 354) return { outcome: 'sent', recipients, reply: await this.#body(message, options) };
    await this.#giveUp(go);
    if (!succeeded(mail)) throw refusal(mail, 'mail');
    if (wanted && go !== undefined) throw refusal(go, 'data');
    return { outcome: 'refused', recipients, reply: undefined };
  }

  /**
   * Says who sends to whom, and asks to go on: in one write where the server takes that. If a recipient is refused then
   * and nobody is to get the message, the connection pays for it (see `#giveUp`): that is rare, and a round trip is not.
   */
  async #introduce(sender: string, paths: readonly string[], partial: boolean): Promise<Introduction> {
    const { pipelining } = this.#channel;
    const mailReply = this.#ask('MAIL', sender);
    // A server that takes one command at a time is spared those that a refusal has made pointless.
    if (!pipelining && !succeeded(await mailReply)) return { mail: await mailReply, rcpt: [], go: undefined };
    const rcptReplies = Promise.all(paths.map((path) => this.#ask('RCPT', path)));
    const along = pipelining ? this.#ask('DATA') : undefined;
    try {
      const [mail, rcpt, early] = await Promise.all([mailReply, rcptReplies, along]);
      const go = early ?? (isWanted(mail, rcpt, partial) ? await this.#ask('DATA') : undefined);
      return { mail, rcpt, go };
    } catch (error) {
      // Some servers refuse the sender and hang up at once: the refusal is the news.
      const mail = await mailReply;
      throw succeeded(mail) ? error : refusal(mail, 'mail');
    }
  }

  /** What MAIL must say of the message, after comparing it with what the server takes. */
  #parameters(envelope: Envelope, message: Outgoing): string {
    const limit = sizeLimit(this.#capabilities);
    const { size } = message;
    if (size !== undefined && limit !== undefined && size > limit) {
      throw new UsageError('message-too-large', `The message has ${size} octets; the server takes at most ${limit}.`, {
        phase: 'mail',
        hint: 'Send fewer or smaller attachments.',
      });
    }
    const utf8 =
      message.needsUtf8 === true ||
      [envelope.from, ...envelope.recipients].some((address) => /[^\x00-\x7f]/.test(address));
    this.#require(utf8, 'SMTPUTF8', 'smtputf8-not-offered', 'an address or a header is not ASCII');
    this.#require(message.has8bit, '8BITMIME', '8bitmime-not-offered', 'its body has octets above 127');
    const announced = size !== undefined && this.#capabilities.has('SIZE') ? ` SIZE=${size}` : '';
    return `${announced}${message.has8bit ? ' BODY=8BITMIME' : ''}${utf8 ? ' SMTPUTF8' : ''}`;
  }

  #require(needed: boolean | undefined, capability: string, code: string, why: string): void {
    if (!needed || this.#capabilities.has(capability)) return;
    throw new UsageError(code, `The server does not offer ${capability}, which this message needs: ${why}.`, {
      phase: 'mail',
    });
  }

  #ask(verb: Verb, argument?: string): Promise<Reply> {
    return ask(this.#channel, verb, argument, this.#timeout);
  }

  /** Leaves a transaction without a message. Once the server waits for one, only the end of the connection undoes that. */
  async #giveUp(go: Reply | undefined): Promise<void> {
    const reset = go?.code === 354 ? undefined : await this.#ask('RSET').catch(() => undefined);
    if (reset === undefined || !succeeded(reset)) await this.#channel.close();
  }

  async #body(message: Outgoing, options: SendOptions): Promise<Reply> {
    const reply = this.#channel.expect(new ReplyParser(), { phase: 'data' });
    const encoder = new DotEncoder();
    let octets = 0;
    try {
      for await (const chunk of message.exactLines ? message.chunks() : normaliseEol(message.chunks())) {
        if (reply.settled) break;
        for (const piece of encoder.push(chunk)) await this.#channel.write(piece);
        octets += chunk.length;
        options.progress?.(chunk.length);
      }
    } catch (error) {
      throw await this.#stopped(reply, error);
    }
    if (reply.settled || this.#channel.failure !== undefined) throw await this.#stopped(reply, this.#channel.failure);
    // Where this fails the answer fails too, unless it came before: it alone decides.
    await this.#channel.write(encoder.end(), `(${octets} octets)\r\n.`).catch(() => undefined);
    reply.within(AFTER_DOT);
    return this.#verdict(reply.value);
  }

  /** The answer to the whole message. Without one that makes sense nobody knows whether it was taken (RFC 1047). */
  async #verdict(value: Promise<Reply>): Promise<Reply> {
    const answer = await value.catch((error: unknown) => {
      throw unknownFate(error as PosthornError);
    });
    if (succeeded(answer)) return answer;
    const error = refusal(answer, 'data');
    if (endsSession(answer)) this.#channel.fail(error);
    throw answer.code < 400 ? unknownFate(error) : error;
  }

  /**
   * Ends the connection because the message did not come to its end, so that the server cannot take a part for the
   * whole, and says why: our own trouble with reading it, else what the server said before its time, else the loss.
   */
  async #stopped(reply: Expected<Reply>, error: unknown): Promise<unknown> {
    const ours = error !== undefined && error !== this.#channel.failure;
    const answer = ours ? undefined : await reply.value.catch(() => undefined);
    const reason = answer === undefined ? (error ?? this.#channel.failure) : early(answer);
    const unreadable = new AbortedError('aborted', 'The message could not be read to its end.', { cause: reason });
    this.#channel.fail(reason instanceof PosthornError ? reason : unreadable);
    return notSent(reason);
  }
}

/** Whether the message is to go to those who were accepted. */
function isWanted(mail: Reply, rcpt: readonly Reply[], partial: boolean): boolean {
  return succeeded(mail) && (partial ? rcpt.some(succeeded) : rcpt.every(succeeded));
}

/** An answer before the end: a refusal stops the message, and anything else is no acceptance. */
function early(answer: Reply): PosthornError {
  if (answer.code >= 400) return refusal(answer, 'data');
  return new ProtocolError('premature-reply', `The server answered ${answer.code} before the message was complete.`, {
    phase: 'data',
    hint: 'The message was not sent. Try again later.',
  });
}

function unknownFate(failure: PosthornError): ConnectionLostError {
  return new ConnectionLostError('unknown', `It is not known whether the message was sent: ${failure.message}`, {
    phase: 'after the final dot',
    hint: 'Look whether it arrived before you send it again.',
    cause: failure,
    transcript: failure.transcript,
  });
}

/** Before the final dot every loss is one that can be repeated. */
function notSent(error: unknown): unknown {
  if (!(error instanceof ConnectionLostError)) return error;
  const { message, phase, cause, transcript } = error;
  return new ConnectionLostError('not-sent', `${message} The message was not sent.`, {
    phase,
    cause,
    transcript,
    hint: 'Send it again.',
  });
}
