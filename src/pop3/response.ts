/**
 * A POP3 response (RFC 1939 §3, RFC 2449 §8): a status line, and behind `+OK`, for some commands, a multi-line body.
 *
 * QUIRK: the status is read in any case of letters, though RFC 1939 §3 has capitals: servers differ. Everything else that is neither `+OK`, `-ERR` nor
 * a continuation is a ProtocolError: after it nobody knows what answers what.
 */
import { ConnectionLostError, ProtocolError } from '../errors.ts';
import { latin1 } from '../wire/bytes.ts';
import { DotDecoder } from '../wire/dot.ts';
import { LineParser } from '../wire/line.ts';
import type { Parser, Sink } from '../wire/parser.ts';
import type { RowCollector } from '../wire/rows.ts';

export interface Response {
  readonly status: 'ok' | 'err' | 'continue';
  /** The text behind the status, without the response code; of a continuation, the challenge in base64. */
  readonly text: string;
  /** Of an `-ERR`: what stands in brackets, in upper case (RFC 2449 §8). */
  readonly respCode: string | undefined;
  /** Octets of the body, where there was one. */
  readonly octets: number;
}

export interface ResponseOptions {
  /** Takes the message that follows `+OK`. */
  readonly body?: Sink | undefined;
  /** Takes the listing that follows `+OK`. With neither, the response is one line. */
  readonly listing?: RowCollector | undefined;
  /** The most octets a message may have. */
  readonly limit?: number | undefined;
  /** Masks what the server repeats of a secret. */
  readonly conceal?: ((words: string) => string) | undefined;
}

const STATUS = /^(?:(\+OK)|(-ERR))(?: (?:\[([^\]\s]{1,100})\] ?)?(.*))?$/is;
const CONTINUE = /^\+(?: (.*))?$/s;

export class ResponseParser implements Parser<Response> {
  result: { readonly value: Response } | undefined;
  readonly said: string[] = [];
  readonly #line = new LineParser('utf8');
  readonly #options: ResponseOptions;
  #status: Response | undefined;
  #body: DotDecoder | undefined;

  constructor(options: ResponseOptions = {}) {
    this.#options = options;
  }

  get wait(): Promise<void> | undefined {
    return this.#body?.wait;
  }

  get streaming(): boolean {
    return this.#body !== undefined;
  }

  push(bytes: Uint8Array): number {
    const taken = this.#status === undefined ? this.#pushLine(bytes) : 0;
    if (this.#body === undefined || taken === bytes.length) return taken;
    return taken + this.#pushBody(this.#body, bytes.subarray(taken));
  }

  #pushLine(bytes: Uint8Array): number {
    const taken = this.#line.push(bytes);
    if (this.#line.result === undefined) return taken;
    const { body, listing, limit, conceal = (words: string): string => words } = this.#options;
    const line = this.#line.result.value;
    const challenge = CONTINUE.test(line);
    const shown = challenge ? line : conceal(line);
    this.#status = parseStatus(shown);
    // A challenge may serve to guess the password off line, so it is masked like the answer to it.
    this.said.push(challenge ? '+ ****' : shown);
    const sink = body ?? listing?.sink;
    if (this.#status.status === 'ok' && sink !== undefined) this.#body = new DotDecoder(sink, limit);
    else this.result = { value: this.#status };
    return taken;
  }

  #pushBody(body: DotDecoder, bytes: Uint8Array): number {
    const taken = body.push(bytes);
    if (body.result !== undefined && this.#status !== undefined) {
      this.said.push(...(this.#options.listing?.said ?? body.said));
      this.result = { value: { ...this.#status, octets: body.result.value } };
    }
    return taken;
  }
}

function parseStatus(line: string): Response {
  const [matched, ok, err, code, text = ''] = STATUS.exec(line) ?? [];
  if (matched !== undefined) {
    // Only -ERR carries response codes; brackets behind +OK are text (RFC 2449 §8).
    if (ok !== undefined) return { status: 'ok', text: line.slice('+OK '.length), respCode: undefined, octets: 0 };
    // QUIRK: RFC 2449 §6.4 lets brackets be a code only where RESP-CODES is announced; servers send them without.
    if (err !== undefined) return { status: 'err', text, respCode: code?.toUpperCase(), octets: 0 };
  }
  const challenge = CONTINUE.exec(line);
  if (challenge !== null) return { status: 'continue', text: challenge[1] ?? '', respCode: undefined, octets: 0 };
  throw new ProtocolError('bad-response', 'The server sent something that is not a POP3 response.', {
    hint: 'Check that this is a POP3 port (110, or 995 with TLS).',
  });
}

/** A server that ends an idle session may say why before it closes (RFC 1939 §3): that is a reason, not a breach. */
export function unsolicited(bytes: Uint8Array): ConnectionLostError | undefined {
  const [, text] = /^-ERR(?: ([^\r\n]*))?/i.exec(latin1(bytes)) ?? [];
  return text === undefined
    ? undefined
    : new ConnectionLostError('not-sent', `The server ended the session: ${text}`, { hint: 'Try again.' });
}

/** The error for a question (`+`) in answer to a command that leaves nothing to ask. */
export function questioned(verb: string): ProtocolError {
  return new ProtocolError('bad-response', `The server answered ${verb} with a question.`);
}
