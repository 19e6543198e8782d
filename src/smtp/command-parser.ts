/** The server's parser of one command line: the grammar of `grammar.ts` behind the channel's contract, secrets masked. */
import { readMasked } from '../sasl/mask.ts';
import { type BadLine, CommandLineParser } from '../wire/command-line.ts';
import { COMMANDS } from './commands.ts';
import { type CommandLine, parseCommand } from './grammar.ts';

export type ReceivedCommand = CommandLine | BadLine;

export class CommandParser extends CommandLineParser<CommandLine> {
  constructor() {
    super(readMasked(parseCommand, COMMANDS));
  }
}
