/**
 * The POP3 server: one session over one channel (RFC 1939, 2449, 2595, 3206, 5034).
 *
 * It knows nothing of where mail is kept: a backend finds passwords and opens maildrops. Deletion happens in UPDATE and
 * nowhere else, so a connection that breaks, or is idle for ten minutes, deletes nothing.
 */
import { Pop3ReplyError, PosthornError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import { type ServerIdentity, secureServer } from '../net/listen.ts';
import { answerAuth, FAILURES } from '../sasl/answer.ts';
import type { Verifier } from '../sasl/mechanism.ts';
import { offeredNames } from '../sasl/offer.ts';
import { sameSecret } from '../sasl/verify.ts';
import { DotEncoder } from '../wire/dot.ts';
import { lineOf, secretLineParser } from '../wire/secret-line.ts';
import { type Capabilities, formatCapabilities } from '../wire/capabilities.ts';
import { CommandParser, type ReceivedCommand } from './command-parser.ts';
import { AUTOLOGOUT, type Verb } from './commands.ts';
import { type Maildrop, type MaildropMessage, OpenMaildrop } from './maildrop.ts';
import { Session } from './session.ts';
import { topOf } from './top.ts';

/** Wrong passwords in one session before the connection is closed. */
const MAX_FAILURES = 3;

export interface Pop3Backend extends Verifier {
  /** @throws Pop3ReplyError `IN-USE` when another session has it. */
  open(user: string): Promise<Maildrop>;
}

export interface Pop3ServerOptions {
  readonly backend: Pop3Backend;
  /** With an identity STLS is offered, unless the channel is under TLS already. */
  readonly identity?: ServerIdentity | undefined;
  /** Lets users log in without TLS. */
  readonly insecure?: boolean | undefined;
  /** Milliseconds of silence before the session ends; at least ten minutes outside of tests (RFC 1939 §3). */
  readonly autologout?: number | undefined;
}

/** Serves one connection to its end. Resolves when it is over, for whatever reason; never rejects for what a client did. */
export async function servePop3(channel: Channel, options: Pop3ServerOptions): Promise<void> {
  const connection = new Pop3Connection(channel, options);
  try {
    await connection.run();
  } catch (error) {
    if (!(error instanceof PosthornError)) throw error;
  } finally {
    connection.release();
    await channel.close();
  }
}

class Pop3Connection {
  readonly #channel: Channel;
  readonly #options: Pop3ServerOptions;
  readonly #session = new Session();
  #user: string | undefined;
  #maildrop: OpenMaildrop | undefined;
  #failures = 0;
  #over = false;

  constructor(channel: Channel, options: Pop3ServerOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  async run(): Promise<void> {
    await this.#reply('+OK POP3 ready');
    const timeout = this.#options.autologout ?? AUTOLOGOUT;
    while (!this.#over) {
      const command = await this.#channel.read(new CommandParser(), { timeout });
      try {
        await this.#obey(command);
      } catch (error) {
        // A backend refuses with the error a client would get from the wire; its own trouble is told as temporary.
        if (this.#channel.failure !== undefined || !(error instanceof PosthornError)) throw error;
        if (error instanceof Pop3ReplyError) await this.#refuse(error.message, error.respCode);
        else await this.#refuse('this server has trouble, try again later', 'SYS/TEMP');
      }
    }
  }

  release(): void {
    this.#maildrop?.release();
    this.#maildrop = undefined;
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
    CAPA: () => this.#listing('capabilities follow', formatCapabilities(this.#capabilities())),
    STLS: () => this.#stls(),
    USER: async (user) => {
      this.#requireTls();
      this.#user = user;
      await this.#reply('+OK now the password');
    },
    PASS: (password = '') => this.#pass(password),
    AUTH: (mechanism = '', initial) => this.#auth(mechanism, initial),
    QUIT: () => this.#quit(),
    STAT: async () => {
      const { count, octets } = this.#open.stat();
      await this.#reply(`+OK ${count} ${octets}`);
    },
    LIST: (number) => this.#list(number, ({ octets }) => String(octets)),
    UIDL: (number) => this.#list(number, ({ uid }) => uid),
    TOP: async (number, lines) => {
      await this.#send('top follows', topOf(this.#open.message(Number(number)).read(), Number(lines)));
    },
    RETR: async (number) => {
      const message = this.#open.message(Number(number));
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

  #capabilities(): Capabilities {
    const secure = this.#channel.tls !== undefined;
    const capabilities = new Map<string, readonly string[]>();
    if (!secure && this.#options.identity !== undefined) capabilities.set('STLS', []);
    if (secure || this.#options.insecure) {
      capabilities.set('USER', []).set('SASL', offeredNames(this.#options.backend, this.#channel));
    }
    for (const name of ['TOP', 'UIDL', 'PIPELINING', 'RESP-CODES', 'AUTH-RESP-CODE']) capabilities.set(name, []);
    return capabilities.set('IMPLEMENTATION', ['Posthorn']);
  }

  async #stls(): Promise<void> {
    const { identity } = this.#options;
    if (identity === undefined || this.#channel.tls !== undefined) return this.#refuse('TLS is not available');
    await this.#reply('+OK begin TLS');
    await secureServer(this.#channel, identity);
    // RFC 2595 §4: as if the connection had just begun.
    this.#user = undefined;
  }

  async #pass(password: string): Promise<void> {
    this.#requireTls();
    if (this.#user === undefined) return this.#refuse('USER comes first');
    const expected = await this.#options.backend.password(this.#user);
    const user = expected !== undefined && sameSecret(password, expected) ? this.#user : undefined;
    this.#user = undefined;
    await this.#admit(user);
  }

  async #auth(name: string, initial: string | undefined): Promise<void> {
    this.#requireTls();
    const verdict = await answerAuth({ name, initial }, this.#options.backend, this.#channel, async (challenge) => {
      await this.#channel.write(Buffer.from(`+ ${challenge}\r\n`), '+ ****');
      const timeout = this.#options.autologout ?? AUTOLOGOUT;
      return lineOf(await this.#channel.read(secretLineParser(), { timeout }));
    });
    if ('user' in verdict) return this.#admit(verdict.user);
    if (verdict.failed === 'rejected') return this.#admit(undefined);
    this.#over = verdict.failed === 'no-line';
    await this.#refuse(FAILURES[verdict.failed]);
  }

  #requireTls(): void {
    if (this.#channel.tls !== undefined || this.#options.insecure) return;
    throw new Pop3ReplyError(undefined, 'start TLS first (STLS)');
  }

  async #admit(user: string | undefined): Promise<void> {
    if (user === undefined) {
      this.#failures += 1;
      this.#over = this.#failures >= MAX_FAILURES;
      return this.#refuse(FAILURES.rejected, 'AUTH');
    }
    this.#maildrop = new OpenMaildrop(await this.#options.backend.open(user));
    this.#session.succeeded('PASS');
    const { count, octets } = this.#maildrop.stat();
    await this.#reply(`+OK ${count} messages (${octets} octets)`);
  }

  async #list(number: string | undefined, what: (message: MaildropMessage) => string): Promise<void> {
    if (number !== undefined) return this.#reply(`+OK ${number} ${what(this.#open.message(Number(number)))}`);
    const rows = this.#open.entries.map(([at, message]) => `${at} ${what(message)}`);
    await this.#listing(`${rows.length} messages`, rows);
  }

  async #quit(): Promise<void> {
    this.#over = true;
    const update = this.#session.state === 'transaction';
    this.#session.succeeded('QUIT');
    try {
      if (update) await this.#open.update();
    } catch {
      return this.#refuse('some messages were not deleted', 'SYS/TEMP');
    }
    await this.#reply('+OK bye');
  }

  #reply(line: string): Promise<void> {
    return this.#channel.write(Buffer.from(`${line}\r\n`), line);
  }

  #refuse(why: string, respCode?: string): Promise<void> {
    return this.#reply(respCode === undefined ? `-ERR ${why}` : `-ERR [${respCode}] ${why}`);
  }

  async #listing(text: string, rows: readonly string[]): Promise<void> {
    await this.#reply(`+OK ${text}`);
    // No row begins with a dot: rows begin with a number or with the name of a capability.
    for (const row of [...rows, '.']) await this.#channel.write(Buffer.from(`${row}\r\n`), row);
  }

  async #send(text: string, message: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#reply(`+OK ${text}`);
    const encoder = new DotEncoder();
    let octets = 0;
    try {
      for await (const chunk of message) {
        octets += chunk.length;
        for (const piece of encoder.push(chunk)) await this.#channel.write(piece);
      }
    } catch (error) {
      // Half a message is behind its +OK: only the end of the connection tells the client.
      if (error instanceof PosthornError) this.#channel.fail(error);
      throw error;
    }
    await this.#channel.write(encoder.end(), `(${octets} octets)`);
  }
}
