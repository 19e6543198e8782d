/**
 * The POP3 server: one session over one channel (RFC 1939, 2449, 2595, 3206, 5034, 6856).
 *
 * It knows nothing of where mail is kept: a backend finds passwords and opens maildrops. Deletion happens in UPDATE and
 * nowhere else, so a connection that breaks, or is idle for ten minutes, deletes nothing.
 */
import { Pop3ReplyError, PosthornError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import { asFailure, lost } from '../net/failures.ts';
import { secureServer } from '../net/listen.ts';
import { FAILURES, type Verdict } from '../sasl/answer.ts';
import { formatCapabilities } from '../wire/capabilities.ts';
import { DotEncoder } from '../wire/dot.ts';
import { replyLine } from '../wire/reply-line.ts';
import { takeUntil } from '../wire/take-until.ts';
import { CommandParser, type ReceivedCommand } from './command-parser.ts';
import { AUTOLOGOUT, type Verb } from './commands.ts';
import { findLanguage, LANGUAGE_ROWS } from './languages.ts';
import { type MaildropMessage, OpenMaildrop } from './maildrop.ts';
import { offeredCapabilities } from './offer.ts';
import { ServerLogin } from './server-login.ts';
import type { Pop3ServerOptions } from './server-options.ts';
import { Session } from './session.ts';
import { topOf } from './top.ts';

/** Wrong passwords in one session before the connection is closed. */
const MAX_FAILURES = 3;
/** Logins begun in one session that let nobody in, each of which may cost the work of a mechanism. */
const MAX_ATTEMPTS = 10;

/** Serves one connection to its end. Resolves when it is over, for whatever reason: what the backend throws goes to `fault`. */
export async function servePop3(channel: Channel, options: Pop3ServerOptions): Promise<void> {
  const connection = new Pop3Connection(channel, options);
  try {
    await connection.run();
  } catch (error) {
    if (!(error instanceof PosthornError)) throw error;
  } finally {
    await connection.release();
    await channel.close();
  }
}

class Pop3Connection {
  readonly #channel: Channel;
  readonly #options: Pop3ServerOptions;
  readonly #session = new Session();
  readonly #login: ServerLogin;
  /** The client has asked for UTF-8 mode. */
  #utf8 = false;
  #maildrop: OpenMaildrop | undefined;
  #failures = 0;
  #attempts = 0;
  #over = false;

  constructor(channel: Channel, options: Pop3ServerOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#login = new ServerLogin(channel, options);
  }

  async run(): Promise<void> {
    await this.#reply(['+OK POP3 ready', this.#login.timestamp ?? []].flat().join(' '));
    const timeout = this.#options.autologout ?? AUTOLOGOUT;
    while (!this.#over) {
      const command = await this.#channel.read(new CommandParser(), { timeout });
      try {
        await this.#obey(command);
      } catch (error) {
        // A backend refuses with the error a client would get from the wire; its own trouble is told as temporary.
        const { failure } = this.#channel;
        if (failure !== undefined) {
          if (!(error instanceof PosthornError)) this.#options.fault?.(error);
          throw failure;
        }
        if (error instanceof Pop3ReplyError) await this.#refuse(error.message, error.respCode);
        else await this.#trouble(error, 'this server has trouble, try again later');
      }
    }
  }

  /** Lets others have the maildrop. */
  async release(): Promise<void> {
    try {
      await this.#maildrop?.release();
    } catch (error) {
      this.#options.fault?.(error);
    }
  }

  async #obey(command: ReceivedCommand): Promise<void> {
    switch (command.fault) {
      case 'line':
        this.#over = true;
        return this.#refuse(command.why);
      case 'unknown':
        return this.#refuse('unknown command');
      case 'arguments':
        return this.#refuse(`wrong arguments for ${command.verb}`);
    }
    const { verb, args } = command;
    if (!this.#session.permits(verb))
      return this.#refuse(`${verb} is not possible in the ${this.#session.state} state`);
    await this.#handlers[verb](...args);
  }

  readonly #handlers: Readonly<Record<Verb, (...args: string[]) => Promise<void>>> = {
    CAPA: () => {
      const offered = offeredCapabilities(this.#channel, this.#options, this.#session.state);
      return this.#listing('capabilities follow', formatCapabilities(offered));
    },
    STLS: () => this.#stls(),
    UTF8: async () => {
      this.#utf8 = true;
      await this.#reply('+OK UTF-8 from here on');
    },
    LANG: (range) => this.#lang(range),
    USER: async (user = '') => {
      this.#login.name(user);
      await this.#reply('+OK now the password');
    },
    PASS: async (password = '') => this.#admit(await this.#login.pass(password)),
    APOP: async (said = '') => this.#admit(await this.#login.apop(said)),
    AUTH: async (mechanism = '', initial) => this.#admit(await this.#login.auth(mechanism, initial)),
    QUIT: () => this.#quit(),
    STAT: async () => {
      const { count, octets } = this.#open.stat();
      await this.#reply(`+OK ${count} ${octets}`);
    },
    LIST: (number) => this.#list(number, ({ octets }) => String(octets)),
    UIDL: (number) => this.#list(number, ({ uid }) => uid),
    TOP: async (number, lines) => {
      await this.#send('top follows', topOf(this.#readable(number).read(), Number(lines)));
    },
    RETR: async (number) => {
      const message = this.#readable(number);
      await this.#send(`${message.octets} octets`, message.read());
    },
    DELE: async (number) => {
      this.#open.mark(Number(number));
      await this.#reply('+OK marked as deleted');
    },
    NOOP: () => this.#reply('+OK'),
    RSET: async () => {
      this.#open.unmark();
      await this.#reply('+OK no message is marked');
    },
  };

  /** The open maildrop; the command table lets nobody come here without one. */
  get #open(): OpenMaildrop {
    if (this.#maildrop === undefined) throw new Pop3ReplyError('SYS/PERM', 'no maildrop is open');
    return this.#maildrop;
  }

  /** RFC 6856 §2.1: such a message is never sent as it is to a client that did not ask for UTF-8. */
  #readable(number: string | undefined): MaildropMessage {
    const message = this.#open.message(Number(number));
    if (message.utf8 !== true || this.#utf8) return message;
    throw new Pop3ReplyError('UTF8', 'this message has UTF-8 in its header: say UTF8 before the login');
  }

  async #stls(): Promise<void> {
    const { identity } = this.#options;
    if (identity === undefined || this.#channel.tls !== undefined) return this.#refuse('TLS is not available');
    // RFC 6856 §2.1.
    if (this.#utf8) return this.#refuse('STLS comes before UTF8');
    await this.#reply('+OK begin TLS');
    await secureServer(this.#channel, identity);
    this.#login.restart();
  }

  async #lang(range: string | undefined): Promise<void> {
    if (range === undefined) return this.#listing('languages follow', LANGUAGE_ROWS);
    const tag = findLanguage(range);
    if (tag === undefined) return this.#refuse('only English is spoken here');
    await this.#reply(`+OK ${tag} English it is`);
  }

  async #admit(verdict: Verdict): Promise<void> {
    if ('failed' in verdict) {
      if (verdict.failed === 'rejected') this.#failures += 1;
      if (verdict.failed !== 'unknown') this.#attempts += 1;
      const many = this.#failures >= MAX_FAILURES || this.#attempts >= MAX_ATTEMPTS;
      this.#over = verdict.failed === 'no-line' || many;
      if (verdict.failed !== 'rejected') return this.#refuse(FAILURES[verdict.failed]);
      return this.#refuse(FAILURES.rejected, 'AUTH');
    }
    this.#maildrop = new OpenMaildrop(await this.#options.backend.open(verdict.user));
    this.#session.succeeded('PASS');
    const { count, octets } = this.#maildrop.stat();
    await this.#reply(`+OK ${count} messages (${octets} octets)`);
  }

  async #list(number: string | undefined, what: (message: MaildropMessage) => string): Promise<void> {
    if (number !== undefined) return this.#reply(`+OK ${Number(number)} ${what(this.#open.message(Number(number)))}`);
    const rows = this.#open.entries.map(([at, message]) => `${at} ${what(message)}`);
    await this.#listing(`${rows.length} messages`, rows);
  }

  async #quit(): Promise<void> {
    this.#over = true;
    const update = this.#session.state === 'transaction';
    this.#session.succeeded('QUIT');
    try {
      if (update) await this.#open.update();
    } catch (error) {
      return this.#trouble(error, 'some messages were not deleted');
    }
    await this.#reply('+OK bye');
  }

  #reply(text: string): Promise<void> {
    const line = replyLine(text);
    return this.#channel.write(Buffer.from(`${line}\r\n`), line);
  }

  #refuse(why: string, respCode?: string): Promise<void> {
    return this.#reply(respCode === undefined ? `-ERR ${why}` : `-ERR [${respCode}] ${why}`);
  }

  /** The backend's own trouble, which is told as temporary. */
  #trouble(error: unknown, why: string): Promise<void> {
    this.#options.fault?.(error);
    return this.#refuse(why, 'SYS/TEMP');
  }

  async #listing(text: string, rows: readonly string[]): Promise<void> {
    await this.#reply(`+OK ${text}`);
    // No row begins with a dot: rows begin with a number or with the name of a capability.
    for (const row of [...rows, '.']) await this.#reply(row);
  }

  async #send(text: string, message: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#reply(`+OK ${text}`);
    const encoder = new DotEncoder();
    let octets = 0;
    try {
      // Nobody waits for a message of which the rest does not come, once the client is gone.
      for await (const chunk of takeUntil(message, this.#channel.over)) {
        octets += chunk.length;
        for (const piece of encoder.push(chunk)) await this.#channel.write(piece);
      }
    } catch (error) {
      if (this.#channel.failure === undefined) this.#options.fault?.(error);
      // Half a message is behind its +OK: only the end of the connection tells the client.
      throw this.#channel.fail(asFailure(error));
    }
    // What was asked for behind it, such as that it be deleted, counted on its being there.
    if (this.#channel.over.aborted) throw this.#channel.fail(lost(true, undefined));
    await this.#channel.write(encoder.end(), `(${octets} octets)`);
  }
}
