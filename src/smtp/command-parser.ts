/** The server's parser of one command line: the grammar of `grammar.ts` behind the channel's contract, secrets masked. */
import { LimitError, ProtocolError } from '../errors.ts';
import { findMechanism } from '../sasl/mechanisms.ts';
import { LineParser } from '../wire/line.ts';
import type { Parser } from '../wire/parser.ts';
import { COMMANDS, type Verb } from './commands.ts';
import { type CommandLine, parseCommand } from './grammar.ts';

/** A line that is none is a value too, so that the server can say so before it closes. */
export type ReceivedCommand = CommandLine | { readonly fault: 'line'; readonly why: string };

export class CommandParser implements Parser<ReceivedCommand> {
  result: { readonly value: ReceivedCommand } | undefined;
  readonly said: string[] = [];
  readonly #line = new LineParser('utf8');

  push(bytes: Uint8Array): number {
    try {
      const taken = this.#line.push(bytes);
      if (this.#line.result !== undefined) this.#finish(this.#line.result.value);
      return taken;
    } catch (error) {
      if (!(error instanceof ProtocolError || error instanceof LimitError)) throw error;
      this.said.push('(not a line)');
      this.result = {
        value: { fault: 'line', why: error.code === 'bad-line' ? 'lines end in CRLF' : 'line too long' },
      };
      return bytes.length;
    }
  }

  #finish(line: string): void {
    const value = parseCommand(line);
    this.said.push(shown(value.verb, line));
    this.result = { value };
  }
}

/** What a transcript shows of a line: of a login the verb and the mechanism, and of what is no command nothing. */
function shown(verb: Verb | undefined, line: string): string {
  // It may well be a password that came out of turn.
  if (verb === undefined) return '(not a command)';
  if (COMMANDS[verb].secret !== true) return line;
  const [, mechanism = '', initial] = line.trim().split(/ +/);
  const name = findMechanism(mechanism)?.name ?? '****';
  return initial === undefined ? `${verb} ${name}` : `${verb} ${name} ****`;
}
