/**
 * Whether a configuration may be believed: a file with a password must be closed to others, and one with commands must
 * be such that nobody else can change it, nor put another one in its place (CVE-2005-3088 and its like).
 *
 * What this file must never know: what else the configuration says.
 */
import { realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ConfigError } from '../errors.ts';

/** Keys whose values are run, or could be; where mail is delivered to may be a command. */
const COMMANDS = ['passwordeval', 'proxy_passwordeval', 'password', 'on_new', 'deliver', 'run'];

export interface Access {
  readonly mode: number;
  readonly uid: number;
}

/**
 * @param file of the file that was read, and not only of its name.
 * @param uid of the person running this; undefined where the platform has none (then nothing is checked).
 * @throws ConfigError `config-readable`, `config-writable`.
 */
export async function judgePermissions(
  path: string,
  table: Record<string, unknown>,
  file: Access,
  uid: number | undefined,
): Promise<void> {
  if (uid === undefined) return;
  if (hasKey(table, 'password') && (file.mode & 0o044) !== 0) {
    throw new ConfigError(
      'config-readable',
      `The configuration file ${path} holds a password and other users can read it.`,
      { hint: `Run: chmod 600 ${path}` },
    );
  }
  if (!COMMANDS.some((key) => hasKey(table, key))) return;
  const names = `The configuration file ${path} names commands to run`;
  if (!isTrusted(file, uid)) {
    throw new ConfigError('config-writable', `${names} and belongs to another user.`, {
      hint: 'Make a copy of your own after reading it.',
    });
  }
  if (isOpen(file)) {
    throw new ConfigError('config-writable', `${names} and other users can change it.`, {
      hint: `Run: chmod go-w ${path}`,
    });
  }
  for (const folder of await foldersOf(path)) {
    const access = await stat(folder);
    // In a folder like /tmp others can make files, and cannot replace ours.
    const sticky = (access.mode & 0o1000) !== 0;
    if (isTrusted(access, uid) && (!isOpen(access) || sticky)) continue;
    throw new ConfigError('config-writable', `${names}, and other users can replace it: its folder is open to them.`, {
      hint: isTrusted(access, uid) ? `Run: chmod go-w ${folder}` : `Keep it in a folder of your own, not in ${folder}.`,
    });
  }
}

/** Where the name stands and, where that is a link, where the file does. */
async function foldersOf(path: string): Promise<Set<string>> {
  return new Set([dirname(resolve(path)), dirname(await realpath(path))]);
}

function isTrusted({ uid }: Access, own: number): boolean {
  return uid === own || uid === 0;
}

function isOpen({ mode }: Access): boolean {
  return (mode & 0o022) !== 0;
}

/** Whether any account or filter (or, by mistake, any other table of the upper levels) has this key. */
function hasKey(table: Record<string, unknown>, key: string, depth = 4): boolean {
  return Object.entries(table).some(
    ([name, value]) =>
      name === key ||
      (depth > 0 &&
        typeof value === 'object' &&
        value !== null &&
        hasKey(value as Record<string, unknown>, key, depth - 1)),
  );
}
