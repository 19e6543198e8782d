/**
 * A real Dovecot (2.3) of its own: POP3 in clear and with STLS, POP3 over implicit TLS, LMTP, and the authentication
 * service a Postfix may share.
 *
 * Why: to prove the client against a server that other people wrote. Everything is in one private folder and on
 * loopback ports picked at start; the machine's own Dovecot and its /etc/dovecot are never read.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chown, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Authority, type CertificateKind, makeAuthority, makeCertificate } from './certificate.ts';
import {
  type DovecotSettings,
  dovecotConfig,
  FOREIGN_ADDRESS,
  OWN_ADDRESS,
  TOKEN_KEY_PATH,
  tokenConfig,
  userFile,
} from './dovecot-config.ts';
import { freePorts } from './ports.ts';
import { makeSite, type Scope, type Site } from './process.ts';

/** Who owns the mail: nobody. Dovecot refuses its own accounts and root for that, and this one exists everywhere. */
const MAIL_OWNER = 65_534;

export interface User {
  /** Logs in as `name` or as `address`. */
  name: string;
  password: string;
  address: string;
}

export interface DovecotOptions {
  /** Default: ann with the password `secret`. */
  users?: readonly { name: string; password: string }[];
  /** Default `trusted`. */
  certificate?: CertificateKind;
  /** Whether there is TLS at all, by STLS or on a port of its own; default true. */
  tls?: boolean;
  /** Whether a password may cross a connection without TLS; default true. If not, PLAIN, LOGIN and USER need STLS first. */
  plaintext?: boolean;
  /** Default: all that Dovecot and Posthorn have in common and that take a password. */
  mechanisms?: readonly string[];
  /** Whether clients are asked for certificates of the authority; default false. */
  clientCertificates?: boolean;
}

export interface Dovecot extends Pick<Site, 'processes' | 'stop'> {
  /** Where to connect, always by this: it is not 127.0.0.1 where `plaintext` is false. The certificate knows it. */
  host: string;
  ports: { pop3: number; pop3s: number; lmtp: number };
  users: readonly User[];
  /** The authority to trust, PEM; a Postfix of the same test has its certificate from the same one. */
  caFile: string;
  authority: Authority;
  /** The Unix socket at which Postfix asks whether a password is right. */
  authSocket: string;
  /** The Unix socket at which it takes mail by LMTP. */
  lmtpSocket: string;
  /** Issues a token for a user, by name; good for an hour, or so many seconds. */
  token(user: string, seconds?: number): string;
  /** The log until now; gone after `stop()`. */
  log(): string;
  /** Puts a message into the user's Maildir as a delivery agent does. The bytes are stored as they are. */
  deliver(user: string, message: Uint8Array | string): Promise<void>;
  /** How many messages the user has, new ones and those seen by a session. */
  messageCount(user: string): Promise<number>;
  /** The files of the user's messages as they are on the disk, in any order. */
  messages(user: string): Promise<Buffer[]>;
}

const DEFAULT_USERS = [{ name: 'ann', password: 'secret' }];
const MECHANISMS = ['plain', 'login', 'cram-md5', 'scram-sha-1', 'scram-sha-256'];

/** Starts Dovecot and returns once it greets. It ends, and its folder goes, with the scope or with `stop()`. */
export async function startDovecot(scope: Scope, options: DovecotOptions = {}): Promise<Dovecot> {
  const site = await makeSite(scope, 'dovecot-');
  const { folder, processes, stop } = site;
  const users = (options.users ?? DEFAULT_USERS).map((user) => ({ ...user, address: `${user.name}@example.org` }));
  for (const { name } of users) await makeMaildir(folder, name);
  const authority = await makeAuthority(folder);
  const [pop3 = 0, pop3s = 0, lmtp = 0] = await freePorts(3);
  const ports = { pop3, pop3s, lmtp };
  const plaintext = options.plaintext ?? true;
  const settings: DovecotSettings = {
    folder,
    ports,
    mailOwner: MAIL_OWNER,
    certificate: await makeCertificate(authority, options.certificate),
    plaintext,
    mechanisms: options.mechanisms ?? MECHANISMS,
    tls: options.tls ?? true,
    clientAuthority: options.clientCertificates === true ? authority.caFile : undefined,
  };
  const tokenKey = randomBytes(32);
  await mkdir(join(folder, ...TOKEN_KEY_PATH.slice(0, -1)), { recursive: true });
  await writeFile(join(folder, ...TOKEN_KEY_PATH), tokenKey.toString('base64'));
  await writeFile(join(folder, 'tokens.conf'), tokenConfig(folder));
  await writeFile(join(folder, 'users'), userFile(settings, users));
  await writeFile(join(folder, 'dovecot.conf'), dovecotConfig(settings));

  // Opened as if to append, which makes the file where Dovecot has not come to that yet.
  const log = (): string => readFileSync(join(folder, 'log'), { encoding: 'utf8', flag: 'a+' });
  await site.start({
    command: 'dovecot',
    // -F: stay in the foreground, so that the process started is the master itself.
    args: ['-F', '-c', join(folder, 'dovecot.conf')],
    ports: [
      { port: pop3, greets: true },
      // Without TLS Dovecot does not open it.
      ...(settings.tls ? [{ port: pop3s, greets: false }] : []),
      { port: lmtp, greets: false },
    ],
    log,
  });
  return {
    processes,
    stop,
    host: plaintext ? OWN_ADDRESS : FOREIGN_ADDRESS,
    ports,
    users,
    caFile: authority.caFile,
    authority,
    authSocket: join(folder, 'auth'),
    lmtpSocket: join(folder, 'lmtp'),
    token: (user, seconds = 3600) => signedToken(tokenKey, user, seconds),
    log,
    deliver: (user, message) => deliver(maildir(folder, user), message),
    messageCount: async (user) => (await messagePaths(maildir(folder, user))).length,
    messages: async (user) => Promise.all((await messagePaths(maildir(folder, user))).map((path) => readFile(path))),
  };
}

/** A JSON Web Token signed with HS256 (RFC 7519, RFC 7515). */
function signedToken(key: Uint8Array, user: string, seconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ typ: 'JWT', alg: 'HS256' })}.${part({ sub: user, iat: now - 60, nbf: now - 60, exp: now + seconds })}`;
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

function maildir(folder: string, user: string): string {
  return join(folder, 'mail', user, 'Maildir');
}

async function makeMaildir(folder: string, user: string): Promise<void> {
  const root = maildir(folder, user);
  for (const name of ['tmp', 'new', 'cur']) await mkdir(join(root, name), { recursive: true });
  for (const path of [join(root, '..'), root, join(root, 'tmp'), join(root, 'new'), join(root, 'cur')]) {
    await chown(path, MAIL_OWNER, MAIL_OWNER);
  }
}

let deliveries = 0;

/** The number in the name keeps the order of the deliveries, as Dovecot numbers new messages by their file names. */
async function deliver(root: string, message: Uint8Array | string): Promise<void> {
  deliveries += 1;
  const seconds = Math.floor(Date.now() / 1000);
  const name = `${seconds}.M${String(deliveries).padStart(6, '0')}P${process.pid}.localhost`;
  await writeFile(join(root, 'tmp', name), message);
  await chown(join(root, 'tmp', name), MAIL_OWNER, MAIL_OWNER);
  await rename(join(root, 'tmp', name), join(root, 'new', name));
}

async function messagePaths(root: string): Promise<string[]> {
  const folders = ['new', 'cur'].map(async (name) =>
    (await readdir(join(root, name))).map((file) => join(root, name, file)),
  );
  return (await Promise.all(folders)).flat();
}
