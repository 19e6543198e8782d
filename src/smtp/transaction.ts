/**
 * One message through an open session: MAIL, every RCPT, and the message behind DATA or BDAT (RFC 5321 §3.3, RFC 3030).
 *
 * Where the server announces PIPELINING the commands travel in one write (RFC 2920 §3.1), and the next transaction
 * begins behind the last octet of this one, before it is answered. With CHUNKING a small message needs no permission to
 * be sent, so that many transactions are under way at once. With LMTP the message is answered once for each recipient
 * that was accepted (RFC 2033 §4.2).
 *
 * A server, or a filter before it, that announces CHUNKING and does not know BDAT would read the octets behind it as
 * commands, and so obey whoever wrote the message. So the first chunk of a connection is one octet, and nothing follows
 * it until it is answered.
 */
import { PosthornError, SmtpReplyError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import { ask, type AskOptions } from './ask.ts';
import { type Answers, Body, bdat, inOnePiece } from './body.ts';
import type { Capabilities } from '../wire/capabilities.ts';
import { AFTER_DOT, type Verb } from './commands.ts';
import type { Envelope, Outgoing, SendOptions, SendResult } from './envelope.ts';
import { withoutChunking } from './capabilities.ts';
import { introduce, writtenFor } from './introduction.ts';
import { Opened } from './opened.ts';
import { type Reply, ReplyParser, refusal, ResetParser, succeeded } from './reply.ts';
import { notYetSent, refused, verdict, verdicts } from './verdict.ts';

/** A message of up to so many octets travels with its commands. */
const SMALL = 64 * 1024;

/** What a person can do where the first chunk goes wrong, and it is not said why. */
const ANOTHER_WAY = 'If it comes to this again, send it with --no-chunking: the server may not know BDAT.';

/** The answers to MAIL, to each RCPT, and to what asks for the way, as far as that was asked. */
interface Introduction {
  readonly mail: Reply;
  readonly rcpt: readonly Reply[];
  readonly go: Reply | undefined;
}

/**
 * How the server takes a message: in chunks, as it has shown; in chunks, as it has announced; or behind DATA. The last two
 * are asked for: by a chunk of one octet, and by DATA.
 */
export type Way = 'chunks' | 'announced' | 'data';

/** What surrounds a transaction in its session. */
export interface Session {
  readonly channel: Channel;
  readonly capabilities: Capabilities;
  readonly lmtp: boolean;
  readonly way: Way;
  /** Called when the first chunk has shown whether the server knows BDAT at all; returns what it can do after that. */
  readonly settle: (known: boolean) => Capabilities;
  /** Milliseconds for each reply, in place of the table's. */
  readonly timeout: number | undefined;
  /** Begin with RSET: what became of an earlier transaction is not known yet, and it may have been left open. */
  readonly reset: boolean;
  /** Called once the next transaction may begin; `maybeOpen`: this one will be left open where it fails. */
  readonly next: (maybeOpen: boolean) => void;
}

export class Transaction {
  readonly #session: Session;
  readonly #envelope: Envelope;
  readonly #given: Outgoing;
  /** The same in the form for this server. */
  readonly #message: Outgoing;
  readonly #options: SendOptions;
  readonly #sender: string;
  readonly #paths: readonly string[];

  /** @throws UsageError for what cannot be sent like this: nothing was. */
  constructor(session: Session, envelope: Envelope, given: Outgoing, options: SendOptions) {
    const { capabilities, channel, lmtp } = session;
    const message = writtenFor(capabilities, given, options.most);
    const { sender, recipients } = introduce({ capabilities, tls: channel.tls !== undefined, lmtp }, envelope, message);
    this.#sender = sender;
    this.#paths = recipients;
    this.#session = session;
    this.#envelope = envelope;
    this.#given = given;
    this.#message = message;
    this.#options = options;
  }

  /**
   * Sends the message.
   *
   * @throws SmtpReplyError when MAIL, DATA or the message is refused (with LMTP a message is refused for a recipient);
   *   ConnectionLostError whose `outcome` says whether the message may have been taken; what the source of the message
   *   throws.
   */
  async run(): Promise<SendResult> {
    const { channel, lmtp, way } = this.#session;
    if (way === 'announced') return this.#asAnnounced();
    // Where one refused recipient must stop all, or the number of answers depends on it, the message waits for verdicts.
    const alone = this.#paths.length === 1 || (this.#options.partial === true && !lmtp);
    const atOnce = way === 'chunks' && channel.pipelining && alone;
    const whole = atOnce ? await inOnePiece(channel, this.#message, SMALL) : undefined;
    return whole === undefined ? this.#inSteps() : this.#atOnce(whole);
  }

  /** Everything in one write, the message included. */
  async #atOnce(whole: Buffer): Promise<SendResult> {
    const { channel, next } = this.#session;
    const introduction = this.#introduce();
    const request = Buffer.concat([bdat(whole.length, true), whole]);
    const said = `BDAT ${whole.length} LAST\r\n(${whole.length} octets)`;
    const answer = channel.exchange(request, new ReplyParser(), { timeout: AFTER_DOT, said, phase: 'data' });
    await channel.room();
    next(true);
    this.#options.progress?.(whole.length);
    const { mail, rcpt } = await introduction.catch(async (error: unknown) => {
      // The message left with its commands: without their answers its fate is as unknown as without its own.
      if (!(error instanceof SmtpReplyError)) await verdict(channel, answer);
      throw error;
    });
    if (this.#wanted(mail, rcpt)) return this.#answered(rcpt, [answer]);
    await refused(channel, answer);
    if (!succeeded(mail)) throw refusal(mail, 'mail');
    return this.#result('refused', rcpt, undefined);
  }

  /** The first octet shows whether the server knows BDAT, and the rest follows by that; or all of it by DATA. */
  async #asAnnounced(): Promise<SendResult> {
    const { channel, capabilities, reset } = this.#session;
    const opened = await Opened.open(this.#message, channel.over);
    try {
      if (channel.failure !== undefined) throw notYetSent(channel.failure);
      if (opened.beginsWord) return await this.#inSteps(opened);
      // An octet such as LF could be a line by itself, with an answer of its own.
      return await this.#byData(opened, withoutChunking(capabilities), reset);
    } finally {
      opened.close();
    }
  }

  async #inSteps(opened?: Opened): Promise<SendResult> {
    const { channel, next, way, settle, lmtp } = this.#session;
    const { mail, rcpt, go } = await this.#introduce(this.#question(opened)).catch((error: unknown) => {
      if (error instanceof PosthornError && error.phase === 'bdat') error.hint = ANOTHER_WAY;
      throw error;
    });
    const wanted = this.#wanted(mail, rcpt);
    if (wanted && (go === undefined || isAgreed(way, go))) {
      if (opened !== undefined) settle(true);
      const answers = lmtp ? rcpt.filter(succeeded).length : 1;
      const body = new Body(channel, opened?.from(1) ?? this.#message, this.#options, answers, () => next(false));
      return this.#answered(rcpt, await (way === 'data' ? body.byDot() : body.byCount()));
    }
    const unknown = opened !== undefined && go !== undefined && isUnknown(go);
    // Who does not know BDAT has taken the octet for the beginning of the next command.
    if (unknown) this.#ask('RSET').catch(() => undefined);
    await this.#giveUp(go);
    if (!succeeded(mail)) throw refusal(mail, 'mail');
    if (!wanted || go === undefined) return this.#result('refused', rcpt, undefined);
    if (unknown) return this.#byData(opened, settle(false), false);
    throw refusal(go, 'data', opened && ANOTHER_WAY);
  }

  #question(opened: Opened | undefined): (() => Promise<Reply>) | undefined {
    if (this.#session.way === 'data') return () => this.#ask('DATA');
    return opened && (() => this.#ask('BDAT', '1', { octet: opened.first.subarray(0, 1) }));
  }

  /** The message in a transaction of its own, by what the server can do without BDAT. */
  #byData(opened: Opened, capabilities: Capabilities, reset: boolean): Promise<SendResult> {
    const session: Session = { ...this.#session, capabilities, way: 'data', reset };
    const message = this.#message.isBinary ? this.#given : opened.from(0);
    return new Transaction(session, this.#envelope, message, this.#options).run();
  }

  /**
   * Says who sends to whom, and asks to go on: in one write where the server takes that. If a recipient is refused then
   * and nobody is to get the message, the connection pays for it (see `#giveUp`): that is rare, and a round trip is not.
   */
  async #introduce(ask?: () => Promise<Reply>): Promise<Introduction> {
    const { pipelining } = this.#session.channel;
    if (this.#session.reset) this.#ask('RSET', undefined, { parser: new ResetParser() }).catch(() => undefined);
    const mailReply = this.#ask('MAIL', this.#sender);
    try {
      // A server that takes one command at a time is spared those that a refusal has made pointless.
      if (!pipelining && !succeeded(await mailReply)) return { mail: await mailReply, rcpt: [], go: undefined };
      const rcptReplies = Promise.all(this.#paths.map((path) => this.#ask('RCPT', path)));
      const along = pipelining ? ask?.() : undefined;
      const [mail, rcpt, early] = await Promise.all([mailReply, rcptReplies, along]);
      const go = early ?? (this.#wanted(mail, rcpt) ? await ask?.() : undefined);
      return { mail, rcpt, go };
    } catch (error) {
      // Some servers refuse the sender and hang up at once: the refusal is the news.
      const mail = await mailReply.catch(() => undefined);
      throw notYetSent(mail === undefined || succeeded(mail) ? error : refusal(mail, 'mail'));
    }
  }

  /**
   * Leaves a transaction without a message. Once the server waits for one, only the end of the connection undoes that.
   *
   * QUIRK: where nobody was accepted RFC 2920 §3.1 has a single dot sent; a server that errs would take it for an empty
   * message, so the connection ends there too.
   */
  async #giveUp(go: Reply | undefined): Promise<void> {
    const reset = go?.code === 354 ? undefined : await this.#ask('RSET').catch(() => undefined);
    if (reset === undefined || !succeeded(reset)) await this.#session.channel.close();
  }

  /** Whether the message is to go to those who were accepted. */
  #wanted(mail: Reply, rcpt: readonly Reply[]): boolean {
    return succeeded(mail) && (this.#options.partial === true ? rcpt.some(succeeded) : rcpt.every(succeeded));
  }

  /** What became of a message that is written. */
  async #answered(rcpt: readonly Reply[], answers: Answers): Promise<SendResult> {
    const { channel, lmtp } = this.#session;
    const [only] = answers;
    if (!lmtp && only !== undefined) return this.#result('sent', rcpt, await verdict(channel, only));
    const asked = rcpt.map((reply, at) => ({ address: this.#envelope.recipients[at] ?? '', reply }));
    const each = await verdicts(channel, asked, answers);
    const taken = each.find(succeeded);
    return this.#result(taken === undefined ? 'refused' : 'sent', each, taken);
  }

  #result(outcome: 'sent' | 'refused', rcpt: readonly Reply[], reply: Reply | undefined): SendResult {
    const recipients = rcpt.map((each, at) => {
      return { address: this.#envelope.recipients[at] ?? '', accepted: succeeded(each), reply: each };
    });
    return { outcome, recipients, reply };
  }

  #ask(verb: Verb, argument?: string, options?: AskOptions): Promise<Reply> {
    return ask(this.#session.channel, verb, argument, { timeout: this.#session.timeout, ...options });
  }
}

function isAgreed(way: Way, go: Reply): boolean {
  return way === 'data' ? go.code === 354 : succeeded(go);
}

/** Whether the answer to a chunk is about the command and says nothing of a message (RFC 5321 §4.2.2). */
function isUnknown({ code }: Reply): boolean {
  return code >= 500 && code <= 504;
}
