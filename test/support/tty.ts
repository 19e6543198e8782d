/** The program on a terminal, by util-linux's `script`: what it draws there, and keys typed to it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { commandLine, type Home } from './program.ts';

/** False, or why tests that need a terminal are skipped. */
export const noTerminal = spawnSync('script', ['--version']).status === 0 ? false : 'needs script of util-linux';

export interface TerminalRun {
  readonly child: ChildProcess;
  /** What was drawn so far. */
  output(): string;
  /** Resolves when the text is there. */
  shows(text: RegExp): Promise<void>;
  type(keys: string): void;
  readonly ended: Promise<{ code: number; output: string }>;
}

/** Starts the program on a terminal of 100 columns. */
export function startOnTerminal(home: Home, args: readonly string[], env: Record<string, string> = {}): TerminalRun {
  const command = `stty cols 100 rows 30; exec ${commandLine(args)}`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    cwd: home.folder,
    env: { ...home.env, TERM: 'xterm', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  let moved = Promise.withResolvers<void>();
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    output += piece;
    moved.resolve();
    moved = Promise.withResolvers();
  });
  child.stdin.on('error', () => undefined);
  let over = false;
  const ended = new Promise<{ code: number; output: string }>((resolve) => {
    child.on('close', (code) => {
      over = true;
      moved.resolve();
      resolve({ code: code ?? -1, output });
    });
  });
  return {
    child,
    output: () => output,
    async shows(text) {
      while (!text.test(output)) {
        if (over) throw new Error(`It ended without showing ${text}: ${JSON.stringify(output)}`);
        await moved.promise;
      }
    },
    type: (keys) => void child.stdin.write(keys),
    ended,
  };
}

/** Runs the program on a terminal to its end. */
export function onTerminal(home: Home, args: readonly string[], env?: Record<string, string>) {
  return startOnTerminal(home, args, env).ended;
}
