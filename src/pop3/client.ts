/**
 * The POP3 client: one method a command, each sent at once and resolved by its own response (RFC 1939, 2449, 2595, 5034).
 *
 * Not awaiting is pipelining: `const a = client.retr(1, …); const b = client.retr(2, …)` travel in one write where the
 * server announces it, and one by one where it does not. What this file must never know: files, accounts, SMTP.
 */
import { Pop3ReplyError, type PosthornError, ProtocolError, TlsError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import { type ConnectOptions, openChannel, secure } from '../net/connect.ts';
import { notSent } from '../net/requests.ts';
import type { TlsInfo } from '../net/tls.ts';
import type { LoginOptions } from '../sasl/attempt.ts';
import type { Sink } from '../wire/parser.ts';
import { RowCollector } from '../wire/rows.ts';
import { type Capabilities } from '../wire/capabilities.ts';
import { MAX_CAPABILITIES, parseCapabilities } from './capabilities.ts';
import { COMMANDS, GREETING, type Verb } from './commands.ts';
import {
  checkListing,
  formatCommand,
  MAX_MESSAGES,
  parseSizeRow,
  parseStat,
  parseUidRow,
  type SizeRow,
  type UidRow,
} from './grammar.ts';
import { logIn } from './login.ts';
import { questioned, type Response, type ResponseOptions, ResponseParser, unsolicited } from './response.ts';

/** The most octets of one message that are taken in, unless the caller says otherwise: 2 GiB. */
const MAX_MESSAGE = 2 ** 31;

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
  /** Settles when a login is over: whatever came into the middle of one would be taken for a part of it. */
  #loggedIn: Promise<unknown> = Promise.resolve();
  #count: number | undefined;
  #deleted = 0;

  private constructor(channel: Channel, options: Pop3Options, greeting: string) {
    this.#channel = channel;
    this.#options = options;
    this.greeting = greeting;
  }

  /**
   * Connects, takes the greeting, asks for the capabilities, and starts TLS where the policy says so.
   *
   * @throws ConnectError, TlsError, ProtocolError, TimeoutError; Pop3ReplyError when the server turns us away.
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
      if (options.security === 'required') await client.#stls();
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

  /** Logs in, by the strongest way that both sides allow. @throws AuthError when refused, or when no way is permitted. */
  async login(options: LoginOptions): Promise<void> {
    const timeout = (verb: Verb): number => this.#timeout(verb);
    const login = logIn(this.#channel, this.capabilities, this.#options, options, timeout);
    this.#loggedIn = login.catch(() => undefined);
    await login.catch((error: unknown) => {
      throw notSent(error);
    });
    // Not awaited: where pipelining is known already, it travels with the next command. RFC 2449 §5: they may differ now.
    this.capa().catch(() => undefined);
  }

  /** Asks for the capabilities. A server that has no CAPA has no capabilities; that is no error. */
  async capa(): Promise<Capabilities> {
    const listing = new RowCollector(MAX_CAPABILITIES);
    const { status } = await this.#ask('CAPA', [], { listing });
    this.capabilities = status === 'ok' ? parseCapabilities(listing.rows) : new Map();
    this.#channel.pipelining = this.capabilities.has('PIPELINING');
    return this.capabilities;
  }

  stat(): Promise<{ count: number; octets: number }> {
    const counted = this.#command('STAT').then(({ text }) => {
      const stat = this.#believe(() => parseStat(text));
      this.#count = stat.count + this.#deleted;
      return stat;
    });
    return pipelined(counted);
  }

  /** The size of every message, in octets as the server counts them. */
  list(): Promise<SizeRow[]> {
    return pipelined(this.#listing('LIST', parseSizeRow));
  }

  /** The unique id of every message. @throws Pop3ReplyError where the server has no UIDL. */
  uidl(): Promise<UidRow[]> {
    return pipelined(this.#listing('UIDL', parseUidRow));
  }

  /** The header of a message and `lines` lines of its body, to `sink`; dot-stuffing is undone. */
  top(number: number, lines: number, sink: Sink): Promise<void> {
    const response = this.#command('TOP', [number, lines], { body: sink, limit: this.#limit });
    return pipelined(response.then(() => undefined));
  }

  /** A whole message to `sink`, exactly as sent but for dot-stuffing. Resolves to its octets when all have been taken. */
  retr(number: number, sink: Sink): Promise<number> {
    const response = this.#command('RETR', [number], { body: sink, limit: this.#limit });
    return pipelined(response.then(({ octets }) => octets));
  }

  /** Marks a message to be deleted by QUIT. Without QUIT nothing is. */
  dele(number: number): Promise<void> {
    const marked = this.#command('DELE', [number]).then(() => {
      this.#deleted += 1;
    });
    return pipelined(marked);
  }

  noop(): Promise<void> {
    return pipelined(this.#command('NOOP').then(() => undefined));
  }

  /** Takes back every DELE of this session. */
  rset(): Promise<void> {
    const unmarked = this.#command('RSET').then(() => {
      this.#deleted = 0;
    });
    return pipelined(unmarked);
  }

  /** Ends the session; only its `+OK` says that what was marked is deleted. @throws Pop3ReplyError if it is not. */
  async quit(): Promise<void> {
    try {
      await this.#command('QUIT');
    } finally {
      await this.#channel.close();
    }
  }

  /** Ends the connection without QUIT: nothing is deleted. */
  async close(): Promise<void> {
    await this.#channel.close();
  }

  get #limit(): number {
    return this.#options.maxMessage ?? MAX_MESSAGE;
  }

  #timeout(verb: Verb): number {
    return this.#options.timeout ?? COMMANDS[verb].timeout;
  }

  async #stls(): Promise<void> {
    const { status } = await this.#ask('STLS', []);
    if (status !== 'ok') {
      throw new TlsError('tls-not-offered', `${this.#options.host} does not offer TLS on this port (STLS).`, {
        phase: 'stls',
        hint: 'Use pop3s: (port 995), where TLS comes first. Nothing secret was sent.',
      });
    }
    await secure(this.#channel, this.#options);
    await this.capa();
  }

  async #listing<T extends { number: number }>(verb: 'LIST' | 'UIDL', parse: (row: string) => T): Promise<T[]> {
    const listing = new RowCollector(this.#count ?? MAX_MESSAGES);
    await this.#command(verb, [], { listing });
    return this.#believe(() => {
      const rows = listing.rows.map(parse);
      checkListing(verb, rows, this.#count, this.#deleted);
      return rows;
    });
  }

  /** A command that must succeed. */
  async #command(verb: Verb, args: readonly number[] = [], options: ResponseOptions = {}): Promise<Response> {
    const response = await this.#ask(verb, args, options);
    if (response.status === 'err') throw refusal(response, verb.toLowerCase());
    return response;
  }

  async #ask(verb: Verb, args: readonly number[], options: ResponseOptions = {}): Promise<Response> {
    await this.#loggedIn;
    const response = await this.#channel
      .exchange(formatCommand(verb, ...args), new ResponseParser(options), {
        timeout: this.#timeout(verb),
        last: COMMANDS[verb].last,
        said: [verb, ...args].join(' '),
        phase: verb.toLowerCase(),
      })
      .catch((error: unknown) => {
        // Only QUIT deletes (RFC 1939 §6): whatever else was lost can be asked for again.
        throw verb === 'QUIT' ? error : notSent(error);
      });
    if (response.status !== 'continue') return response;
    throw this.#channel.fail(questioned(verb));
  }

  /** What a server says in a listing is believed as a whole, or the connection is given up. */
  #believe<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw this.#channel.fail(error as PosthornError);
    }
  }
}

/** What is not awaited yet may fail meanwhile: that is no unhandled rejection, whoever comes to await it still learns. */
function pipelined<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => undefined);
  return answer;
}

function refusal(response: Response, phase: string): Pop3ReplyError {
  const message = `The server refused (${phase}): ${response.text || 'without a reason'}`;
  return new Pop3ReplyError(response.respCode, message, { phase });
}

/** Whether an error says that the server knows no such command: UIDL and TOP are optional (RFC 1939 §7). */
export function isUnsupported(error: unknown): boolean {
  return error instanceof Pop3ReplyError && error.respCode === undefined;
}
