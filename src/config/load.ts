/**
 * Finds, judges and reads the configuration file.
 *
 * Why the file is judged before it is believed: it may hold a password, and `passwordeval` is a command line that is
 * run, so whoever can write the file can run programs as its owner. The checks are made on the opened file, not on
 * its name, and nothing is ever loaded from the current folder. Nothing of the file's values appears in an error.
 * What this file must never know: the process. Its environment, home folder and user id are given by the caller.
 */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ConfigError } from '../errors.ts';
import type { Config } from './account.ts';
import { whyNot } from './input.ts';
import { type Env, xdgPaths } from './paths.ts';
import { type Access, judgePermissions } from './permissions.ts';

export interface LoadOptions {
  /** `--config`: this file and no other. It must exist. */
  readonly path?: string | undefined;
  readonly env: Env;
  readonly home: string;
  /** Of the person running this; undefined where the platform has none (then owners are not checked). */
  readonly uid: number | undefined;
}

const SIZE_LIMIT = 1024 * 1024;

/**
 * Reads the configuration; having none at all is fine.
 *
 * @throws ConfigError `config-missing` (an explicit path only), `config-unreadable`, `config-readable` (it holds a
 * secret others can read), `config-writable` (it names commands others can change), `bad-config`.
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const path = options.path ?? join(xdgPaths(options.env, options.home).config, 'config.toml');
  const file = await readFile(path);
  if (file === undefined) {
    if (options.path === undefined) return { path: undefined, defaults: {}, accounts: new Map() };
    throw new ConfigError('config-missing', `The configuration file ${path} does not exist.`, {
      hint: 'Check the path given to --config.',
    });
  }
  const table = await parseToml(path, file.text);
  await judgePermissions(path, table, file, options.uid);
  const { readSettings } = await import('./schema.ts');
  const absolute = (name: string) =>
    name.startsWith('~/') ? join(options.home, name.slice(2)) : resolve(dirname(path), name);
  try {
    return { path, ...readSettings(table, absolute) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.code, `${path}: ${error.message}`, { hint: error.hint });
  }
}

interface ConfigFile extends Access {
  readonly text: string;
}

async function readFile(path: string): Promise<ConfigFile | undefined> {
  let handle: FileHandle | undefined;
  try {
    // Not blocking, so that a named pipe in its place cannot hold us up.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const { mode, uid, size } = await handle.stat();
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw badConfig(path, 'is not a regular file');
    if (size > SIZE_LIMIT) throw badConfig(path, 'is larger than 1 MiB');
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(await handle.readFile()), mode, uid };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') throw badConfig(path, 'is not valid UTF-8');
    throw new ConfigError('config-unreadable', `The configuration file ${path} cannot be read: ${whyNot(error)}.`);
  } finally {
    await handle?.close();
  }
}

async function parseToml(path: string, text: string): Promise<Record<string, unknown>> {
  const { parse, TomlError } = await import('smol-toml');
  try {
    return parse(text, { maxDepth: 16 });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The first line only, and no cause: the rest shows the lines around the mistake, where a password may stand.
    const reason = error.message.split('\n', 1)[0]!.replace('Invalid TOML document: ', '');
    throw new ConfigError('bad-config', `${path}:${error.line}:${error.column}: ${reason}.`);
  }
}

function badConfig(path: string, what: string): ConfigError {
  return new ConfigError('bad-config', `The configuration file ${path} ${what}.`);
}
