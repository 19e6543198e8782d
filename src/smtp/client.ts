/**
 * The SMTP client: a session, and messages through it (RFC 5321, 1870, 2034, 2920, 3207, 4954, 6152, 6531), and the same
 * with LMTP (RFC 2033).
 *
 * What a message goes through is in `transaction.ts`; here is what surrounds it. What this file must never know: MIME,
 * files, accounts, POP3.
 */
import { type PosthornError, TlsError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import { type ConnectOptions, openChannel, secure } from '../net/connect.ts';
import { notSent } from '../net/requests.ts';
import { wantsTls } from '../net/security.ts';
import type { TlsInfo } from '../net/tls.ts';
import { ask } from './ask.ts';
import type { LoginOptions } from '../sasl/attempt.ts';
import { type Capabilities } from '../wire/capabilities.ts';
import { parseCapabilities, withoutChunking } from './capabilities.ts';
import { COMMANDS, GREETING, type Verb } from './commands.ts';
import { formatClientName, isAscii } from './grammar.ts';
import { notOffered } from './introduction.ts';
import { logIn } from './login.ts';
import { type Reply, ReplyParser, refusal, succeeded, unsolicited } from './reply.ts';
import type { Envelope, Outgoing, SendOptions, SendResult } from './envelope.ts';
import { Transaction, type Way } from './transaction.ts';

/** Messages under way at once: if the connection breaks, no more than these are in doubt. */
const WINDOW = 100;

export interface SmtpOptions extends ConnectOptions {
  /**
   * What we call ourselves in EHLO. By default an address literal of loopback.
   *
   * QUIRK: RFC 5321 §4.1.4 wants our own name or address. This one says nothing of the machine and where it stands, and
   * submission servers take it.
   */
  name?: string | undefined;
  /** By default `smtp`. With `lmtp` the server delivers at once and answers for each recipient (RFC 2033). */
  protocol?: 'smtp' | 'lmtp' | undefined;
  /**
   * Whether CHUNKING is used where it is offered; it is, unless this is false. A server that refuses the first BDAT gets
   * the message by DATA as it is; this is for one that hangs up over it, or does not answer.
   */
  chunking?: boolean | undefined;
}

export class SmtpClient {
  /** The text of the server's first reply. */
  readonly greeting: string;
  /**
   * Empty where the server knows only HELO. Those learned in clear are forgotten when TLS starts, and CHUNKING where it is
   * not to be used or turns out to be none.
   */
  capabilities: Capabilities = new Map();
  readonly #channel: Channel;
  readonly #options: SmtpOptions;
  /** Settles when the work begun last is done. */
  #busy: Promise<unknown> = Promise.resolve();
  /** Messages that were sent along with their commands and are not answered yet. */
  #unanswered = 0;
  #roomMade: () => void = () => undefined;
  /** One of those failed: the server may still be in the middle of it. */
  #leftOpen = false;
  /** Whether the server has taken a chunk since it announced CHUNKING. */
  #takesChunks = false;

  private constructor(channel: Channel, options: SmtpOptions, greeting: string) {
    this.#channel = channel;
    this.#options = options;
    this.greeting = greeting;
  }

  /**
   * Connects, takes the greeting, says EHLO, and starts TLS where the policy says so.
   *
   * @throws UsageError `bad-security`, `bad-port`; ConnectError, TlsError, ProtocolError, TimeoutError; SmtpReplyError when the server turns us away.
   */
  static async connect(options: SmtpOptions): Promise<SmtpClient> {
    return SmtpClient.over(await openChannel(options, unsolicited), options);
  }

  /** The same over a channel that exists, such as one end of a pair in memory. */
  static async over(channel: Channel, options: SmtpOptions): Promise<SmtpClient> {
    try {
      const greeting = await channel.read(new ReplyParser(), {
        timeout: options.timeout ?? GREETING,
        phase: 'greeting',
      });
      if (greeting.code !== 220) throw refusal(greeting, 'greeting');
      const client = new SmtpClient(channel, options, greeting.lines.join(' '));
      await client.ehlo();
      if (wantsTls(options.security, client.capabilities.has('STARTTLS'))) await client.#startTls();
      return client;
    } catch (error) {
      channel.fail(error as PosthornError);
      throw notSent(error);
    }
  }

  /** What protects the connection, read from the socket. */
  get tls(): TlsInfo | undefined {
    return this.#channel.tls;
  }

  /** Says EHLO, or HELO to a server that does not know it and of which neither TLS nor a login is asked; LMTP: LHLO. */
  ehlo(): Promise<Capabilities> {
    return this.#inTurn(() => this.#introduce());
  }

  async #introduce(): Promise<Capabilities> {
    const name = formatClientName(this.#options.name ?? '[127.0.0.1]');
    let reply = await this.#ask(this.#lmtp ? 'LHLO' : 'EHLO', name);
    const unknown = !this.#lmtp && (reply.code === 500 || reply.code === 502);
    if (unknown && this.#options.security !== 'required') reply = await this.#ask('HELO', name);
    if (!succeeded(reply)) throw refusal(reply, this.#lmtp ? 'lhlo' : 'ehlo');
    this.capabilities = parseCapabilities(unknown ? [] : reply.lines);
    this.#takesChunks = false;
    if (this.#options.chunking === false) this.#settle(false);
    this.#channel.pipelining = this.capabilities.has('PIPELINING');
    return this.capabilities;
  }

  get #way(): Way {
    if (!this.capabilities.has('CHUNKING')) return 'data';
    return this.#takesChunks ? 'chunks' : 'announced';
  }

  /** The server has shown whether it takes chunks. */
  #settle(known: boolean): Capabilities {
    this.#takesChunks = known;
    if (!known) this.capabilities = withoutChunking(this.capabilities);
    return this.capabilities;
  }

  get #lmtp(): boolean {
    return this.#options.protocol === 'lmtp';
  }

  /** Logs in, by the strongest mechanism that both sides allow. @throws AuthError when refused, or when none is permitted. */
  login(options: LoginOptions): Promise<void> {
    const timeout = this.#options.timeout ?? COMMANDS.AUTH.timeout;
    return this.#inTurn(() =>
      logIn(this.#channel, this.capabilities, this.#options, options, timeout).catch((error: unknown) => {
        throw notSent(error);
      }),
    );
  }

  /**
   * Sends one message to its recipients; see `Transaction.run` for what is thrown. By default either all recipients are
   * accepted or nobody gets it. Messages given at once go one behind the other, as closely as the server allows.
   * Afterwards the connection may be over: see `open`.
   */
  send(envelope: Envelope, message: Outgoing, options: SendOptions = {}): Promise<SendResult> {
    const result = Promise.withResolvers<SendResult>();
    // As with requests: a message that is not awaited yet may fail meanwhile.
    result.promise.catch(() => undefined);
    this.#busy = this.#busy.then(() => this.#begin(envelope, message, options, result));
    return result.promise;
  }

  /** Resolves when the next message may begin, which may be long before the result of this one. */
  async #begin(
    envelope: Envelope,
    message: Outgoing,
    options: SendOptions,
    result: PromiseWithResolvers<SendResult>,
  ): Promise<void> {
    const next = Promise.withResolvers<void>();
    const reset = this.#unanswered > 0 || this.#leftOpen;
    this.#leftOpen = false;
    let open = 0;
    const session = {
      channel: this.#channel,
      capabilities: this.capabilities,
      lmtp: this.#lmtp,
      way: this.#way,
      settle: (known: boolean) => this.#settle(known),
      timeout: this.#options.timeout,
      reset,
      next: (maybeOpen: boolean) => {
        open = maybeOpen ? 1 : 0;
        this.#unanswered += open;
        next.resolve();
      },
    };
    const end = (sent: boolean): void => {
      this.#unanswered -= open;
      this.#leftOpen ||= open > 0 && !sent;
      this.#roomMade();
      next.resolve();
    };
    const run = async (): Promise<SendResult> => new Transaction(session, envelope, message, options).run();
    run().then(
      (value) => {
        end(value.outcome === 'sent');
        result.resolve(value);
      },
      (error: unknown) => {
        end(false);
        result.reject(error);
      },
    );
    await next.promise;
    // Until any of them is answered, not all: a server that waits for more has nothing to do, and its answers may wait with it.
    while (this.#unanswered >= WINDOW) await new Promise<void>((resolve) => (this.#roomMade = resolve));
  }

  /** Whether another message can be sent over this connection. */
  get open(): boolean {
    return this.#channel.failure === undefined;
  }

  rset(): Promise<void> {
    return this.#inTurn(async () => void (await this.#accepted('RSET')));
  }

  /**
   * Asks whether there is such a user or address. Most servers answer 252: they will not say, and would try (RFC 5321
   * §3.5.3).
   *
   * @throws SmtpReplyError where there is none; UsageError `smtputf8-not-offered`.
   */
  vrfy(user: string): Promise<Reply> {
    return this.#question('VRFY', user);
  }

  /** Asks who is on a mailing list, a line each. @throws as `vrfy`; 502 where the server does not tell. */
  expn(list: string): Promise<Reply> {
    return this.#question('EXPN', list);
  }

  /** What the server says about itself, or about one command. @throws SmtpReplyError. */
  help(topic?: string): Promise<Reply> {
    return this.#question('HELP', topic);
  }

  noop(): Promise<void> {
    return this.#inTurn(async () => void (await this.#accepted('NOOP')));
  }

  /** Takes leave. What becomes of QUIT changes nothing about what was sent, so no error comes from it. */
  quit(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.open) await this.#ask('QUIT').catch(() => undefined);
      await this.close();
    });
  }

  /** Ends the connection without QUIT; of what is under way nobody may know whether it was sent. */
  async close(): Promise<void> {
    await this.#channel.close();
  }

  /** For `await using`: as `quit`, behind what is under way. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.quit();
  }

  async #startTls(): Promise<void> {
    const offered = this.capabilities.has('STARTTLS');
    const agreed = offered && (await this.#ask('STARTTLS')).code === 220;
    if (!agreed) {
      const does = offered ? 'offers STARTTLS, but does not start TLS' : 'does not offer TLS on this port (STARTTLS)';
      throw new TlsError('tls-not-offered', `${this.#options.host} ${does}.`, {
        phase: 'starttls',
        hint: 'Use smtps: (port 465), where TLS comes first. Nothing secret was sent.',
      });
    }
    await secure(this.#channel, this.#options);
    // RFC 3207 §4.2: everything learned before is forgotten.
    await this.ehlo();
  }

  /** Begins when all that was asked for before is done: a command must not get into the middle of a message. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(work);
    this.#busy = done.catch(() => undefined);
    return done;
  }

  /** RFC 6531 §3.7.4.2: who asks in UTF-8 says so, and takes an answer in it. */
  #question(verb: 'VRFY' | 'EXPN' | 'HELP', text?: string): Promise<Reply> {
    return this.#inTurn(async () => {
      if (text === undefined || isAscii(text)) return this.#accepted(verb, text);
      if (verb !== 'HELP' && this.capabilities.has('SMTPUTF8')) return this.#accepted(verb, `${text} SMTPUTF8`);
      throw notOffered('SMTPUTF8', JSON.stringify(text.slice(0, 80)));
    });
  }

  async #accepted(verb: Verb, argument?: string): Promise<Reply> {
    const reply = await this.#ask(verb, argument);
    if (!succeeded(reply)) throw refusal(reply, verb.toLowerCase());
    return reply;
  }

  #ask(verb: Verb, argument?: string): Promise<Reply> {
    return ask(this.#channel, verb, argument, { timeout: this.#options.timeout });
  }
}
