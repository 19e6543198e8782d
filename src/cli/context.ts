/**
 * What a command is given: its output, its surroundings, and what was said before the command's own options.
 *
 * The one place where the process becomes values: below here nothing asks for `process`.
 */
import { homedir } from 'node:os';
import { AbortedError } from '../errors.ts';
import type { Account, AccountRequest, Surroundings } from '../mail/account.ts';
import { colorWanted, Output } from './output.ts';
import { canPrompt, type PromptInput, promptKey, promptPassword } from './prompt.ts';

/** How long a program may take over one message, in milliseconds. */
const DELIVERY_TIME = 300_000;

/** The options every command has, as commander names them. */
export interface GlobalOptions extends AccountRequest {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly trace?: boolean;
  /** False after --no-input. */
  readonly input?: boolean;
  /** False after --no-color. */
  readonly color?: boolean;
}

export interface Context {
  readonly output: Output;
  readonly surroundings: Surroundings;
  readonly stdin: PromptInput;
  /** Asks the person to choose one of these keys; absent where nobody can be asked, and for `--json`, which is a script's. */
  readonly choose?: (question: string, keys: string) => Promise<string>;
  /** Resolves the account that the global options mean. */
  account(): Promise<Account>;
  /** Resolves those of these names; without one, the account that the options mean, else all that are configured. */
  accounts(names: readonly string[]): Promise<Account[]>;
  /** Calls back when a person tells the program, by SIGUSR2, not to wait any longer. */
  onNudge(listener: () => void): void;
}

/** What of the process the program uses; a test gives its own. */
export interface Program {
  readonly stdin: PromptInput;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly getuid?: () => number;
  readonly on?: (signal: 'SIGUSR2', listener: () => void) => unknown;
  readonly kill?: (group: 0, signal: 'SIGTSTP') => unknown;
}

export function makeContext(program: Program, options: GlobalOptions, stop: AbortController): Context {
  const { stdin, stdout, stderr, env } = program;
  const { json = false, quiet = false, verbose = false } = options;
  const output = new Output({
    stdout,
    stderr,
    json,
    quiet,
    verbose,
    color: colorWanted(env, options.color === false),
    dumb: env['TERM'] === 'dumb',
    onStdoutError: () => stop.abort(),
  });
  // Whoever is waiting for input when the work is stopped waits no longer.
  stdin.on('error', () => undefined);
  stop.signal.addEventListener('abort', () => stdin.destroy(new AbortedError('aborted', 'Stopped.')), { once: true });
  const mayAsk = options.input !== false && canPrompt(program);
  const asking = {
    stdin,
    stderr,
    show: (question?: string) => output.ask(question),
    signal: stop.signal,
    // All of a pipeline, as the terminal does it.
    suspend: () => program.kill?.(0, 'SIGTSTP'),
  };
  const surroundings: Surroundings = {
    env,
    run: async (words, input, variables) => {
      const { runChild } = await import('./child.ts');
      return runChild(words, { env, variables, input, timeout: DELIVERY_TIME, signal: stop.signal });
    },
    home: env['HOME'] || homedir(),
    uid: program.getuid?.(),
    signal: stop.signal,
    ...(options.trace ? { trace: (line: string) => output.trace(line) } : {}),
    ...(mayAsk
      ? {
          askPassword: (user: string) => promptPassword(`Password of ${user}: `, asking),
        }
      : {}),
  };
  return {
    output,
    surroundings,
    stdin,
    ...(mayAsk && !json
      ? {
          choose: (question: string, keys: string) => promptKey(question, keys, asking),
        }
      : {}),
    // Loaded here: help, and a command line that is wrong, need no account.
    account: async () => (await import('../mail/account.ts')).resolveAccount(options, surroundings),
    accounts: async (names) => (await import('../mail/accounts.ts')).resolveAccounts(names, options, surroundings),
    onNudge: (listener) => void program.on?.('SIGUSR2', listener),
  };
}
