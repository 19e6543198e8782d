/**
 * Where a password comes from, in order: `--passwordeval`, POSTHORN_PASSWORD, the account's `passwordeval`, the
 * account's literal one (the loader has refused a file others can read), and a prompt where somebody is there to ask.
 *
 * Why never from the command line: every user of the machine can read it there (CWE-214). A password command gets no
 * secret in its environment, and what it printed appears in no error. A line break or NUL in a password would end the
 * protocol line it is put into, so it is refused before anything connects.
 */

import { AbortedError, ConfigError } from '../errors.ts';
import type { Env } from './paths.ts';

export interface PasswordSources {
  /** Whose password it is; by default the mail server's. */
  readonly of?: keyof typeof WAYS;
  /** `--passwordeval`. */
  readonly passwordeval?: string | undefined;
  readonly env: Env;
  readonly account?: { readonly passwordeval?: string; readonly password?: () => string } | undefined;
  /** Asks the person; absent where nobody can be asked. Then a password command gets no standard input either. */
  readonly prompt?: (() => Promise<string>) | undefined;
  /** For a password command, in milliseconds. */
  readonly timeout?: number;
  /** Stops a password command. */
  readonly signal?: AbortSignal | undefined;
}

/** The variable that holds a password, and where else one is looked for. */
const WAYS = {
  server: {
    variable: 'POSTHORN_PASSWORD',
    hint: 'Give --passwordeval CMD, set POSTHORN_PASSWORD, put passwordeval into the account, or run it on a terminal to be asked.',
  },
  proxy: {
    variable: 'POSTHORN_PROXY_PASSWORD',
    hint: 'Set POSTHORN_PROXY_PASSWORD, put proxy_passwordeval into the configuration, or run it on a terminal to be asked.',
  },
} as const;
const SECRET_VARIABLES: ReadonlySet<string> = new Set(Object.values(WAYS).map(({ variable }) => variable));
const OUTPUT_LIMIT = 64 * 1024;

/**
 * The password of the first source that there is.
 *
 * @throws ConfigError `no-password`, `passwordeval-failed`, `bad-password`; whatever the prompt throws.
 */
export async function resolvePassword(sources: PasswordSources): Promise<string> {
  const password = await firstPassword(sources);
  if (/[\r\n\0]/.test(password)) {
    throw new ConfigError('bad-password', 'The password has a line break or a NUL in it, which no protocol can carry.');
  }
  return password;
}

async function firstPassword({
  of = 'server',
  passwordeval,
  env,
  account,
  prompt,
  timeout = 60_000,
  signal,
}: PasswordSources): Promise<string> {
  const options = { env, interactive: prompt !== undefined, timeout, signal };
  if (passwordeval !== undefined) return evaluate(passwordeval, options);
  const given = env[WAYS[of].variable];
  if (given) return given;
  if (account?.passwordeval !== undefined) return evaluate(account.passwordeval, options);
  if (account?.password !== undefined) return account.password();
  if (prompt) return prompt();
  throw new ConfigError('no-password', `The ${of} needs a password and there is none.`, { hint: WAYS[of].hint });
}

/** The environment of a program that we start: without the passwords that are in ours. */
export function withoutSecrets(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !SECRET_VARIABLES.has(name)));
}

/** Runs a password command and returns the first line it prints. */
async function evaluate(
  command: string,
  options: { env: Env; interactive: boolean; timeout: number; signal: AbortSignal | undefined },
): Promise<string> {
  const { spawn } = await import('node:child_process');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn('/bin/sh', ['-c', command], {
    stdio: [options.interactive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
    env: withoutSecrets(options.env),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  const fail = (what: string) =>
    end(
      new ConfigError('passwordeval-failed', `The password command ${what}.`, {
        hint: 'Run it by hand to see what it prints.',
      }),
    );
  const stopped = () => end(new AbortedError('aborted', 'Stopped while the password command was running.'));
  const end = (error: Error) => {
    reject(error);
    child.kill('SIGKILL');
    // Something the command left behind may hold the pipe open; it must not keep us.
    child.stdout.destroy();
    child.unref();
  };
  options.signal?.addEventListener('abort', stopped, { once: true });
  const timer = setTimeout(() => fail(`did not end within ${options.timeout / 1000} seconds`), options.timeout);
  let exit: Exit | undefined;
  const settle = (whole: boolean) => {
    const output = Buffer.concat(chunks);
    // The pipe may stay open: what asks a password manager leaves its agent behind.
    if (exit === undefined || !(whole || exit.status !== 0 || output.includes('\n'))) return;
    const result = resultOf(exit, output);
    if ('fault' in result) return fail(result.fault);
    resolve(result.password);
    child.stdout.destroy();
  };
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > OUTPUT_LIMIT) return fail('printed more than 64 KiB');
    chunks.push(chunk);
    settle(false);
  });
  child.on('error', () => fail('could not be started'));
  child.on('exit', (status, signal) => {
    exit = { status, signal };
    settle(false);
  });
  child.on('close', () => settle(true));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stopped);
  }
}

interface Exit {
  readonly status: number | null;
  readonly signal: string | null;
}

function resultOf(
  { status, signal }: Exit,
  output: Buffer,
): { readonly password: string } | { readonly fault: string } {
  if (status !== 0) return { fault: signal ? `was ended by ${signal}` : `failed with status ${status}` };
  const password = firstLine(output);
  if (password === undefined) return { fault: 'printed something that is not UTF-8' };
  return password === '' ? { fault: 'printed nothing' } : { password };
}

function firstLine(output: Buffer): string | undefined {
  const end = output.indexOf('\n');
  const line = end < 0 ? output : output.subarray(0, end);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line).replace(/\r$/, '');
  } catch {
    return undefined;
  }
}
