/**
 * The SMTP server: one session over one channel (RFC 5321, 1870, 2034, 2920, 3207, 4954, 6152, 6531), and the same with
 * LMTP (RFC 2033).
 *
 * It knows nothing of where mail goes: a backend finds passwords, judges recipients and takes messages.
 */
import { PosthornError, SmtpReplyError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import { type ServerIdentity, secureServer } from '../net/listen.ts';
import { answerAuth, FAILURES, type Failure } from '../sasl/answer.ts';
import type { Verifier } from '../sasl/mechanism.ts';
import { offeredNames } from '../sasl/offer.ts';
import { lineOf, secretLineParser } from '../wire/secret-line.ts';
import { type Capabilities, formatCapabilities } from '../wire/capabilities.ts';
import { answer, refuse, refused } from './answer.ts';
import { announce, type Extensions } from './capabilities.ts';
import { CommandParser, type ReceivedCommand } from './command-parser.ts';
import { COMMANDS, IDLE, type Verb } from './commands.ts';
import type { Deliver } from './delivery.ts';
import { type Directory, expandList, verifyUser } from './directory.ts';
import { outOfOrder, ServerTransaction } from './server-transaction.ts';
import { Session } from './session.ts';

/** Wrong passwords, or commands that are none, in one session before the connection is closed. */
const MAX_FAILURES = 10;

export interface SmtpBackend extends Verifier, Directory {
  /** Judges a recipient. @throws SmtpReplyError to refuse it. */
  recipient(address: string): Promise<void>;
  readonly deliver: Deliver;
  /** What it can do with a message beyond taking it; by default nothing. */
  readonly extensions?: Extensions | undefined;
}

export interface SmtpServerOptions {
  readonly backend: SmtpBackend;
  /** By default `smtp`. With `lmtp` each recipient is a delivery of its own, and gets an answer of its own (RFC 2033). */
  readonly protocol?: 'smtp' | 'lmtp' | undefined;
  /** What the server calls itself. */
  readonly name?: string | undefined;
  /** With an identity STARTTLS is offered, unless the channel is under TLS already. */
  readonly identity?: ServerIdentity | undefined;
  /** Lets users log in without TLS. */
  readonly insecure?: boolean | undefined;
  /** Takes mail only from users who have logged in. */
  readonly authRequired?: boolean | undefined;
  /** Whether CHUNKING is offered; it is, unless this is false. */
  readonly chunking?: boolean | undefined;
  /** The most octets of one message. */
  readonly maxSize?: number | undefined;
  /** Told what the backend throws that is no refusal: a client learns only of temporary trouble. */
  readonly fault?: ((error: unknown) => void) | undefined;
}

/** RFC 4954 §4, §6: what answers a client that was not let in. */
const NOT_ADMITTED: Readonly<Record<Failure, { code: number; enhanced: string }>> = {
  unknown: { code: 504, enhanced: '5.5.4' },
  cancelled: { code: 501, enhanced: '5.5.2' },
  malformed: { code: 501, enhanced: '5.5.2' },
  'too-soon': { code: 501, enhanced: '5.7.0' },
  'no-line': { code: 500, enhanced: '5.5.6' },
  rejected: { code: 535, enhanced: '5.7.8' },
};

const DEFAULT_MAX_SIZE = 2 ** 31;

/** RFC 2033 §4.1: LMTP greets with LHLO and nothing else; to SMTP that is a word like any other. */
const KNOWN: Readonly<Record<'smtp' | 'lmtp', readonly string[]>> = {
  smtp: Object.keys(COMMANDS).filter((verb) => verb !== 'LHLO'),
  lmtp: Object.keys(COMMANDS).filter((verb) => verb !== 'EHLO' && verb !== 'HELO'),
};

/** Serves one connection to its end. Resolves when it is over, for whatever reason: what the backend throws goes to `fault`. */
export async function serveSmtp(channel: Channel, options: SmtpServerOptions): Promise<void> {
  const connection = new SmtpConnection(channel, options);
  try {
    await connection.run();
  } catch (error) {
    if (!(error instanceof PosthornError)) throw error;
  } finally {
    await connection.abandon();
    await channel.close();
  }
}

class SmtpConnection {
  readonly #channel: Channel;
  readonly #options: SmtpServerOptions;
  readonly #session = new Session();
  #user: string | undefined;
  readonly #transaction: ServerTransaction;
  #failures = 0;

  constructor(channel: Channel, options: SmtpServerOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#transaction = new ServerTransaction(channel, this.#session, {
      backend: options.backend,
      capabilities: () => this.#capabilities(),
      maxSize: this.#maxSize,
      lmtp: this.#protocol === 'lmtp',
      fault: options.fault,
    });
  }

  async run(): Promise<void> {
    await answer(this.#channel, 220, `${this.#name} ${this.#protocol === 'lmtp' ? 'LMTP' : 'ESMTP'} Posthorn`);
    while (this.#session.state !== 'closed') {
      const command = await this.#channel.read(new CommandParser(), { timeout: IDLE });
      try {
        await this.#obey(command);
      } catch (error) {
        await refuse(this.#channel, error, this.#options.fault);
      }
    }
  }

  /** Gives up the message that had begun to come, if there is one. */
  abandon(): Promise<void> {
    return this.#transaction.reset();
  }

  get #protocol(): 'smtp' | 'lmtp' {
    return this.#options.protocol ?? 'smtp';
  }

  get #name(): string {
    return this.#options.name ?? 'localhost';
  }

  get #maxSize(): number {
    return this.#options.maxSize ?? DEFAULT_MAX_SIZE;
  }

  async #obey(command: ReceivedCommand): Promise<void> {
    if (command.fault !== undefined) return this.#fault(command);
    const { verb, argument } = command;
    if (!KNOWN[this.#protocol].includes(verb)) return this.#fault({ fault: 'unknown' });
    // A chunk follows its command at once: it must be read before anything is said about it.
    if (verb !== 'BDAT' && !this.#session.permits(verb)) throw outOfOrder(verb);
    await this.#handlers[verb](argument);
    this.#session.succeeded(verb);
  }

  async #fault(command: Extract<ReceivedCommand, { fault: string }>): Promise<void> {
    this.#failures += 1;
    const many = this.#failures >= MAX_FAILURES;
    // QUIRK: RFC 5321 §3.8 lets a server not close for what it does not understand. Behind a line that is none nobody
    // knows where the next one begins, and whoever errs ten times is no mail client.
    if (command.fault === 'line' || many) this.#session.succeeded('QUIT');
    if (command.fault === 'line') return answer(this.#channel, 500, command.why, '5.5.2');
    if (many) return answer(this.#channel, 421, 'too many errors', '4.7.0');
    if (command.fault === 'unknown') return answer(this.#channel, 500, 'unknown command', '5.5.2');
    return answer(this.#channel, 501, `wrong arguments for ${command.verb}`, '5.5.4');
  }

  readonly #handlers: Readonly<Record<Verb, (argument: string) => Promise<void>>> = {
    EHLO: async (name) => {
      await this.#transaction.reset();
      await answer(this.#channel, 250, [`${this.#name} greets ${name}`, ...formatCapabilities(this.#capabilities())]);
    },
    LHLO: (name) => this.#handlers.EHLO(name),
    HELO: async () => {
      await this.#transaction.reset();
      await answer(this.#channel, 250, this.#name);
    },
    STARTTLS: () => this.#startTls(),
    AUTH: (argument) => this.#auth(argument),
    MAIL: (argument) => this.#mail(argument),
    RCPT: (argument) => this.#transaction.rcpt(argument),
    DATA: () => this.#transaction.data(),
    BDAT: (argument) => this.#transaction.bdat(argument),
    RSET: async () => {
      await this.#transaction.reset();
      this.#session.reset();
      await answer(this.#channel, 250, 'forgotten', '2.0.0');
    },
    VRFY: (argument) => this.#vrfy(argument),
    EXPN: (argument) => this.#expn(argument),
    HELP: () => answer(this.#channel, 214, [KNOWN[this.#protocol].join(' '), 'as in RFC 5321'], '2.0.0'),
    NOOP: () => answer(this.#channel, 250, 'here', '2.0.0'),
    QUIT: () => answer(this.#channel, 221, 'bye', '2.0.0'),
  };

  #capabilities(): Capabilities {
    const secure = this.#channel.tls !== undefined;
    const capabilities = new Map<string, readonly string[]>();
    if (!secure && this.#options.identity !== undefined) capabilities.set('STARTTLS', []);
    if (secure || this.#options.insecure) capabilities.set('AUTH', offeredNames(this.#options.backend, this.#channel));
    capabilities.set('SIZE', [String(this.#maxSize)]);
    const chunking = this.#options.chunking !== false;
    const always = ['PIPELINING', ...(chunking ? ['CHUNKING'] : []), 'ENHANCEDSTATUSCODES', '8BITMIME', 'SMTPUTF8'];
    for (const name of always) capabilities.set(name, []);
    const { extensions = {}, vrfy, expn } = this.#options.backend;
    if (vrfy !== undefined) capabilities.set('VRFY', []);
    if (expn !== undefined) capabilities.set('EXPN', []);
    return new Map([...capabilities, ...announce(extensions, secure, chunking)]);
  }

  async #startTls(): Promise<void> {
    const { identity } = this.#options;
    if (this.#channel.tls !== undefined) throw refused(503, '5.5.1', 'TLS is here already');
    if (identity === undefined) throw refused(502, '5.5.1', 'TLS is not available');
    await answer(this.#channel, 220, 'begin TLS', '2.0.0');
    await secureServer(this.#channel, identity);
    // RFC 3207 §4.2: as if the connection had just begun.
    this.#user = undefined;
    await this.#transaction.reset();
  }

  async #auth(argument: string): Promise<void> {
    const [name = '', initial, ...more] = argument.split(' ');
    if (name === '' || more.length > 0) throw refused(501, '5.5.4', 'wrong arguments for AUTH');
    if (this.#user !== undefined) throw refused(503, '5.5.1', 'already authenticated');
    if (this.#channel.tls === undefined && !this.#options.insecure) {
      // RFC 4954 §4: no mechanism is valid without TLS here, and §2 deprecates the code that says so, 538.
      throw refused(504, '5.5.4', 'start TLS first (STARTTLS)');
    }
    const challenge = async (text: string) => {
      await this.#channel.write(Buffer.from(`334 ${text}\r\n`), '334 ****');
      return lineOf(await this.#channel.read(secretLineParser(), { timeout: IDLE }));
    };
    const verdict = await answerAuth({ name, initial }, this.#options.backend, this.#channel, challenge).catch(
      (error: unknown) => {
        if (this.#channel.failure !== undefined || error instanceof SmtpReplyError) throw error;
        this.#options.fault?.(error);
        throw refused(454, '4.7.0', 'nobody can log in now, try again later');
      },
    );
    if ('user' in verdict) {
      this.#user = verdict.user;
      return answer(this.#channel, 235, 'welcome', '2.7.0');
    }
    if (verdict.failed !== 'unknown') this.#failures += 1;
    if (verdict.failed === 'no-line' || this.#failures >= MAX_FAILURES) this.#session.succeeded('QUIT');
    throw new SmtpReplyError(NOT_ADMITTED[verdict.failed], FAILURES[verdict.failed]);
  }

  #mail(argument: string): Promise<void> {
    this.#admit();
    return this.#transaction.mail(argument);
  }

  /** By default nothing is told: addresses are what spammers look for (RFC 5321 §7.3). */
  async #vrfy(argument: string): Promise<void> {
    const { backend } = this.#options;
    if (backend.vrfy === undefined) return answer(this.#channel, 252, 'send it and see', '2.1.5');
    this.#admit();
    return answer(this.#channel, 250, await verifyUser(backend, argument), '2.1.5');
  }

  async #expn(argument: string): Promise<void> {
    this.#admit();
    return answer(this.#channel, 250, await expandList(this.#options.backend, argument), '2.1.5');
  }

  #admit(): void {
    if (!this.#options.authRequired || this.#user !== undefined) return;
    throw refused(530, '5.7.0', 'authentication required');
  }
}
