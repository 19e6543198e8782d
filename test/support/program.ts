/**
 * The built program, run as a person runs it: bin/posthorn.cjs in a process of its own.
 *
 * Why: what is promised is promised of the program, with its bundle, its exit codes and its environment. Each home is
 * a folder of its own with every place the program may write to, so that nothing of this machine is read or changed.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Scope } from './process.ts';

export const PROGRAM = fileURLToPath(new URL('../../bin/posthorn.cjs', import.meta.url));
const BUNDLE = fileURLToPath(new URL('../../dist/posthorn.cjs', import.meta.url));
const LIMIT_MS = 120_000;

/** The words that run it, as a shell reads them. */
export function commandLine(args: readonly string[]): string {
  return [process.execPath, PROGRAM, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}

/** How a run ended. */
export interface Ended {
  /** -1 where a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Besides the home's own. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
}

export interface Home {
  readonly folder: string;
  /** The environment of every run. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs the program to its end, at most two minutes. */
  posthorn(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** Starts the program without awaiting it; the end of the scope kills it. */
  start(args: readonly string[], options?: RunOptions): ChildProcess;
  /** Runs it with `--json`, asserts that it ended with 0, and returns the one value it printed. */
  json<T = unknown>(args: readonly string[], options?: RunOptions): Promise<T>;
  /** Runs it with `--json`, asserts the exit code, and returns the one error it told. */
  refused(code: number, args: readonly string[], options?: RunOptions): Promise<ToldError>;
  /** The bytes of each message in the only mailbox of this home, in any order. */
  stored(): Promise<Buffer[]>;
}

/** What `--json` says of an error. */
export interface ToldError {
  readonly code: string;
  readonly phase: string | null;
  readonly message: string;
  readonly hint: string | null;
  readonly retryable: boolean;
}

/** Makes a home, with `env` in the environment of every run. It goes with the scope. */
export async function makeHome(scope: Scope, env: Readonly<Record<string, string>> = {}): Promise<Home> {
  assert.ok(existsSync(BUNDLE), `${BUNDLE} is missing: build the program first, with npm run build.`);
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-home-'));
  const running = new Set<ChildProcess>();
  scope.after(async () => {
    for (const child of running) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  await mkdir(join(folder, 'tmp'));
  const environment = { ...placesIn(folder), ...env };
  const start = (args: readonly string[], { env: more = {}, stdin = '' }: RunOptions = {}): ChildProcess => {
    const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, env: { ...environment, ...more } });
    running.add(child);
    child.once('close', () => running.delete(child));
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    return child;
  };
  const posthorn = (args: readonly string[], options?: RunOptions) => ended(start(args, options));
  return {
    folder,
    env: environment,
    start,
    posthorn,
    async json<T>(args: readonly string[], options?: RunOptions) {
      const { code, stdout, stderr } = await posthorn([...args, '--json'], options);
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout) as T;
    },
    async refused(expected, args, options) {
      const { code, stderr } = await posthorn([...args, '--json'], options);
      assert.equal(code, expected, stderr);
      return toldError(stderr);
    },
    stored: () => storedIn(join(folder, 'data', 'posthorn')),
  };
}

/** Collects what a process says until it ends. */
export async function ended(child: ChildProcess): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (piece: string) => {
      said[name] += piece;
    });
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code: code ?? -1, ...said };
}

/**
 * The most memory a process had at once, in bytes; to be asked for until it ends. Linux keeps that itself (VmHWM), so
 * nothing between two looks is missed but what the very last moments add.
 */
export function watchMemory({ pid }: ChildProcess): { peak(): number } {
  let peak = 0;
  const look = (): void => {
    try {
      const [, kilobytes = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      peak = Math.max(peak, Number(kilobytes) * 1024);
    } catch {
      // It has ended.
      clearInterval(timer);
    }
  };
  const timer = setInterval(look, 20);
  timer.unref();
  return { peak: () => peak };
}

/** The environment of a machine on which nobody has used the program yet. */
function placesIn(folder: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    TMPDIR: join(folder, 'tmp'),
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_STATE_HOME: join(folder, 'state'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    NODE_COMPILE_CACHE: join(folder, 'cache', 'node'),
  };
}

/** The last line that tells an error; warnings may come before it. */
function toldError(stderr: string): ToldError {
  const told = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { error?: ToldError })
    .findLast(({ error }) => error !== undefined);
  assert.ok(told?.error, `no error was told: ${stderr}`);
  return told.error;
}

async function storedIn(mailboxes: string): Promise<Buffer[]> {
  const [mailbox = '', ...more] = await readdir(mailboxes);
  assert.deepEqual(more, [], 'there is more than one mailbox');
  const found = await Promise.all(
    ['new', 'cur'].map(async (name) => {
      const folder = join(mailboxes, mailbox, name);
      return (await readdir(folder)).map((file) => join(folder, file));
    }),
  );
  return Promise.all(found.flat().map((path) => readFile(path)));
}
