/**
 * From argv to an exit code: finds the command, loads it and nothing else, and turns every failure into one clear
 * sentence and a documented code. No stack trace ever reaches a person.
 */
import { Command, CommanderError } from 'commander';
import { nearestWord } from '../config/nearest.ts';
import { UsageError } from '../errors.ts';
import { VERSION } from '../version.ts';
import type { Run } from './command.ts';
import { COMMANDS, type CommandRow } from './commands.ts';
import { type Context, type GlobalOptions, makeContext, type Program } from './context.ts';
import { exitCode } from './exit-codes.ts';
import { addGlobalOptions, globalOptions } from './options.ts';

const EXAMPLES = `
Examples, with a server made for trying them on:
  posthorn sandbox run -- posthorn list --remote
  posthorn sandbox run -- posthorn send -t bob@example.org -s Hello --body "It works."

Examples, with your own:
  posthorn fetch --pop3 pop3s://ann%40example.org@mail.example.org
  posthorn list
  posthorn read 1
  posthorn save 1 --dir .

posthorn COMMAND --help says more about each command.`;

/**
 * Runs the program.
 *
 * @param argv without the program's own name.
 * @param stop aborts the work; the exit code is 130 then.
 */
export async function main(argv: readonly string[], program: Program, stop = new AbortController()): Promise<number> {
  let context: Context | undefined;
  // Help, and what is wrong with the command line, come before the options are known.
  const current = () => (context ??= makeContext(program, early(argv), stop));
  let status = 0;
  const root = new Command('posthorn');
  const run: Run =
    (work) =>
    async (...args) => {
      // The library hands the command itself over last.
      context = makeContext(program, globalOptions(args.at(-1) as Command), stop);
      status = (await work(context, ...args)) ?? 0;
    };
  try {
    await describe(root, argv, (help) => current().output.data(help), run);
    await root.parseAsync(argv.length === 0 ? ['--help'] : [...argv], { from: 'user' });
    await context?.output.flushed();
    if (context?.output.failure !== undefined) throw context.output.failure;
    return status;
  } catch (error) {
    const { output } = current();
    if (error instanceof CommanderError && error.exitCode === 0) {
      // Help, or the version.
      await output.flushed();
      if (output.failure === undefined) return 0;
    }
    // A reader who went away also stopped the work: that is the reason then, not the stop.
    const reason = output.failure ?? (error instanceof CommanderError ? usage(error, root, argv) : error);
    output.error(reason);
    return exitCode(reason);
  }
}

async function describe(
  root: Command,
  argv: readonly string[],
  writeOut: (help: string) => void,
  run: Run,
): Promise<void> {
  root
    .description('Mail in the terminal and in scripts: POP3 in, SMTP out, a mailbox between them.')
    .version(VERSION, '-V, --version', 'print the version')
    .addHelpText('after', EXAMPLES)
    .configureOutput({ writeOut, writeErr: () => undefined })
    .showSuggestionAfterError(true)
    .exitOverride();
  addGlobalOptions(root);
  // What stands behind a command is read by that command alone: a subject such as "--passwordeval=…" stays a subject.
  root.enablePositionalOptions();
  const defined = new Set<string>();
  const define = async ({ name, load }: CommandRow, command: Command): Promise<void> => {
    if (defined.has(name)) return;
    defined.add(name);
    (await load()).define(command, run);
    addGlobalOptions(command, 'behind');
  };
  for (const row of COMMANDS) {
    const command = root
      .command(row.name)
      .summary(row.summary)
      .description(`${row.summary.charAt(0).toUpperCase()}${row.summary.slice(1)}.`);
    // `posthorn help COMMAND` shows a command without running it.
    if (argv.includes('help')) await define(row, command);
  }
  root.hook('preSubcommand', async (_, command) => {
    const row = COMMANDS.find(({ name }) => name === command.name());
    if (row !== undefined) await define(row, command);
  });
}

/** What matters for an error that comes before the options are known. */
function early(argv: readonly string[]): GlobalOptions {
  return { json: argv.includes('--json'), color: !argv.includes('--no-color') };
}

/** The library's complaint in our words. */
function usage({ message, code }: CommanderError, root: Command, argv: readonly string[]): UsageError {
  const command = COMMANDS.find(({ name }) => name === root.args[0])?.name;
  const help = `See posthorn ${command === undefined ? '' : `${command} `}--help.`;
  if (code === 'commander.help') {
    const [wanted] = argv.filter((word) => !word.startsWith('-') && word !== 'help');
    const what = wanted === undefined ? 'No command was given.' : `Unknown command '${wanted}'.`;
    const near = nearestWord(
      wanted ?? '',
      COMMANDS.map(({ name }) => name),
    );
    return new UsageError('unknown-command', what, { hint: near === undefined ? help : `Did you mean ${near}?` });
  }
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n');
  const leavesOut = /'-(\w+:)/.exec(first)?.[1];
  const hint =
    leavesOut === undefined
      ? rest.join(' ').replace(/[()]/g, '') || help
      : `To leave something out of a search, write not ${leavesOut}…, or put -- in front of the query.`;
  return new UsageError(
    code.replace(/^commander\./, '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    `${first.charAt(0).toUpperCase()}${first.slice(1)}.`.replace(/\.\.$/, '.'),
    { hint },
  );
}
