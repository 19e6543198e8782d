/**
 * An SMTP reply (RFC 5321 §4.2): lines of one three-digit code, with an enhanced status code where there is one
 * (RFC 2034, RFC 3463). Strict: a code that changes between lines, or a line that has none, is a ProtocolError.
 */
import { LimitError, ProtocolError, SmtpReplyError } from '../errors.ts';
import { latin1 } from '../wire/bytes.ts';
import { LineParser } from '../wire/line.ts';
import type { Parser } from '../wire/parser.ts';
import { replyLine } from '../wire/reply-line.ts';
import { meaningOf } from './status-codes.ts';

/** A bound of ours on one reply. */
const MAX_LINES = 200;
const LINE = /^([2-5][0-5]\d)(?:([ -])(.*))?$/s;
const ENHANCED = /^([245]\.\d{1,3}\.\d{1,3})(?: (.*))?$/s;

export interface Reply {
  readonly code: number;
  /** Such as `2.1.5`; of the first line that has one whose class fits the code. */
  readonly enhanced: string | undefined;
  /** The text of each line, without codes. */
  readonly lines: readonly string[];
}

export class ReplyParser implements Parser<Reply> {
  result: { readonly value: Reply } | undefined;
  readonly said: string[] = [];
  readonly #lines: string[] = [];
  #line = new LineParser('utf8');
  #code: string | undefined;
  #enhanced: string | undefined;
  readonly #conceal: (words: string) => string;

  /** `conceal` masks what the server repeats of a secret. */
  constructor(conceal = (words: string): string => words) {
    this.#conceal = conceal;
  }

  push(bytes: Uint8Array): number {
    let taken = 0;
    while (taken < bytes.length && this.result === undefined) {
      taken += this.#line.push(bytes.subarray(taken));
      if (this.#line.result === undefined) continue;
      this.#take(this.#line.result.value);
      this.#line = new LineParser('utf8');
    }
    return taken;
  }

  #take(line: string): void {
    const [, code, separator = ' ', words = ''] = LINE.exec(line) ?? [];
    if (code === undefined || (this.#code !== undefined && code !== this.#code)) {
      throw new ProtocolError('bad-reply', 'The server sent something that is not an SMTP reply.', {
        hint: 'Check that this is an SMTP port (587, 465 with TLS, or 25).',
      });
    }
    this.#code = code;
    // A challenge may serve to guess the password off line, so it is masked like the answer to it.
    const challenge = code === '334';
    this.said.push(challenge ? '334 ****' : this.#conceal(line));
    const text = challenge ? words : this.#conceal(words);
    const [, enhanced, rest = ''] = ENHANCED.exec(text) ?? [];
    const fits = enhanced !== undefined && enhanced[0] === code[0];
    if (fits) this.#enhanced ??= enhanced;
    this.#lines.push(fits ? rest : text);
    if (separator === ' ')
      this.result = { value: { code: Number(code), enhanced: this.#enhanced, lines: this.#lines } };
    else if (this.#lines.length >= MAX_LINES) {
      throw new LimitError('reply-too-long', `The server sent a reply of more than ${MAX_LINES} lines.`);
    }
  }
}

/**
 * Reads the reply to RSET between two messages. No server refuses that (RFC 5321 §4.1.1.5), so what seems to is the answer
 * to something else, as are all behind it: those of a server that has read a chunk as commands. None of them may count.
 */
export class ResetParser extends ReplyParser {
  override push(bytes: Uint8Array): number {
    const taken = super.push(bytes);
    const reply = this.result?.value;
    if (reply === undefined || succeeded(reply) || reply.code === 421) return taken;
    throw new ProtocolError('out-of-step', `The server refused RSET (${describeReply(reply)}).`, {
      hint: 'It may have read a message as commands. If it comes to this again, set chunking: false for it.',
    });
  }
}

/** The lines of a reply as a server writes them, CRLF between, continuation marked (RFC 5321 §4.2.1). */
export function formatReply(code: number, text: string | readonly string[], enhanced?: string): string {
  const lines = (typeof text === 'string' ? [text] : text).map((line, at, { length }) => {
    const words = enhanced === undefined ? line : `${enhanced} ${line}`;
    return replyLine(`${code}${at < length - 1 ? '-' : ' '}${words}`);
  });
  return lines.join('\r\n');
}

/** The first digit of a code says what became of the command. */
export function succeeded(reply: Reply): boolean {
  return reply.code >= 200 && reply.code < 300;
}

/** Whether nothing can follow a reply: the server says that it closes (RFC 5321 §3.8), or speaks of something else. */
export function endsSession({ code }: Reply): boolean {
  return code === 421 || code < 400;
}

/** The error for a reply that is not what the command asked for. 3xx where none is due is a broken server. */
export function refusal(reply: Reply, phase: string, hint?: string): SmtpReplyError | ProtocolError {
  if (reply.code < 400) {
    return new ProtocolError('bad-reply', `The server answered ${reply.code} where that means nothing (${phase}).`, {
      phase,
    });
  }
  return new SmtpReplyError(reply, `The server refused (${phase}): ${describeReply(reply)}`, { phase, hint });
}

/** A reply for people: its codes, the server's words, and what the enhanced code means. */
export function describeReply({ code, enhanced, lines }: Reply): string {
  const meaning = meaningOf(enhanced);
  const words = [code, enhanced, lines.join(' ').trim() || 'without a reason', meaning && `(${meaning})`];
  return words.filter((word) => word !== undefined).join(' ');
}

/** A server may say 421 at any time and close (RFC 5321 §3.8): that is a reason, not a breach. */
export function unsolicited(bytes: Uint8Array): SmtpReplyError | undefined {
  const [, text] = /^421[ -]([^\r\n]*)/.exec(latin1(bytes)) ?? [];
  return text === undefined
    ? undefined
    : new SmtpReplyError({ code: 421 }, `The server ended the session: 421 ${text}`, { hint: 'Try again later.' });
}
