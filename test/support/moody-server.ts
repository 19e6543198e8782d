/**
 * An SMTP server that takes mail in, remembers each message it took, and at every turn may do as its mood is: refuse for
 * now, say 421 and close, close or break off without a word, before or after it took the message.
 */
import { createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { onLoopback } from './loopback.ts';

/** What happens at a command, or at the end of a message: `lose` takes the message and breaks off. */
export type Mood = 'ok' | 'later' | '421' | 'close' | 'reset' | 'lose';

export interface MoodyServer {
  readonly port: number;
  /** The texts of the messages taken, in their order. */
  readonly taken: string[];
  /** Connections so far, and the most at one time. */
  readonly connections: { total: number; most: number; now: number };
  readonly commands: string[];
}

export interface Moods {
  /** What to do at this command, `.` for the end of a message, or `connect`. */
  mood(verb: string, carried: number): Mood;
  readonly capabilities?: readonly string[];
  /** Answers to commands in place of the usual ones. */
  readonly answers?: Readonly<Record<string, string>>;
}

export async function startMoodyServer(t: TestContext, moods: Moods): Promise<MoodyServer> {
  const connections = { total: 0, most: 0, now: 0 };
  const server: MoodyServer & { port: number } = { port: 0, taken: [], connections, commands: [] };
  const { port } = await onLoopback(t, createServer({ noDelay: true }), (socket) => {
    connections.total += 1;
    connections.now += 1;
    connections.most = Math.max(connections.most, connections.now);
    socket.on('close', () => {
      connections.now -= 1;
    });
    new Conversation(socket, moods, server).begin();
  });
  return Object.assign(server, { port });
}

class Conversation {
  readonly #socket: Socket;
  readonly #moods: Moods;
  readonly #server: MoodyServer;
  #heard = '';
  /** What came in chunks before the last. */
  #text = '';
  #body: { readonly until: string } | { readonly octets: number; readonly last: boolean } | undefined;
  #carried = 0;
  /** Whether a sender and a recipient were taken. */
  #named = { MAIL: false, RCPT: false };
  #over = false;

  constructor(socket: Socket, moods: Moods, server: MoodyServer) {
    this.#socket = socket;
    this.#moods = moods;
    this.#server = server;
  }

  begin(): void {
    if (this.#does(this.#moods.mood('connect', 0))) this.#say('220 moody');
    this.#socket.on('data', (chunk: Buffer) => {
      this.#heard += chunk.toString('latin1');
      while (!this.#over && this.#step());
    });
  }

  /** Takes one command or one body; false when it is not all there. */
  #step(): boolean {
    if (this.#body !== undefined) return this.#receive(this.#body);
    const end = this.#heard.indexOf('\r\n');
    if (end < 0) return false;
    const line = this.#heard.slice(0, end);
    this.#heard = this.#heard.slice(end + 2);
    this.#obey(line);
    return true;
  }

  #obey(line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    this.#server.commands.push(line);
    if (verb === 'BDAT') {
      const [, octets, last] = line.split(' ');
      this.#body = { octets: Number(octets), last: last === 'LAST' };
      return;
    }
    if (verb === 'RCPT' && !this.#named.MAIL) return this.#say('503 whose?');
    if (verb === 'DATA' && !this.#named.RCPT) return this.#say('503 for whom?');
    if (!this.#does(this.#moods.mood(verb, this.#carried))) return;
    if (verb === 'MAIL' || verb === 'RCPT') this.#named[verb] = true;
    if (verb === 'RSET' || verb === 'MAIL') this.#text = '';
    if (verb === 'RSET') this.#named = { MAIL: false, RCPT: false };
    const own = this.#moods.answers?.[verb];
    if (own !== undefined) return this.#say(own);
    if (verb === 'EHLO') {
      const capabilities = this.#moods.capabilities ?? [];
      return this.#say(
        ['moody', ...capabilities]
          .map((each) => `250-${each}\r\n`)
          .join('')
          .concat('250 HELP'),
      );
    }
    if (verb === 'DATA') {
      this.#body = { until: '\r\n.\r\n' };
      return this.#say('354 go on');
    }
    this.#say(verb === 'QUIT' ? '221 bye' : '250 ok');
    if (verb === 'QUIT') this.#end();
  }

  #receive(body: { readonly until: string } | { readonly octets: number; readonly last: boolean }): boolean {
    const end = 'octets' in body ? body.octets : this.#heard.indexOf(body.until) + body.until.length;
    if (this.#heard.length < end || ('until' in body && end < 5)) return false;
    const text = this.#text + this.#heard.slice(0, end).replace(/\.\r\n$/, '');
    this.#heard = this.#heard.slice(end);
    this.#body = undefined;
    const wanted = this.#named.RCPT;
    if ('last' in body && !body.last && wanted) {
      this.#text = text;
      this.#say('250 and more');
      return true;
    }
    this.#text = '';
    this.#named = { MAIL: false, RCPT: false };
    if (!wanted) this.#say('503 for whom?');
    if (!wanted) return true;
    this.#carried += 1;
    const mood = this.#moods.mood('.', this.#carried);
    if (mood === 'ok' || mood === 'lose') this.#server.taken.push(text);
    if (this.#does(mood)) this.#say('250 taken');
    return true;
  }

  /** True when all goes on as usual. */
  #does(mood: Mood): boolean {
    if (mood === 'ok') return true;
    if (mood === 'later') this.#say('451 later');
    if (mood === '421') this.#say('421 enough');
    if (mood === 'reset' || mood === 'lose') this.#socket.resetAndDestroy();
    if (mood !== 'later') this.#end();
    return false;
  }

  #say(text: string): void {
    if (!this.#socket.destroyed) this.#socket.write(`${text}\r\n`);
  }

  #end(): void {
    this.#over = true;
    this.#socket.end();
  }
}
