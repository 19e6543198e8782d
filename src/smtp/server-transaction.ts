/**
 * The server's side of a transaction: MAIL, every RCPT, and the message behind DATA or in chunks (RFC 5321 §3.3, RFC 3030).
 *
 * RFC 5321 §4.1.1 calls what is kept here the reverse-path, the forward-path and the mail data buffer. The counterpart
 * of `transaction.ts`.
 */
import type { SmtpReplyError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import type { Capabilities } from '../wire/capabilities.ts';
import { CountedBody } from '../wire/count.ts';
import { parseDecimal } from '../wire/decimal.ts';
import { DotDecoder } from '../wire/dot.ts';
import { answer, refuse, refused } from './answer.ts';
import { DATA_BLOCK, type Verb } from './commands.ts';
import { Copies, type Deliver } from './delivery.ts';
import type { RecipientRequests } from './envelope.ts';
import { isAscii, parsePath } from './grammar.ts';
import { MAIL_PARAMETERS, type MailParameters, RCPT_PARAMETERS } from './parameters.ts';
import { readParameters } from './received.ts';
import { Reception, receive } from './reception.ts';
import type { Session } from './session.ts';

/** RFC 5321 §4.5.3.1.8: at least a hundred recipients are taken. */
const MAX_RECIPIENTS = 1000;

/** What a transaction needs of the server around it. */
export interface TransactionOptions {
  readonly backend: {
    recipient(address: string): Promise<void>;
    readonly deliver: Deliver;
  };
  /** What is announced now. */
  readonly capabilities: () => Capabilities;
  /** The most octets of one message. */
  readonly maxSize: number;
  /** Each recipient is a delivery of its own, and gets an answer of its own (RFC 2033). */
  readonly lmtp: boolean;
  /** Told of the backend's own trouble. */
  readonly fault: ((error: unknown) => void) | undefined;
}

export class ServerTransaction {
  readonly #channel: Channel;
  readonly #session: Session;
  readonly #options: TransactionOptions;
  #mail: MailParameters & { readonly from: string } = { from: '' };
  #recipients: string[] = [];
  #requests = new Map<string, RecipientRequests>();
  /** The message that is coming in chunks. */
  #reception: Reception | undefined;

  constructor(channel: Channel, session: Session, options: TransactionOptions) {
    this.#channel = channel;
    this.#session = session;
    this.#options = options;
  }

  /** Forgets everything; a message that had begun to come is given up. */
  async reset(): Promise<void> {
    const reception = this.#reception;
    this.#reception = undefined;
    this.#forget();
    await reception?.abort();
  }

  async mail(argument: string): Promise<void> {
    const path = parsePath(argument);
    if (path === undefined) throw refused(501, '5.1.7', 'that is not a sender');
    const parameters = readParameters(MAIL_PARAMETERS, path.parameters, this.#options.capabilities);
    this.#checkAscii(path.address, parameters.utf8);
    this.#mail = { from: path.address, body: '7bit', ...parameters };
    await this.#reply(250, 'sender accepted', '2.1.0');
  }

  async rcpt(argument: string): Promise<void> {
    const path = parsePath(argument);
    if (path === undefined || path.address === '') throw refused(501, '5.1.3', 'that is not a recipient');
    const { address } = path;
    const requests = readParameters(RCPT_PARAMETERS, path.parameters, this.#options.capabilities);
    this.#checkAscii(address, this.#mail.utf8);
    if (this.#recipients.length >= MAX_RECIPIENTS) throw refused(452, '4.5.3', 'too many recipients');
    await this.#options.backend.recipient(address);
    this.#recipients.push(address);
    if (path.parameters.length > 0) this.#requests.set(address, requests);
    await this.#reply(250, 'recipient accepted', '2.1.5');
  }

  /** RFC 6531 §3.5. */
  #checkAscii(address: string, utf8: boolean | undefined): void {
    if (utf8 || isAscii(address)) return;
    throw refused(553, '5.6.7', 'that address needs SMTPUTF8, said with MAIL');
  }

  async data(): Promise<void> {
    // RFC 3030 §3: what is not made of lines has no line that could end it.
    if (this.#mail.body === 'binary') throw outOfOrder('DATA');
    const copies = await this.#open();
    if (copies.fault !== undefined) throw copies.fault.error;
    const reception = this.#receive(copies);
    // Where this fails so does the reading behind it, which then gives the message up.
    void this.#reply(354, 'go on, end with a dot');
    await receive(this.#channel, reception, new DotDecoder(reception.sink));
    await this.#finish(reception);
  }

  /** RFC 3030 §2: the chunk follows at once, so it is read whatever becomes of it. */
  async bdat(argument: string): Promise<void> {
    const [, digits = '', last] = /^0*(\d+)( LAST)?$/i.exec(argument) ?? [];
    const octets = parseDecimal(digits);
    if (octets === undefined) {
      this.#session.succeeded('QUIT');
      throw refused(501, '5.5.4', 'nobody knows how long that chunk is');
    }
    if (!this.#session.permits('BDAT')) {
      await this.#channel.read(new CountedBody(() => undefined, octets), { timeout: DATA_BLOCK });
      throw outOfOrder('BDAT');
    }
    this.#reception ??= this.#receive(await this.#open());
    const reception = this.#reception;
    await receive(this.#channel, reception, new CountedBody(reception.sink, octets)).catch((error: unknown) => {
      this.#reception = undefined;
      throw error;
    });
    if (last !== undefined) return this.#finish(reception);
    const { fault } = reception;
    if (fault !== undefined) {
      // Said now: a client that knows no size would otherwise go on to its end for nothing.
      await this.reset();
      this.#session.reset();
      throw fault.error;
    }
    this.#session.chunked();
    await this.#reply(250, `${octets} ${octets === 1 ? 'octet' : 'octets'} taken`, '2.0.0');
  }

  /** Begins one delivery, with LMTP one for each recipient. */
  #open(): Promise<Copies> {
    const { backend, lmtp, fault } = this.#options;
    const { from, body = '7bit', utf8 = false, size, ...asked } = this.#mail;
    const envelope = { ...asked, from, requests: this.#requests, body, utf8, size };
    const groups = lmtp ? this.#recipients.map((recipient) => [recipient]) : [this.#recipients];
    return Copies.open(
      (each) => backend.deliver(each),
      groups.map((recipients) => ({ ...envelope, recipients })),
      (error) => fault?.(error),
    );
  }

  #receive(copies: Copies): Reception {
    return new Reception(copies, this.#options.maxSize, this.#mail.body === 'binary');
  }

  /** Answers for each delivery, as soon as its turn comes. */
  async #finish(reception: Reception): Promise<void> {
    this.#reception = undefined;
    try {
      for (const name of reception.finish()) {
        await name.then(
          (taken) => this.#reply(250, `taken as ${taken}`, '2.0.0'),
          (error: unknown) => refuse(this.#channel, error, this.#options.fault),
        );
      }
    } finally {
      this.#forget();
      this.#session.reset();
    }
  }

  #forget(): void {
    this.#mail = { from: '' };
    this.#recipients = [];
    this.#requests = new Map();
  }

  #reply(code: number, text: string, enhanced?: string): Promise<void> {
    return answer(this.#channel, code, text, enhanced);
  }
}

export function outOfOrder(verb: Verb): SmtpReplyError {
  return refused(503, '5.5.1', `${verb} is out of order`);
}
