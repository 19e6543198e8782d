/**
 * The person's editor, on the terminal, with a file: $VISUAL, else $EDITOR, else what there usually is.
 *
 * Why without a shell: the variable is a command and its arguments, and nothing in it is anybody's script. The editor
 * gets none of our secrets, and the terminal for its output even where ours goes to a file.
 */
import { withoutSecrets } from '../config/secrets.ts';
import { ConfigError } from '../errors.ts';
import { splitWords, whyNotStarted } from './command-line.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Where nothing is set. */
const USUAL = [['vi'], ['nano']];

/** The editors to be tried, each a program and its arguments. */
export function editors(env: Env): string[][] {
  const set = [env['VISUAL'], env['EDITOR']].find((value) => value !== undefined && value.trim() !== '');
  return set === undefined ? USUAL : [splitWords(set)];
}

/**
 * Runs the editor and waits for it.
 *
 * @throws ConfigError `editor-failed` where it could not be started, or says that it failed; `no-editor`.
 */
export async function runEditor(path: string, env: Env): Promise<void> {
  const { spawn } = await import('node:child_process');
  for (const [program = '', ...args] of editors(env)) {
    const { promise, resolve, reject } = Promise.withResolvers<[code: number | null, signal: string | null]>();
    const child = spawn(program, [...args, path], { stdio: [0, 2, 2], env: withoutSecrets(env) });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve([code, signal]));
    const ended = await promise.catch((error: Error & { code?: string }) => error);
    if (ended instanceof Error) {
      if (ended.code === 'ENOENT' && editors(env).length > 1) continue;
      throw failed(program, `cannot be started: ${whyNotStarted(ended)}`);
    }
    const [code, signal] = ended;
    if (code === 0) return;
    throw failed(program, signal === null ? `ended with status ${code}` : `was ended by ${signal}`);
  }
  throw new ConfigError('no-editor', 'There is no editor: neither vi nor nano is here.', {
    hint: 'Set EDITOR to the editor of your choice, or give the text with --body.',
  });
}

function failed(program: string, what: string): ConfigError {
  return new ConfigError('editor-failed', `The editor ${program} ${what}.`, {
    hint: 'Check VISUAL and EDITOR, or give the text with --body.',
  });
}
