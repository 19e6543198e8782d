/** `posthorn sandbox`: SMTP and POP3 servers on loopback, to try things on; `sandbox run -- CMD` for one command. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import type { Sandbox, SandboxPorts } from '../../sandbox/sandbox.ts';
import { PrivateFolder } from '../../store/private-folder.ts';
import type { Run } from '../command.ts';
import { whyNotStarted } from '../command-line.ts';
import type { Context } from '../context.ts';
import { addGlobalOptions, readCount } from '../options.ts';
import { safeText } from '../terminal.ts';

interface SandboxFlags {
  smtpPort?: number;
  smtpsPort?: number;
  pop3Port?: number;
  pop3sPort?: number;
  samples: boolean;
}

const EXAMPLES = `
Everything stays on 127.0.0.1 and is forgotten at the end; mail to other places lands in a mailbox of the sandbox.
With run, the command sees POSTHORN_POP3, POSTHORN_SMTP, POSTHORN_PASSWORD, POSTHORN_CA_FILE and folders of its own
for mail and configuration, and its exit code is the sandbox's.

Examples:
  posthorn sandbox
  posthorn sandbox run -- posthorn fetch
  posthorn sandbox run -- sh -c 'posthorn fetch && posthorn list'
  posthorn sandbox --smtp-port 2525 --pop3-port 1100`;

export function define(command: Command, run: Run): void {
  command
    .option('--smtp-port <port>', 'SMTP with STARTTLS (by default a free port)', readPort)
    .option('--smtps-port <port>', 'SMTP with TLS from the start', readPort)
    .option('--pop3-port <port>', 'POP3 with STLS', readPort)
    .option('--pop3s-port <port>', 'POP3 with TLS from the start', readPort)
    .option('--no-samples', 'begin with empty mailboxes')
    .addHelpText('after', EXAMPLES)
    .action(run((context, flags: SandboxFlags) => serve(context, flags)));
  // Options behind `run` belong to the command that is run.
  command.enablePositionalOptions();
  const inside = command
    .command('run')
    .summary('run a command with the sandbox in its environment')
    .description('Run a command with the sandbox in its environment, and end with its exit code.')
    .argument('<command...>', 'the command and its arguments, behind --')
    .passThroughOptions()
    .action(
      run((context, words: string[], _: unknown, self: Command) =>
        runCommand(context, words, self.parent?.opts<SandboxFlags>()),
      ),
    );
  addGlobalOptions(inside, 'behind');
}

function readPort(text: string): number {
  const port = readCount(text);
  if (port > 0 && port < 65_536) return port;
  throw new UsageError('bad-number', `${JSON.stringify(text)} is not a port.`, {
    hint: 'Ports are numbers from 1 to 65535.',
  });
}

async function start(context: Context, flags: SandboxFlags | undefined): Promise<Sandbox> {
  const { startSandbox } = await import('../../sandbox/sandbox.ts');
  const { smtpPort, smtpsPort, pop3Port, pop3sPort, samples } = flags ?? {};
  const chosen = { smtp: smtpPort, smtps: smtpsPort, pop3: pop3Port, pop3s: pop3sPort };
  const ports: Partial<SandboxPorts> = Object.fromEntries(
    Object.entries(chosen).filter(([, port]) => port !== undefined),
  );
  const fault = (error: unknown) => context.output.warn(`trouble in the sandbox: ${messageOf(error)}`);
  return startSandbox({ ports, samples, trace: context.surroundings.trace, fault });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The variables that point a program at the sandbox. */
function sandboxEnvironment(sandbox: Sandbox, caFile: string): Record<string, string> {
  const { host, ports, users } = sandbox;
  const user = users[0] ?? { address: '', password: '' };
  const login = encodeURIComponent(user.address);
  return {
    POSTHORN_POP3: `pop3s://${login}@${host}:${ports.pop3s}`,
    POSTHORN_SMTP: `smtps://${login}@${host}:${ports.smtps}`,
    POSTHORN_PASSWORD: user.password,
    POSTHORN_CA_FILE: caFile,
  };
}

