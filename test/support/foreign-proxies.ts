/**
 * Proxies that other people wrote, unpacked and never installed: microsocks (SOCKS 5) and tinyproxy (HTTP CONNECT).
 *
 * Each asks for a login and keeps a log, so that a test can see that mail went through it.
 */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Need } from './interop.ts';
import { freePorts } from './ports.ts';
import { makeSite, type Scope, type Site } from './process.ts';
import { unpacked, type Unpacked } from './unpacked.ts';

export interface ForeignProxy {
  readonly port: number;
  /** The log until now. */
  log(): string;
}

interface Recipe {
  readonly scheme: 'socks5' | 'http';
  readonly needs: readonly Need[];
  start(scope: Scope, user: string, password: string): Promise<ForeignProxy>;
}

/** Starts a program of the packages whose log is what it prints. */
async function startIn(
  site: Site,
  packages: Unpacked,
  command: readonly string[],
  port: number,
): Promise<ForeignProxy> {
  const log = (): string => readFileSync(join(site.folder, 'log'), { encoding: 'utf8', flag: 'a+' });
  const script = 'log=$1; shift; exec "$@" >> "$log" 2>&1';
  await site.start({
    command: 'sh',
    args: ['-c', script, 'sh', join(site.folder, 'log'), 'env', `LD_LIBRARY_PATH=${packages.libraries()}`, ...command],
    ports: [{ port, greets: false }],
    log,
  });
  return { port, log };
}

const microsocks = unpacked('microsocks', ['microsocks']);
const tinyproxy = unpacked('tinyproxy', ['tinyproxy-bin']);

export const FOREIGN_PROXIES: Readonly<Record<string, Recipe>> = {
  microsocks: {
    scheme: 'socks5',
    needs: [microsocks],
    async start(scope, user, password) {
      const site = await makeSite(scope, 'microsocks-');
      const [port = 0] = await freePorts(1);
      const program = microsocks.path('usr/bin/microsocks');
      const options = ['-i', '127.0.0.1', '-p', String(port), '-u', user, '-P', password];
      return startIn(site, microsocks, [program, ...options], port);
    },
  },
  tinyproxy: {
    scheme: 'http',
    needs: [tinyproxy],
    async start(scope, user, password) {
      const site = await makeSite(scope, 'tinyproxy-');
      const [port = 0] = await freePorts(1);
      const config = join(site.folder, 'tinyproxy.conf');
      const lines = [
        'Listen 127.0.0.1',
        `Port ${port}`,
        `BasicAuth ${user} ${password}`,
        'LogLevel Connect',
        'Timeout 60',
      ];
      await writeFile(config, `${lines.join('\n')}\n`);
      return startIn(site, tinyproxy, [tinyproxy.path('usr/bin/tinyproxy'), '-d', '-c', config], port);
    },
  },
};
