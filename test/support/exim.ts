/**
 * A real Exim (4.96) of its own, unpacked and never installed: SMTP with STARTTLS and SMTP over implicit TLS, for people
 * at example.org who log in, with Maildirs in its folder.
 *
 * Why: a second server that other people wrote, with other habits than Postfix: replies without enhanced codes, and
 * extensions that one lacks (CHUNKING, PIPECONNECT, PRDR).
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, chown, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeAuthority, makeCertificate } from './certificate.ts';
import { eximConfig } from './exim-config.ts';
import { type Need, ROOT } from './interop.ts';
import { freePorts } from './ports.ts';
import { makeSite, type Scope, type Site } from './process.ts';
import { unpacked } from './unpacked.ts';

const exec = promisify(execFile);

/** nobody and nogroup. Exim works as them and owns its mail as them. */
const NOBODY = 65_534;

/** Debian's Exim insists on a user that its installation makes. nss_wrapper tells it, and nothing else, of one. */
const packages = unpacked('Exim', ['exim4-daemon-light', 'libnss-wrapper']);
const USERS = `root:x:0:0::/:/bin/sh\nnobody:x:${NOBODY}:${NOBODY}::/:/bin/sh\nDebian-exim:x:${NOBODY}:${NOBODY}::/:/bin/sh\n`;
const GROUPS = `root:x:0:\nnogroup:x:${NOBODY}:\nDebian-exim:x:${NOBODY}:\n`;

/** What a test with Exim needs, for `interop`. */
export const EXIM: readonly Need[] = [packages, ROOT, 'openssl'];

export interface EximOptions {
  /** Default: ann with the password `secret`. Each logs in with the address, and is known with it. */
  users?: readonly { name: string; password: string }[];
  /** Bytes, as SIZE announces them; default 1 MB. */
  messageSizeLimit?: number;
  /** How many one connection may bring, before it is told 421; default 1000. */
  messagesPerConnection?: number;
}

export interface Exim extends Pick<Site, 'processes' | 'stop'> {
  host: string;
  /** Both take mail only from those who log in, and only for the users of example.org. */
  ports: { smtp: number; smtps: number };
  caFile: string;
  /** What the program says of itself. */
  version: string;
  /** The log until now; gone after `stop()`. */
  log(): string;
  /** The files of the user's messages, in any order. */
  messages(user: string): Promise<Buffer[]>;
}

/** Starts Exim and returns once it greets. It ends, and its folder goes, with the scope or with `stop()`. */
export async function startExim(scope: Scope, options: EximOptions = {}): Promise<Exim> {
  const site = await makeSite(scope, 'exim-');
  const { folder, processes, stop } = site;
  const users = options.users ?? [{ name: 'ann', password: 'secret' }];
  const [smtp = 0, smtps = 0] = await freePorts(2);
  const authority = await makeAuthority(folder);
  const certificate = await makeCertificate(authority);
  const program = join(folder, 'exim');
  const config = {
    folder,
    program,
    ports: { smtp, smtps },
    certificate,
    users,
    limit: options.messageSizeLimit ?? 1_000_000,
    messages: options.messagesPerConnection ?? 1000,
  };
  await writeFile(join(folder, 'exim.conf'), eximConfig(config));
  const environment = await prepare(folder, program, certificate.keyFile);

  // Opened as if to append, which makes the file where Exim has not come to that yet.
  const log = (): string => readFileSync(join(folder, 'log', 'main'), { encoding: 'utf8', flag: 'a+' });
  await site.start({
    command: 'env',
    // -bdf: a daemon that stays in the foreground. -oX '' as it would listen on the ports of the distribution besides.
    args: [...environment, program, '-C', join(folder, 'exim.conf'), '-bdf'],
    ports: [
      { port: smtp, greets: true },
      { port: smtps, greets: false },
    ],
    log,
  });
  const { stdout } = await exec('env', [...environment, program, '-C', '/dev/null', '-bV']);
  return {
    processes,
    stop,
    host: '127.0.0.1',
    ports: { smtp, smtps },
    caFile: authority.caFile,
    version: stdout.split('\n', 1)[0] ?? '',
    log,
    messages: (user) => filesIn(join(folder, 'mail', user, 'new')),
  };
}

/** Returns the variables the program needs, as `env` takes them. */
async function prepare(folder: string, program: string, keyFile: string): Promise<string[]> {
  // A copy which is not setuid: only to such a one the system leaves the variables that change its libraries.
  await copyFile(packages.path('usr/sbin/exim4'), program);
  await chmod(program, 0o755);
  for (const name of ['spool', 'log', 'mail']) {
    await mkdir(join(folder, name));
    await chown(join(folder, name), NOBODY, NOBODY);
  }
  await chown(keyFile, NOBODY, NOBODY);
  const [passwd, group] = [join(folder, 'passwd'), join(folder, 'group')];
  await writeFile(passwd, USERS);
  await writeFile(group, GROUPS);
  const wrapper = ['LD_PRELOAD=libnss_wrapper.so', `NSS_WRAPPER_PASSWD=${passwd}`, `NSS_WRAPPER_GROUP=${group}`];
  return [`LD_LIBRARY_PATH=${packages.libraries()}`, ...wrapper];
}

async function filesIn(folder: string): Promise<Buffer[]> {
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map((name) => readFile(join(folder, name))));
}