/** Folders of the run's own for mail and settings: what is tried on a sandbox must not mix with anything real. */
export function privateHome(folder: string): Record<string, string> {
  const names = ['XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME'];
  return Object.fromEntries(names.map((name) => [name, join(folder, name.split('_')[1]?.toLowerCase() ?? '')]));
}

/** Starts a sandbox for `work`, and ends it whatever comes. */
async function withSandbox<T>(
  context: Context,
  flags: SandboxFlags | undefined,
  work: (sandbox: Sandbox, variables: Record<string, string>, folder: string) => Promise<T>,
): Promise<T> {
  const folder = await PrivateFolder.create();
  try {
    const sandbox = await start(context, flags);
    try {
      return await work(
        sandbox,
        sandboxEnvironment(sandbox, await folder.write('authority.pem', sandbox.authority)),
        folder.path,
      );
    } finally {
      await sandbox.close();
    }
  } finally {
    await folder.remove();
  }
}

function serve(context: Context, flags: SandboxFlags): Promise<void> {
  const { output, surroundings } = context;
  return withSandbox(context, flags, async (sandbox, variables) => {
    const { host, ports, users } = sandbox;
    if (output.isJson) output.json({ host, ports, users, environment: variables });
    else output.data(instructions(sandbox, variables));
    await stopped(surroundings.signal);
  });
}

function instructions({ host, ports, users }: Sandbox, variables: Record<string, string>): string {
  const exports = Object.entries(variables).map(([name, value]) => safeText(`  export ${name}='${value}'`));
  return [
    `SMTP  ${host}:${ports.smtp} (STARTTLS)   ${host}:${ports.smtps} (TLS)`,
    `POP3  ${host}:${ports.pop3} (STLS)       ${host}:${ports.pop3s} (TLS)`,
    ...users.map(({ address, password }) => `user  ${address}   password ${password}`),
    '',
    'Paste this into another terminal:',
    ...exports,
    '',
    'Then try:',
    '  posthorn list --remote',
    '  posthorn send -t bob@example.org -s Hello --body "It works."',
    '  posthorn fetch && posthorn list && posthorn read 1',
    '',
    'Ctrl-C ends the sandbox and forgets its mail.',
  ].join('\n');
}

/** Until the person stops it: that is how a server is meant to end, and no error. */
function stopped(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}

function runCommand(context: Context, words: readonly string[], flags: SandboxFlags | undefined): Promise<number> {
  const [program = '', ...args] = words;
  return withSandbox(context, flags, (_, variables, folder) =>
    exitOf(
      program,
      args,
      { ...context.surroundings.env, ...privateHome(folder), ...variables },
      context.surroundings.signal,
    ),
  );
}

function cannotRun(program: string, cause: unknown): UsageError {
  return new UsageError('command-failed', `Cannot run ${program}: ${whyNotStarted(cause)}.`, {
    hint: 'The command stands behind --: posthorn sandbox run -- CMD.',
    cause,
  });
}

/** Runs a program on our own terminal. Its exit code, or 128 and the number of the signal that ended it, as shells have it. */
function exitOf(
  program: string,
  args: readonly string[],
  env: Record<string, string | undefined>,
  stop: AbortSignal | undefined,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown) => reject(cannotRun(program, cause));
    let child: ChildProcess;
    try {
      child = spawn(program, args, { stdio: 'inherit', env });
    } catch (cause) {
      // A name that is too long, or holds a NUL, is refused at once.
      return failed(cause);
    }
    child.on('error', failed);
    child.on('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    // A terminal gives Ctrl-C to the command itself; what else ends us is passed on.
    stop?.addEventListener('abort', () => void (stop.reason !== 'SIGINT' && child.kill('SIGTERM')), { once: true });
  });
}
