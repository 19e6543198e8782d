/** The server's parser of one command line: the grammar of `grammar.ts` behind the channel's contract, secrets masked. */
import { masked } from '../sasl/mask.ts';
import { type BadLine, CommandLineParser } from '../wire/command-line.ts';
import { COMMANDS } from './commands.ts';
import { type CommandLine, parseCommand } from './grammar.ts';

export type ReceivedCommand = CommandLine | BadLine;

export class CommandParser extends CommandLineParser<CommandLine> {
  constructor() {
    super((line) => {
      const command = parseCommand(line);
      // What is no command may well be a password that came out of turn.
      if (command.verb === undefined) return { command, said: '(not a command)' };
      return { command, said: COMMANDS[command.verb].secret === true ? masked(command.verb, line) : line };
    });
  }
}
