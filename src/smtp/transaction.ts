/**
 * One message through an open session: MAIL, every RCPT and DATA, then the message, then the final dot (RFC 5321 §3.3).
 *
 * Where the server announces PIPELINING the three travel in one write (RFC 2920 §3.1); this code does not differ.
 * "Sent" means a 2xx that came after the final dot was written, and nothing else. Until then the message can be sent
 * again; from then on, without an answer, its fate is unknown (RFC 1047), and that is said and not guessed.
 */
import { ConnectionLostError, PosthornError, ProtocolError, TimeoutError, UsageError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import { DotEncoder } from '../wire/dot.ts';
import { normaliseEol } from '../wire/eol.ts';
import { type Capabilities, sizeLimit } from './capabilities.ts';
import { AFTER_DOT, type Verb } from './commands.ts';
import { ask } from './ask.ts';
import { formatPath } from './grammar.ts';
import { type Reply, ReplyParser, refusal, succeeded } from './reply.ts';

export interface Envelope {
  /** The sender to whom failures are reported; empty for none. */
  readonly from: string;
  readonly recipients: readonly string[];
}

export interface Outgoing {
  /** The message, in chunks. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Octets, where known: announced to the server, and compared with its limit before anything is sent (RFC 1870). */
  readonly size?: number | undefined;
  /** Every line end is known to be CRLF; otherwise bare ones are made so on the way. */
  readonly exactLines?: boolean | undefined;
  /** Octets above 127 in the body: needs 8BITMIME (RFC 6152). */
  readonly eightBit?: boolean | undefined;
  /** UTF-8 in addresses or headers: needs SMTPUTF8 (RFC 6531). */
  readonly utf8?: boolean | undefined;
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
    // All of these are queued before the first answer is awaited; the channel decides how many may travel together.
    const mailReply = this.#ask('MAIL', sender);
    const rcptReplies = paths.map((path) => this.#ask('RCPT', path));
    const dataReply = this.#ask('DATA');
    const [mail, go, ...rcpt] = await Promise.all([mailReply, dataReply, ...rcptReplies]).catch((error: unknown) => {
      throw notSent(error);
    });
    const recipients = rcpt.map((reply, at) => ({
      address: envelope.recipients[at] ?? '',
      accepted: succeeded(reply),
      reply,
    }));
    const accepted = recipients.filter((recipient) => recipient.accepted).length;
    const wanted = succeeded(mail) && accepted > 0 && (accepted === recipients.length || options.partial === true);
    if (wanted && go.code === 354) return { outcome: 'sent', recipients, reply: await this.#body(message, options) };
    await this.#giveUp(go);
    if (!succeeded(mail)) throw refusal(mail, 'mail');
    if (wanted) throw refusal(go, 'data');
    return { outcome: 'refused', recipients, reply: undefined };
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
      message.utf8 === true || [envelope.from, ...envelope.recipients].some((address) => /[^\x00-\x7f]/.test(address));
    this.#require(utf8, 'SMTPUTF8', 'smtputf8-not-offered', 'an address or a header is not ASCII');
    this.#require(message.eightBit, '8BITMIME', '8bitmime-not-offered', 'its body has octets above 127');
    const announced = size !== undefined && this.#capabilities.has('SIZE') ? ` SIZE=${size}` : '';
    return `${announced}${message.eightBit ? ' BODY=8BITMIME' : ''}${utf8 ? ' SMTPUTF8' : ''}`;
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

  /** Leaves a transaction without a message. If the server waits for one, only the end of the connection undoes that. */
  async #giveUp(go: Reply): Promise<void> {
    if (go.code === 354) await this.#channel.close();
    else await this.#ask('RSET');
  }

  async #body(message: Outgoing, options: SendOptions): Promise<Reply> {
    const reply = this.#channel.expect(new ReplyParser(), { phase: 'data' });
    let dotWritten = false;
    try {
      const encoder = new DotEncoder();
      let octets = 0;
      for await (const chunk of message.exactLines ? message.chunks : normaliseEol(message.chunks)) {
        if (reply.settled) throw await this.#early(reply.value);
        for (const piece of encoder.push(chunk)) await this.#channel.write(piece);
        octets += chunk.length;
        options.progress?.(chunk.length);
      }
      if (reply.settled) throw await this.#early(reply.value);
      dotWritten = true;
      await this.#channel.write(encoder.end(), `(${octets} octets)\r\n.`);
      reply.within(AFTER_DOT);
      const answer = await reply.value;
      if (!succeeded(answer)) throw refusal(answer, 'data');
      return answer;
    } catch (error) {
      throw this.#fate(error, dotWritten);
    }
  }

  /** An answer before the end: a refusal stops the message, and anything else is no acceptance. */
  async #early(value: Promise<Reply>): Promise<PosthornError> {
    const reply = await value;
    if (reply.code >= 400) return refusal(reply, 'data');
    return new ProtocolError('premature-reply', `The server answered ${reply.code} before the message was complete.`, {
      phase: 'data',
      hint: 'The message was not sent. Try again later.',
    });
  }

  /** Says of a failure whether the message may have been taken; ends the connection where the server is in the middle of it. */
  #fate(error: unknown, dotWritten: boolean): unknown {
    const answered = dotWritten && this.#channel.failure === undefined;
    if (!answered && error instanceof PosthornError) this.#channel.fail(error);
    else if (!answered)
      this.#channel.fail(
        new ConnectionLostError('not-sent', 'The message could not be read to its end.', { phase: 'data' }),
      );
    const { failure } = this.#channel;
    if (dotWritten && failure !== undefined) {
      return new ConnectionLostError('unknown', `It is not known whether the message was sent: ${failure.message}`, {
        phase: 'after the final dot',
        hint: 'Look whether it arrived before you send it again.',
        cause: failure,
        transcript: failure.transcript,
      });
    }
    return notSent(failure instanceof ConnectionLostError || failure instanceof TimeoutError ? failure : error);
  }
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
