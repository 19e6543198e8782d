/** The server's parser of one line of a SASL exchange, which a transcript never shows (RFC 4954 §4, RFC 5034 §4). */
import { type BadLine, CommandLineParser } from './command-line.ts';

/** RFC 4954 §4: the longest line of a SASL exchange, a token in base64, CRLF included. */
const MAX_SECRET_LINE = 12_288;

export interface SecretLine {
  readonly fault?: undefined;
  readonly text: string;
}

/** Reads one line; what is none is a value too, so that the server can say so before it closes. */
export function secretLineParser(): CommandLineParser<SecretLine> {
  return new CommandLineParser((text) => ({ command: { text }, said: '****' }), MAX_SECRET_LINE);
}

/** The line, or undefined where what came was none. */
export function lineOf(read: SecretLine | BadLine): string | undefined {
  return read.fault === undefined ? read.text : undefined;
}
