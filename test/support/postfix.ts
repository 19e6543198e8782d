/**
 * A real Postfix (3.7) of its own: SMTP, submission with STARTTLS and submission over implicit TLS, with passwords
 * checked by a Dovecot and mail for example.org delivered to it.
 *
 * Why: to prove the client against a server that other people wrote. The `postfix` command, made for a service manager
 * and a machine's one mail system, is passed by: the master process runs here directly, on a folder of its own.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chown, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CertificateKind, makeCertificate } from './certificate.ts';
import type { Dovecot } from './dovecot.ts';
import { freePorts } from './ports.ts';
import { cyrusConfig, mainConfig, masterConfig } from './postfix-config.ts';
import { makeSite, type Scope, type Site } from './process.ts';

const run = promisify(execFile);

/** The parts of a queue, which the `postfix` command would otherwise make; `pid` alone belongs to root. */
const QUEUE = 'active bounce corrupt defer deferred flush hold incoming maildrop private public saved trace'.split(' ');

/** Somebody with an address that is not ASCII, whose mail Postfix keeps itself. */
export const UTF8_USER = 'jürgen@example.org';

/** nobody, who exists everywhere: the owner of that mail. */
const NOBODY = 65_534;

export interface PostfixOptions {
  /** Checks passwords and takes the mail. */
  dovecot: Dovecot;
  /** A database of Cyrus SASL which checks the passwords instead, readable by everybody. */
  cyrusDatabase?: string;
  /** Default `trusted`: by Dovecot's authority, so that one CA file serves both. */
  certificate?: CertificateKind;
  /** Whether submission insists on STARTTLS (`encrypt`, the default), goes on without (`may`) or has none. */
  tls?: 'encrypt' | 'may' | 'none';
  /** Whether a password may cross submission without TLS, which `encrypt` does not let happen; default false. */
  plaintext?: boolean;
  /** Bytes, as SIZE announces them; default 0, no limit. */
  messageSizeLimit?: number;
  /** Whether PIPELINING is announced; default true. */
  pipelining?: boolean;
  /** Whether CHUNKING is offered; default true. */
  chunking?: boolean;
  /** Whether mail is thrown away instead of delivered; default false. */
  discard?: boolean;
}

export interface Postfix extends Pick<Site, 'processes' | 'stop'> {
  host: string;
  /** `smtp` takes mail from anyone, the other two from those who log in; all of it for example.org only. */
  ports: { smtp: number; submission: number; submissions: number };
  caFile: string;
  /** The log until now; gone after `stop()`. */
  log(): string;
  /** The messages of `UTF8_USER`, in any order. */
  utf8Messages(): Promise<Buffer[]>;
}

/** Starts Postfix and returns once it greets. It ends, and its folder goes, with the scope or with `stop()`. */
export async function startPostfix(scope: Scope, options: PostfixOptions): Promise<Postfix> {
  const { dovecot } = options;
  const site = await makeSite(scope, 'postfix-');
  const { folder, processes, stop } = site;
  const [smtp = 0, submission = 0, submissions = 0] = await freePorts(3);
  const ports = { smtp, submission, submissions };
  await makeFolders(folder);
  const settings = {
    folder,
    ports,
    certificate: await makeCertificate(dovecot.authority, options.certificate),
    lmtpPort: options.discard === true ? undefined : dovecot.ports.lmtp,
    authSocket: dovecot.authSocket,
    cyrusDatabase: options.cyrusDatabase,
    tls: options.tls ?? 'encrypt',
    plaintext: options.plaintext ?? false,
    messageSizeLimit: options.messageSizeLimit ?? 0,
    pipelining: options.pipelining ?? true,
    chunking: options.chunking ?? true,
  };
  const users = dovecot.users.map(({ address }) => `${address} user\n`);
  await writeSettled(join(folder, 'etc', 'users'), [...users, `${UTF8_USER} utf8/\n`].join(''));
  await writeSettled(join(folder, 'etc', 'transport'), `${UTF8_USER} virtual:\n`);
  if (options.cyrusDatabase !== undefined) {
    await mkdir(join(folder, 'etc', 'sasl'));
    await writeSettled(join(folder, 'etc', 'sasl', 'smtpd.conf'), cyrusConfig(options.cyrusDatabase));
  }
  await writeSettled(join(folder, 'etc', 'main.cf'), mainConfig(settings));
  await writeSettled(join(folder, 'etc', 'master.cf'), masterConfig(settings));

  // Opened as if to append, which makes the file where Postfix has not come to that yet.
  const log = (): string => readFileSync(join(folder, 'log', 'mail'), { encoding: 'utf8', flag: 'a+' });
  await site.start({
    command: join(await daemonFolder(), 'master'),
    args: ['-c', join(folder, 'etc')],
    ports: [
      { port: smtp, greets: true },
      { port: submission, greets: true },
      { port: submissions, greets: false },
    ],
    log,
  });
  const utf8Messages = (): Promise<Buffer[]> => filesIn(join(folder, 'mail', 'utf8', 'new'));
  return { processes, stop, host: '127.0.0.1', ports, caFile: dovecot.caFile, log, utf8Messages };
}

/** Postfix insists: what configures it belongs to root, the queue's parts and its state to its own user. */
async function makeFolders(folder: string): Promise<void> {
  const [user, group] = [await idOf('-u'), await idOf('-g')];
  for (const name of ['etc', 'log', 'mail', 'queue', 'queue/pid']) await mkdir(join(folder, name));
  await chown(join(folder, 'mail'), NOBODY, NOBODY);
  for (const name of ['data', ...QUEUE.map((part) => `queue/${part}`)]) {
    await mkdir(join(folder, name), { mode: 0o700 });
    await chown(join(folder, name), user, group);
  }
}

/** Writes a file and dates it back: Postfix reads a fresh one again and again for two seconds, until it is sure of it. */
async function writeSettled(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  const earlier = Date.now() / 1000 - 60;
  await utimes(path, earlier, earlier);
}

async function idOf(kind: '-u' | '-g'): Promise<number> {
  const { stdout } = await run('id', [kind, 'postfix']);
  return Number(stdout);
}

/** Where the distribution keeps the programs that are not for people to run. */
async function daemonFolder(): Promise<string> {
  const { stdout } = await run('postconf', ['-d', '-h', 'daemon_directory']);
  return stdout.trim();
}

async function filesIn(folder: string): Promise<Buffer[]> {
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map((name) => readFile(join(folder, name))));
}
