/**
 * The server's side of DATA and BDAT: a message into a backend, within bounds, and never two messages for one (RFC 5321 §4.5.2).
 *
 * What comes is read to its end even when it is refused: the client listens only then.
 */
import type { Channel } from '../net/channel.ts';
import { BareNewlineDetector } from '../wire/eol.ts';
import type { Parser, Sink } from '../wire/parser.ts';
import { refused } from './answer.ts';
import { DATA_BLOCK } from './commands.ts';
import type { Copies, Fault } from './delivery.ts';

/** One message while it arrives, behind DATA or in the chunks of BDAT. Ends with `finish` or `abort`. */
export class Reception {
  readonly #copies: Copies;
  readonly #limit: number;
  readonly #newlines: BareNewlineDetector | undefined;
  #octets = 0;

  /** `binary`: it is not made of lines, so that a bare CR or LF means nothing (RFC 3030 §3). */
  constructor(copies: Copies, limit: number, binary: boolean) {
    this.#copies = copies;
    this.#limit = limit;
    this.#newlines = binary ? undefined : new BareNewlineDetector();
  }

  /** Takes what comes; what is refused at the end anyway is dropped. */
  readonly sink: Sink = (chunk) => {
    this.#octets += chunk.length;
    this.#newlines?.push(chunk);
    if (this.#octets > this.#limit || this.#newlines?.found) return undefined;
    return this.#copies.write(chunk);
  };

  /**
   * The message is whole: what each delivery calls it. They reject with SmtpReplyError 552 past the limit, 550 for a
   * bare CR or LF, and with what the delivery throws.
   */
  finish(): readonly Promise<string>[] {
    return this.#copies.finish(this.fault);
  }

  abort(): Promise<void> {
    return this.#copies.abort();
  }

  /** Why nobody will get the message, whatever is still to come of it. */
  get fault(): Fault | undefined {
    if (this.#octets > this.#limit) {
      return { error: refused(552, '5.3.4', `message larger than ${this.#limit} octets`) };
    }
    // Some reader behind us may take a bare line end for a real one, and its dot for the end (the attacks of 2023).
    if (this.#newlines?.found) {
      return { error: refused(550, '5.6.0', 'bare CR or LF in the message') };
    }
    return undefined;
  }
}

/** Reads `body`, whose sink is the reception's; a connection that breaks gives the message up. */
export async function receive(channel: Channel, reception: Reception, body: Parser<number>): Promise<void> {
  try {
    await channel.read(body, { timeout: DATA_BLOCK });
  } catch (error) {
    await reception.abort();
    throw error;
  }
}
