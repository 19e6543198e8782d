/**
 * How a protocol of lines with an AUTH command carries SASL: POP3 (RFC 5034 §4) and SMTP (RFC 4954 §4) do it alike.
 *
 * A protocol says how long its command lines may be, how a line is exchanged, and what a reply means; the spelling and
 * the masking are here. What this file must never know: reply codes, or the sockets below.
 */
import type { PosthornError } from '../errors.ts';
import { concealing } from './conceal.ts';
import { type Credentials, secretOf } from './credentials.ts';
import type { SaslCarrier, SaslReply } from './exchange.ts';

export interface LineProtocol<R> {
  /** Octets of a command line, CRLF included. */
  readonly maxCommand: number;
  /**
   * Sends a line, without its CRLF, that a transcript shows as `said`.
   *
   * @param conceal masks what the reply repeats of it.
   */
  readonly exchange: (line: string, said: string, conceal: (words: string) => string) => Promise<R>;
  /** What a reply says of the login. @throws the protocol's ReplyError for a refusal. */
  readonly read: (reply: R) => SaslReply;
  /** Ends the connection. */
  readonly fail: (error: PosthornError) => void;
}

export function authCarrier<R>(
  { maxCommand, exchange, read, fail }: LineProtocol<R>,
  credentials: Credentials,
): SaslCarrier {
  // A reply may repeat not only the line it answers.
  const told: string[] = [];
  const say = async (line: string, said: string): Promise<SaslReply> =>
    read(await exchange(line, said, concealing(secretOf(credentials), told)));
  return {
    maxInitial: maxCommand - 'AUTH SCRAM-SHA-256-PLUS \r\n'.length,
    start: (mechanism, initial) => {
      const command = `AUTH ${mechanism}`;
      if (initial === undefined) return say(command, command);
      told.push(initial);
      return say(`${command} ${initial}`, `${command} ****`);
    },
    answer: (response) => {
      told.push(response);
      return say(response, '****');
    },
    cancel: () => say('*', '*'),
    abandon: fail,
  };
}
