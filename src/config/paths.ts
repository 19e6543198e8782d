/**
 * Where things live: the XDG Base Directory Specification 0.8, as a function of an environment that is passed in.
 *
 * Why four folders: mail is the person's, state is ours and must survive, the cache may be thrown away, and the
 * configuration is what gets copied to another machine. This file never looks at the process or the disk.
 */

import { isAbsolute, join } from 'node:path';

/** Environment variables, as `process.env` has them. */
export type Env = Readonly<Record<string, string | undefined>>;

export interface Paths {
  /** Configuration: `config.toml` lives here. */
  readonly config: string;
  /** Mail, one Maildir an account. */
  readonly data: string;
  /** Journals, locks, the outbox. */
  readonly state: string;
  /** The index: it can be rebuilt. */
  readonly cache: string;
}

/** Posthorn's folders for the person whose home folder is `home`. Nothing is created. */
export function xdgPaths(env: Env, home: string): Paths {
  const folder = (variable: string, usual: string) => {
    const base = env[variable];
    // The specification: a relative path is invalid and to be ignored.
    return join(base !== undefined && isAbsolute(base) ? base : join(home, usual), 'posthorn');
  };
  return {
    config: folder('XDG_CONFIG_HOME', '.config'),
    data: folder('XDG_DATA_HOME', '.local/share'),
    state: folder('XDG_STATE_HOME', '.local/state'),
    cache: folder('XDG_CACHE_HOME', '.cache'),
  };
}
