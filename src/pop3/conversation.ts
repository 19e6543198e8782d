/**
 * The client's commands on their way: each sent in its turn and resolved by its own response, and NOOP where nothing else
 * is said for long. What this file must never know: what a command is for.
 */
import { Pop3ReplyError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import { notSent } from '../net/requests.ts';
import { COMMANDS, type Verb } from './commands.ts';
import { formatCommand } from './grammar.ts';
import { questioned, type Response, type ResponseOptions, ResponseParser } from './response.ts';

export type Arguments = readonly (string | number)[];

export class Conversation {
  readonly #channel: Channel;
  readonly #ownTimeout: number | undefined;
  /** Settles when a login is over: whatever came into the middle of one would be taken for a part of it. */
  #loggedIn: Promise<unknown> = Promise.resolve();
  #pending = 0;
  /** Whether anything was asked since the last look. */
  #spoke = false;

  /** `timeout` in milliseconds takes the place of each command's own. */
  constructor(channel: Channel, timeout: number | undefined) {
    this.#channel = channel;
    this.#ownTimeout = timeout;
  }

  timeout(verb: Verb): number {
    return this.#ownTimeout ?? COMMANDS[verb].timeout;
  }

  /** Holds every command back until a login is over, however it ends. */
  holdFor(login: Promise<void>): void {
    this.#loggedIn = login.catch(() => undefined);
  }

  /** A command that must succeed. @throws Pop3ReplyError when it is refused. */
  async command(verb: Verb, args: Arguments = [], options: ResponseOptions = {}): Promise<Response> {
    const response = await this.ask(verb, args, options);
    if (response.status === 'err') throw refusal(response, verb.toLowerCase());
    return response;
  }

  /** A command that may be refused. */
  async ask(verb: Verb, args: Arguments = [], options: ResponseOptions = {}): Promise<Response> {
    this.#pending += 1;
    this.#spoke = true;
    try {
      await this.#loggedIn;
      return await this.#exchange(verb, args, options);
    } finally {
      this.#pending -= 1;
    }
  }

  /** Says NOOP whenever `interval` milliseconds went by without a word, until the work is done, however it ends. */
  async keepAlive<T>(work: () => Promise<T>, interval: number): Promise<T> {
    const timer = setInterval(() => this.#stillHere(), interval);
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  }

  #stillHere(): void {
    // Where an answer is awaited the server knows that we are here. What becomes of the NOOP the next command learns.
    if (!this.#spoke && this.#pending === 0) this.ask('NOOP').catch(() => undefined);
    this.#spoke = false;
  }

  async #exchange(verb: Verb, args: Arguments, options: ResponseOptions): Promise<Response> {
    const response = await this.#channel
      .exchange(formatCommand(verb, ...args), new ResponseParser(options), {
        timeout: this.timeout(verb),
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
}

/** The error for an `-ERR` to a command, or in place of a greeting. */
export function refusal({ text, respCode }: Response, phase: string): Pop3ReplyError {
  return new Pop3ReplyError(respCode, `The server refused (${phase}): ${text || 'without a reason'}`, { phase });
}
