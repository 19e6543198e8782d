/**
 * A real POP3 server of GNU Mailutils (3.15) of its own, unpacked and never installed: POP3 in clear with STLS, and POP3
 * over implicit TLS, for mail in Maildirs in its folder.
 *
 * Why: a second server that other people wrote, and one without Dovecot's care. It knows no AUTH, writes a capability
 * without its space (`EXPIRENEVER`), and puts a field of its own into each message, which its sizes leave out. Clients
 * must get every message whole all the same.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeAuthority, makeCertificate } from './certificate.ts';
import { type Need, ROOT } from './interop.ts';
import { freePorts } from './ports.ts';
import { makeSite, type Scope, type Site } from './process.ts';
import { unpacked } from './unpacked.ts';

/** Who owns the mail: nobody, whose id this is everywhere. */
const NOBODY = 65_534;

const packages = unpacked("GNU Mailutils' pop3d", ['mailutils-pop3d']);

/** What a test with it needs, for `interop`. */
export const MAILUTILS: readonly Need[] = [packages, ROOT, 'openssl'];

export interface Mailutils extends Pick<Site, 'processes' | 'stop'> {
  host: string;
  ports: { pop3: number; pop3s: number };
  /** The one user, who logs in with the address. */
  user: { address: string; password: string };
  caFile: string;
  /** What the program says of itself. */
  version: string;
  /** The log until now; gone after `stop()`. */
  log(): string;
  /** Puts a message with the line ends of Unix into the mailbox. */
  deliver(message: string): Promise<void>;
  /** The files of the mailbox, in any order. */
  messages(): Promise<string[]>;
}

/** Starts the server and returns once it greets. It ends, and its folder goes, with the scope or with `stop()`. */
export async function startMailutils(scope: Scope): Promise<Mailutils> {
  const site = await makeSite(scope, 'mailutils-');
  const { folder, processes, stop } = site;
  const [pop3 = 0, pop3s = 0] = await freePorts(2);
  const authority = await makeAuthority(folder);
  const user = { address: 'ann@example.org', password: 'secret' };
  const mailbox = await makeMailbox(folder, user.password);
  const { certificateFile, keyFile } = await makeCertificate(authority);
  const config = join(folder, 'pop3d.conf');
  await writeFile(config, configuration(folder, { pop3, pop3s }, certificateFile, keyFile));

  const program = packages.path('usr/sbin/pop3d');
  const environment = `LD_LIBRARY_PATH=${packages.libraries()}`;
  const log = (): string => readFileSync(join(folder, 'log'), { encoding: 'utf8', flag: 'a+' });
  // It can write its log only to a syslog or to where its errors go.
  const script = 'log=$1; shift; exec "$@" 2>> "$log"';
  await site.start({
    command: 'sh',
    args: ['-c', script, 'sh', join(folder, 'log'), 'env', environment, program, `--config-file=${config}`],
    ports: [
      { port: pop3, greets: true },
      { port: pop3s, greets: false },
    ],
    log,
  });
  const said = execFileSync('env', [environment, program, '--version'], { encoding: 'utf8' });
  return {
    processes,
    stop,
    host: '127.0.0.1',
    ports: { pop3, pop3s },
    user,
    caFile: authority.caFile,
    version: said.split('\n', 1)[0] ?? '',
    log,
    deliver: (message) => deliver(mailbox, message),
    messages: () => messagesIn(mailbox),
  };
}

let deliveries = 0;

/** The number in the name keeps the order of the deliveries. */
async function deliver(mailbox: string, message: string): Promise<void> {
  deliveries += 1;
  const path = join(mailbox, 'new', `${1_000_000_000 + deliveries}.M1P1.localhost`);
  await writeFile(path, message);
  await chown(path, NOBODY, NOBODY);
}

async function messagesIn(mailbox: string): Promise<string[]> {
  const found = ['new', 'cur'].map(async (name) =>
    (await readdir(join(mailbox, name))).map((file) => join(mailbox, name, file)),
  );
  return Promise.all((await Promise.all(found)).flat().map((path) => readFile(path, 'utf8')));
}

/** A Maildir where it looks for one, and the line of a passwd file that says whose it is. */
async function makeMailbox(folder: string, password: string): Promise<string> {
  const home = join(folder, 'ann');
  const mailbox = join(home, 'INBOX');
  for (const path of [home, mailbox, ...['tmp', 'new', 'cur'].map((name) => join(mailbox, name))]) {
    await mkdir(path);
    await chown(path, NOBODY, NOBODY);
  }
  const hash = execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: `${password}\n`, encoding: 'utf8' }).trim();
  await mkdir(join(folder, 'domains'));
  await writeFile(join(folder, 'domains', 'example.org'), `ann:${hash}:${NOBODY}:${NOBODY}:Ann:${home}:/bin/sh\n`);
  return mailbox;
}

function configuration(folder: string, ports: Mailutils['ports'], certificate: string, key: string): string {
  return `
mode daemon;
foreground yes;
pidfile ${folder}/pid;
auth { authentication "virtdomain:generic"; authorization "virtdomain"; };
virtdomain { passwd-dir ${folder}/domains; };
mailbox { mailbox-type maildir; };
# Their files would be outside of this folder.
mandatory-locking { enable no; };
tcp-wrappers { enable no; };
logging { syslog no; severity debug; };
tls { ssl-certificate-file ${certificate}; ssl-key-file ${key}; };
tls-file-checks { key-file none; cert-file none; };
server 127.0.0.1:${ports.pop3} { tls-mode ondemand; };
server 127.0.0.1:${ports.pop3s} { tls-mode connection; };
`;
}
