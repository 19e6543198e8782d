/**
 * A page in the person's browser: a file only they can read, gone when they have seen it.
 *
 * Why the file waits for a word: most browsers are handed a page by a program that ends at once, so nothing tells when it
 * was read. The browser is started without a shell and without our secrets; it is given a file of ours, never an address
 * that came from outside.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { withoutSecrets } from '../config/secrets.ts';
import { AbortedError, ConfigError } from '../errors.ts';
import { PrivateFolder } from '../store/private-folder.ts';
import { splitWords } from './command-line.ts';
import type { Context } from './context.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Milliseconds a browser has to read the page where nobody can be asked. */
const TIME_TO_LOAD = 10_000;

/** Shows a page, and removes it afterwards. @throws ConfigError `no-browser`; StoreError. */
export async function showPage(context: Context, html: string): Promise<void> {
  const { surroundings, choose, output } = context;
  const folder = await PrivateFolder.create();
  try {
    const page = await folder.write('message.html', html);
    await startBrowser(pathToFileURL(page).href, surroundings.env);
    if (choose === undefined) {
      output.say(`Opened ${page}, which is removed in ${TIME_TO_LOAD / 1000} seconds.`);
      await pause(TIME_TO_LOAD, undefined, { ...(surroundings.signal && { signal: surroundings.signal }) }).catch(
        () => undefined,
      );
    } else await choose(`Opened ${page}. Press d when you are done: it is removed then. `, 'd').catch(doneAnyway);
  } finally {
    await folder.remove();
  }
}

/** Ctrl-C is as good an answer. */
function doneAnyway(error: unknown): void {
  if (!(error instanceof AbortedError)) throw error;
}

/** The commands to be tried: those of BROWSER, a list with colons, or else what the system has. `%s` is the page. */
export function browsers(env: Env, page: string, platform: NodeJS.Platform): string[][] {
  const named = (env['BROWSER'] ?? '')
    .split(':')
    .map(splitWords)
    .filter((words) => words.length > 0);
  if (named.length > 0) {
    return named.map((words) =>
      words.some((word) => word.includes('%s')) ? words.map((word) => word.replaceAll('%s', page)) : [...words, page],
    );
  }
  if (platform === 'darwin') return [['open', page]];
  if (platform === 'win32') return [['rundll32', 'url.dll,FileProtocolHandler', page]];
  return [['xdg-open', page]];
}

async function startBrowser(page: string, env: Env): Promise<void> {
  const tried: string[] = [];
  for (const [program = '', ...args] of browsers(env, page, process.platform)) {
    const failure = await run(program, args, env);
    if (failure === undefined) return;
    tried.push(`${program} ${failure}`);
  }
  throw new ConfigError('no-browser', `No browser could be started: ${tried.join('; ')}.`, {
    hint: 'Name one in the variable BROWSER, or write the page to a file with > page.html.',
  });
}

/**
 * A browser that the person named may be one of the terminal, and has it until it ends; what the system has gets none.
 *
 * @returns why it failed, if it did.
 */
async function run(program: string, args: readonly string[], env: Env): Promise<string | undefined> {
  const terminal = env['BROWSER'] ? 'inherit' : 'ignore';
  const child = spawn(program, args, { stdio: [terminal, terminal, 'ignore'], env: withoutSecrets(env) });
  try {
    const [status] = (await once(child, 'exit')) as [number | null];
    return status === 0 ? undefined : `ended with ${status ?? 'a signal'}`;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT'
      ? 'is not here'
      : 'could not be started';
  }
}
