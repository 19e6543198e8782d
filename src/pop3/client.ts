/**
 * The POP3 client: one method a command, each sent at once and resolved by its own response (RFC 1939, 2449, 2595, 5034, 6856).
 *
 * Not awaiting is pipelining: `const a = client.retr(1, …); const b = client.retr(2, …)` travel in one write where the
 * server announces it, and one by one where it does not. What this file must never know: files, accounts, SMTP.
 */
import { Pop3ReplyError, type PosthornError, ProtocolError, TlsError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import { type ConnectOptions, openChannel, secure } from '../net/connect.ts';
import { notSent } from '../net/requests.ts';
import { wantsTls } from '../net/security.ts';
import type { TlsInfo } from '../net/tls.ts';
import type { LoginOptions } from '../sasl/attempt.ts';
import { utf8 } from '../wire/bytes.ts';
import type { Sink } from '../wire/parser.ts';
import { RowCollector } from '../wire/rows.ts';
import { type Capabilities } from '../wire/capabilities.ts';
import {
  type Expiry,
  expiryOf,
  implementationOf,
  type LoginDelay,
  loginDelayOf,
  MAX_CAPABILITIES,
  parseCapabilities,
} from './capabilities.ts';
import { GREETING, KEEP_ALIVE, type Verb } from './commands.ts';
import { checkRange, formatCommand, type Language, parseLanguage, type SizeRow, type UidRow } from './grammar.ts';
import { Listings } from './listings.ts';
import { logIn } from './login.ts';
import { refusal, Conversation } from './conversation.ts';
import { ResponseParser, unsolicited } from './response.ts';

/** The most octets of one message that are taken in, unless the caller says otherwise: 2 GiB. */
const MAX_MESSAGE = 2 ** 31;
/** A bound of ours: there are not many more languages with a tag of their own. */
const MAX_LANGUAGES = 10_000;

export interface Pop3Options extends ConnectOptions {
  /** Octets a message may have; a longer one ends the connection with LimitError `body-too-long`. */
  maxMessage?: number | undefined;
}

export class Pop3Client {
  /** The server's first line, without `+OK`. */
  readonly greeting: string;
  /** Empty where the server has no CAPA. Those learned in clear are forgotten when TLS starts. */
  capabilities: Capabilities = new Map();
  readonly #channel: Channel;
  readonly #options: Pop3Options;
  readonly #conversation: Conversation;
  readonly #listings: Listings;

  private constructor(channel: Channel, options: Pop3Options, greeting: string) {
    this.#channel = channel;
    this.#options = options;
    this.#conversation = new Conversation(channel, options.timeout);
    this.#listings = new Listings(channel, this.#conversation);
    this.greeting = greeting;
  }

  /**
   * Connects, takes the greeting, asks for the capabilities, and starts TLS where the policy says so.
   *
   * @throws UsageError `bad-security`, `bad-port`; ConnectError, TlsError, ProtocolError, TimeoutError; Pop3ReplyError when the server turns us away.
   */
  static async connect(options: Pop3Options): Promise<Pop3Client> {
    return Pop3Client.over(await openChannel(options, unsolicited), options);
  }

  /** The same over a channel that exists, such as one end of a pair in memory. */
  static async over(channel: Channel, options: Pop3Options): Promise<Pop3Client> {
    try {
      const timeout = options.timeout ?? GREETING;
      const greeting = await channel.read(new ResponseParser(), { timeout, phase: 'greeting' });
      if (greeting.status === 'err') throw refusal(greeting, 'greeting');
      if (greeting.status !== 'ok')
        throw new ProtocolError('bad-greeting', 'The server did not greet as POP3 servers do.');
      const client = new Pop3Client(channel, options, greeting.text);
      await client.capa();
      if (wantsTls(options.security, client.capabilities.has('STLS'))) await client.#stls();
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

  /** The pause between logins that the server asks for, if it says so. */
  get loginDelay(): LoginDelay | undefined {
    return loginDelayOf(this.capabilities);
  }

  /** How long the server keeps mail, if it says so. */
  get expiry(): Expiry | undefined {
    return expiryOf(this.capabilities);
  }

  /** What the server calls itself, if it says so. */
  get implementation(): string | undefined {
    return implementationOf(this.capabilities);
  }

  /**
   * Logs in, by the strongest way that both sides allow, or by the one that is asked for: a mechanism, `USER`, or `APOP`.
   *
   * @throws AuthError when refused, or when no way is permitted; with `retryAfter` where the server says when to try again.
   */
  async login(options: LoginOptions): Promise<void> {
    const login = this.#logIn(options);
    this.#conversation.holdFor(login);
    await login.catch((error: unknown) => {
      throw notSent(error);
    });
    // Not awaited: where pipelining is known already, it travels with the next command. RFC 2449 §5: they may differ now.
    this.capa().catch(() => undefined);
  }

  async #logIn(options: LoginOptions): Promise<void> {
    const session = {
      channel: this.#channel,
      server: this.#options,
      timeout: (verb: Verb) => this.#conversation.timeout(verb),
    };
    const named = options.mechanism !== undefined && !/^(?:USER|APOP)$/i.test(options.mechanism);
    const capabilities = this.capabilities.size === 0 && named ? await this.#mechanisms() : this.capabilities;
    await logIn(session, { greeting: this.greeting, capabilities }, options);
  }

  /** What servers from before CAPA answer to AUTH alone: the names of their mechanisms (RFC 1734 knew no other way). */
  async #mechanisms(): Promise<Capabilities> {
    const listing = new RowCollector(MAX_CAPABILITIES);
    const { status } = await this.#conversation.ask('AUTH', [], { listing });
    return new Map([['SASL', status === 'ok' ? listing.rows.map((row) => row.trim()) : []]]);
  }

  /** Asks for the capabilities. A server that has no CAPA has no capabilities; that is no error. */
  async capa(): Promise<Capabilities> {
    const listing = new RowCollector(MAX_CAPABILITIES);
    const { status } = await this.#conversation.ask('CAPA', [], { listing });
    this.capabilities = status === 'ok' ? parseCapabilities(listing.rows) : new Map();
    this.#channel.pipelining = this.capabilities.has('PIPELINING');
    return this.capabilities;
  }

  /**
   * Turns on UTF-8 mode, before the login (RFC 6856 §2): messages with UTF-8 in their header then come as they are, where
   * without it a server refuses them or sends something else in their place.
   *
   * @throws Pop3ReplyError where the server refuses.
   */
  utf8(): Promise<void> {
    return pipelined(this.#conversation.command('UTF8').then(() => undefined));
  }

  /** Asks for replies in a language, by its tag or `*`; resolves to the one chosen. @throws Pop3ReplyError where it is not spoken. */
  lang(range: string): Promise<string> {
    return pipelined(
      this.#conversation.command('LANG', [checkRange(range)]).then(({ text }) => parseLanguage(text).tag),
    );
  }

  /** The languages the server can reply in. @throws Pop3ReplyError where it does not tell. */
  languages(): Promise<Language[]> {
    const listing = new RowCollector(MAX_LANGUAGES);
    const read = this.#conversation
      .command('LANG', [], { listing })
      .then(() => listing.rows.map((row) => parseLanguage(utf8(Buffer.from(row, 'latin1')))));
    return pipelined(read);
  }

  stat(): Promise<{ count: number; octets: number }> {
    return pipelined(this.#listings.stat());
  }

  /** The size of every message, in octets as the server counts them. */
  list(): Promise<SizeRow[]> {
    return pipelined(this.#listings.sizes());
  }

  /** The unique id of every message. @throws Pop3ReplyError where the server has no UIDL. */
  uidl(): Promise<UidRow[]> {
    return pipelined(this.#listings.uids());
  }

  /** The header of a message and `lines` lines of its body, to `sink`; dot-stuffing is undone. */
  top(number: number, lines: number, sink: Sink): Promise<void> {
    const response = this.#conversation.command('TOP', [number, lines], { body: sink, limit: this.#limit });
    return pipelined(response.then(() => undefined));
  }

  /** A whole message to `sink`, exactly as sent but for dot-stuffing. Resolves to its octets when all have been taken. */
  retr(number: number, sink: Sink): Promise<number> {
    const response = this.#conversation.command('RETR', [number], { body: sink, limit: this.#limit });
    return pipelined(response.then(({ octets }) => octets));
  }

  /** Marks a message to be deleted by QUIT. Without QUIT nothing is. */
  dele(number: number): Promise<void> {
    return pipelined(this.#conversation.command('DELE', [number]).then(() => this.#listings.mark()));
  }

  noop(): Promise<void> {
    return pipelined(this.#conversation.command('NOOP').then(() => undefined));
  }

  /**
   * Does slow work of one's own, and says NOOP whenever `interval` milliseconds went by without a command, so that the
   * server does not end the session meanwhile (RFC 1939 §3). Resolves to what the work does; commands may be given in it.
   */
  keepAlive<T>(work: () => Promise<T>, interval: number = KEEP_ALIVE): Promise<T> {
    return this.#conversation.keepAlive(work, interval);
  }

  /** Takes back every DELE of this session. */
  rset(): Promise<void> {
    return pipelined(this.#conversation.command('RSET').then(() => this.#listings.unmark()));
  }

  /** Ends the session; only its `+OK` says that what was marked is deleted. @throws Pop3ReplyError if it is not. */
  async quit(): Promise<void> {
    try {
      await this.#conversation.command('QUIT');
    } finally {
      await this.#channel.close();
    }
  }

  /**
   * Says QUIT and goes, without waiting for the answer: for a session in which nothing was marked, so that nothing here
   * depends on what becomes of it.
   */
  leave(): void {
    void this.#channel.exchange(formatCommand('QUIT'), new ResponseParser(), { said: 'QUIT', phase: 'quit' });
    this.#channel.hangUp();
  }

  /** Ends the connection without QUIT: nothing is deleted. */
  async close(): Promise<void> {
    await this.#channel.close();
  }

  /** For `await using`: as `close`, so that an error on the way deletes nothing. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #limit(): number {
    return this.#options.maxMessage ?? MAX_MESSAGE;
  }

  async #stls(): Promise<void> {
    const { status } = await this.#conversation.ask('STLS', []);
    if (status !== 'ok') {
      const offered = this.capabilities.has('STLS');
      const does = offered ? 'offers STLS, but does not start TLS' : 'does not offer TLS on this port (STLS)';
      throw new TlsError('tls-not-offered', `${this.#options.host} ${does}.`, {
        phase: 'stls',
        hint: 'Use pop3s: (port 995), where TLS comes first. Nothing secret was sent.',
      });
    }
    await secure(this.#channel, this.#options);
    await this.capa();
  }
}

/** What is not awaited yet may fail meanwhile: that is no unhandled rejection, whoever comes to await it still learns. */
function pipelined<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined);
  return answer;
}

/** Whether an error says that the server knows no such command: UIDL and TOP are optional (RFC 1939 §7). */
export function isUnsupported(error: unknown): boolean {
  return error instanceof Pop3ReplyError && error.respCode === undefined;
}
