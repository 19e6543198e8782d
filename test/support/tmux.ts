/** A real terminal of any size, by tmux: what it shows after everything was drawn, and keys typed to it. */
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Scope } from './process.ts';
import { commandLine, type Home } from './program.ts';

const run = promisify(execFile);
const LIMIT_MS = 20_000;

/** False, or why tests that need it are skipped. */
export const noTmux = spawnSync('tmux', ['-V']).status === 0 ? false : 'needs tmux';

export interface Screen {
  /** The lines of the screen, without spaces at their ends; `styled` with the escape sequences of their styles. */
  lines(styled?: boolean): Promise<string[]>;
  /** Resolves with the screen once the text is on it. */
  shows(text: RegExp): Promise<string[]>;
  /** Keys by tmux's names: `q`, `C-c`, `Enter`, `Space`. */
  type(...keys: string[]): Promise<void>;
}

/** Runs the program; `$ended CODE` stands on the screen when it ended. */
export async function startScreen(
  scope: Scope,
  home: Home,
  args: readonly string[],
  { columns = 80, rows = 24, env = {} }: { columns?: number; rows?: number; env?: Record<string, string> } = {},
): Promise<Screen> {
  const socket = join(home.folder, 'tmp', `tmux-${Math.random().toString(36).slice(2)}`);
  const environment = { ...home.env, SHELL: '/bin/sh', LANG: 'C.UTF-8', ...env };
  const tmux = (...words: string[]) => run('tmux', ['-S', socket, '-f', '/dev/null', ...words], { env: environment });
  const size = ['-x', String(columns), '-y', String(rows)];
  await tmux('new-session', '-d', ...size, `trap : INT; ${commandLine(args)}; echo "\\$ended $?"; exec sleep 60`);
  scope.after(async () => void (await tmux('kill-server').catch(() => undefined)));
  const lines = async (styled = false) => {
    const { stdout } = await tmux('capture-pane', '-p', ...(styled ? ['-e'] : []));
    return stdout.split('\n').map((line) => line.trimEnd());
  };
  return {
    lines,
    async shows(text) {
      const end = Date.now() + LIMIT_MS;
      for (;;) {
        const screen = await lines();
        if (text.test(screen.join('\n'))) return screen;
        if (Date.now() > end) throw new Error(`${text} was not shown: ${screen.join('\n')}`);
        await pause(50);
      }
    },
    type: async (...keys) => void (await tmux('send-keys', ...keys)),
  };
}
