/**
 * What a POP3 server serves: the contract of a maildrop, and one that is open, with its marks of deletion (RFC 1939 §5).
 *
 * What it must never know: connections, or where the messages are kept.
 */
import { Pop3ReplyError } from '../errors.ts';

export interface MaildropMessage {
  /** The unique id: 1 to 70 characters from `!` to `~`, the same for as long as the message lives (RFC 1939 §7). */
  readonly uid: string;
  /** Octets with every line end as CRLF. */
  readonly octets: number;
  /** Its header has UTF-8 (RFC 6532): only a client that asked for UTF-8 mode gets it (RFC 6856 §2.1). */
  readonly utf8?: boolean | undefined;
  /** The message, every line end CRLF, without dot-stuffing. */
  read(): AsyncIterable<Uint8Array>;
}

/** One user's mail for the length of one session; new arrivals do not show. */
export interface Maildrop {
  readonly messages: readonly MaildropMessage[];
  /** UPDATE: erases for good. Called once, and only behind a QUIT. */
  erase(messages: readonly MaildropMessage[]): Promise<void>;
  /** The session is over; another may begin. What it throws is told, and changes nothing. */
  release(): void | Promise<void>;
}

/** A maildrop within a session: message numbers, and what is marked. */
export class OpenMaildrop {
  readonly #maildrop: Maildrop;
  readonly #marked = new Set<number>();

  constructor(maildrop: Maildrop) {
    this.#maildrop = maildrop;
  }

  /** What is not marked, with its numbers. */
  get entries(): [number: number, message: MaildropMessage][] {
    return this.#maildrop.messages
      .map((message, at): [number, MaildropMessage] => [at + 1, message])
      .filter(([number]) => !this.#marked.has(number));
  }

  stat(): { count: number; octets: number } {
    const { entries } = this;
    return { count: entries.length, octets: entries.reduce((sum, [, { octets }]) => sum + octets, 0) };
  }

  /** @throws Pop3ReplyError for a number that is not there, or is marked. */
  message(number: number): MaildropMessage {
    const message = this.#maildrop.messages[number - 1];
    if (message === undefined) throw new Pop3ReplyError(undefined, `there is no message ${number}`);
    if (this.#marked.has(number)) throw new Pop3ReplyError(undefined, `message ${number} is marked as deleted`);
    return message;
  }

  mark(number: number): void {
    this.message(number);
    this.#marked.add(number);
  }

  unmark(): void {
    this.#marked.clear();
  }

  /** UPDATE. */
  async update(): Promise<void> {
    const { messages } = this.#maildrop;
    await this.#maildrop.erase(messages.filter((_, at) => this.#marked.has(at + 1)));
  }

  release(): void | Promise<void> {
    return this.#maildrop.release();
  }
}
