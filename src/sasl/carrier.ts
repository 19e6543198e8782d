/**
 * How a protocol of lines with an AUTH command carries SASL: POP3 (RFC 5034 §4) and SMTP (RFC 4954 §4) do it alike.
 *
 * A protocol says how long its command lines may be, how a line is exchanged, and what a reply means; the spelling and
 * the masking are here. What this file must never know: reply codes, or the sockets below.
 */
import type { SaslCarrier, SaslReply } from './exchange.ts';

/**
 * @param maxCommand octets of a command line, CRLF included.
 * @param exchange sends a line, without its CRLF, that a transcript shows as `said`.
 * @param read what a reply says of the login. @throws the protocol's ReplyError for a refusal.
 */
export function authCarrier<R>(
  maxCommand: number,
  exchange: (line: string, said: string) => Promise<R>,
  read: (reply: R) => SaslReply,
): SaslCarrier {
  return {
    maxInitial: maxCommand - 'AUTH SCRAM-SHA-256-PLUS \r\n'.length,
    start: async (mechanism, initial) => {
      const command = `AUTH ${mechanism}`;
      if (initial === undefined) return read(await exchange(command, command));
      return read(await exchange(`${command} ${initial}`, `${command} ****`));
    },
    answer: async (response) => read(await exchange(response, '****')),
    // What it is answered means nothing: the reason for it is known.
    cancel: async () => {
      await exchange('*', '*');
    },
  };
}
