/**
 * From argv to an exit code: finds the command, loads it and nothing else, and turns every failure into one clear
 * sentence and a documented code. No stack trace ever reaches a person.
 */
import { Command, CommanderError } from 'commander';
import { UsageError } from '../errors.ts';
import { VERSION } from '../version.ts';
import { COMMANDS, type Run } from './commands.ts';
import { type Context, type GlobalOptions, makeContext, type Program } from './context.ts';
import { exitCode } from './exit-codes.ts';
import { addGlobalOptions } from './options.ts';

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
  let status = 0;
  const root = new Command('posthorn');
  const run: Run =
    (work) =>
    async (...args) => {
      context = makeContext(program, root.opts<GlobalOptions>(), stop);
      status = (await work(context, ...args)) ?? 0;
    };
  try {
    await describe(root, argv, program, run);
    await root.parseAsync([...argv], { from: 'user' });
    return context?.output.failure === undefined ? status : exitCode(context.output.failure);
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const { output } = context ?? makeContext(program, early(argv), stop);
    // A reader who went away also stopped the work: that is the reason then, not the stop.
    const reason = output.failure ?? (error instanceof CommanderError ? usage(error) : error);
    output.error(reason);
    return exitCode(reason);
  }
}

async function describe(root: Command, argv: readonly string[], program: Program, run: Run): Promise<void> {
  root
    .description('Mail in the terminal and in scripts: POP3 in, SMTP out, a mailbox between them.')
    .version(VERSION, '-V, --version', 'print the version')
    .addHelpText('after', EXAMPLES)
    .configureOutput({ writeOut: (text) => program.stdout.write(text), writeErr: () => undefined })
    .showSuggestionAfterError(true)
    .exitOverride();
  addGlobalOptions(root);
  const chosen = COMMANDS.find(({ name }) => argv.includes(name));
  for (const { name, summary, load } of COMMANDS) {
    const command = root
      .command(name)
      .summary(summary)
      .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`);
    if (name === chosen?.name || argv.includes('help')) (await load()).define(command, run);
  }
  if (argv.length === 0) root.action(() => root.help());
}

/** What matters for an error that comes before the options are known. */
function early(argv: readonly string[]): GlobalOptions {
  return { json: argv.includes('--json'), color: !argv.includes('--no-color') };
}

function usage({ message, code }: CommanderError): UsageError {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n');
  const hint = rest.join(' ').replace(/[()]/g, '') || 'See posthorn --help.';
  return new UsageError(
    code.replace(/^commander\./, '').replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    `${first.charAt(0).toUpperCase()}${first.slice(1)}.`.replace(/\.\.$/, '.'),
    { hint },
  );
}
