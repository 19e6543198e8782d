/**
 * The server's parser of one command: a line, read by the protocol's own grammar, and shown with its secrets masked.
 *
 * What this file must never know: any command.
 */
import { LimitError, ProtocolError } from '../errors.ts';
import { LineParser, MAX_LINE } from './line.ts';
import type { Parser } from './parser.ts';

/** What is wrong with a line that was refused for its octets. */
const BAD_LINE = 'a line ends in CRLF, and has no bare CR or LF and no NUL';

/** A line that is none is a value too, so that the server can say so before it closes. */
export interface BadLine {
  readonly fault: 'line';
  readonly why: string;
}

/** How a protocol reads a line, and what a transcript shows of it. */
export type ReadLine<C> = (line: string) => { readonly command: C; readonly said: string };

export class CommandLineParser<C> implements Parser<C | BadLine> {
  result: { readonly value: C | BadLine } | undefined;
  readonly said: string[] = [];
  readonly #line: LineParser;
  readonly #read: ReadLine<C>;

  /** `limit`: octets of the line, CRLF included. */
  constructor(read: ReadLine<C>, limit = MAX_LINE) {
    this.#read = read;
    this.#line = new LineParser('utf8', limit);
  }

  push(bytes: Uint8Array): number {
    try {
      const taken = this.#line.push(bytes);
      if (this.#line.result !== undefined) this.#finish(this.#line.result.value);
      return taken;
    } catch (error) {
      if (!(error instanceof ProtocolError || error instanceof LimitError)) throw error;
      this.said.push('(not a line)');
      const why = error.code === 'bad-line' ? BAD_LINE : 'line too long';
      this.result = { value: { fault: 'line', why } };
      return bytes.length;
    }
  }

  #finish(line: string): void {
    const { command, said } = this.#read(line);
    this.said.push(said);
    this.result = { value: command };
  }
}
