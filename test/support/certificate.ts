/**
 * Throw-away certificates for the servers under test, good ones and the three kinds a client must refuse.
 *
 * Why the openssl program: the certificates must come from other hands than the code they test, and it is installed
 * wherever the servers are. Keys are on P-256, because an RSA key takes longer to make than a server to start.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const DAY_MS = 86_400_000;
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const run = promisify(execFile);

export interface Authority {
  folder: string;
  /** What a client must trust, PEM. */
  caFile: string;
  keyFile: string;
}

/** `trusted` is for localhost, 127.0.0.1 and 127.0.0.2, and signed by the authority; each other kind is wrong in exactly one way. */
export type CertificateKind = 'trusted' | 'self-signed' | 'other-host' | 'expired';

export interface Certificate {
  certificateFile: string;
  keyFile: string;
}

/** A certificate and its key as a server or a client of ours takes them, in PEM. */
export async function readIdentity(files: Certificate): Promise<{ certificate: string; key: string }> {
  const [certificate, key] = await Promise.all([
    readFile(files.certificateFile, 'utf8'),
    readFile(files.keyFile, 'utf8'),
  ]);
  return { certificate, key };
}

/** Makes a certificate authority in a new folder below the given one. */
export async function makeAuthority(parent: string): Promise<Authority> {
  const folder = join(parent, 'ca');
  await mkdir(folder);
  const authority = { folder, caFile: join(folder, 'ca.pem'), keyFile: join(folder, 'ca.key') };
  const usage = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  const files = ['-keyout', authority.keyFile, '-out', authority.caFile];
  await run('openssl', ['req', '-x509', ...NEW_KEY, ...files, ...usage, '-days', '2', '-subj', '/CN=Throw-away CA']);
  return authority;
}

/** Makes a key and a certificate of the kind asked for. Each call has a folder of its own, so calls may overlap. */
export async function makeCertificate(authority: Authority, kind: CertificateKind = 'trusted'): Promise<Certificate> {
  const folder = join(authority.folder, `${kind}-${crypto.randomUUID().slice(0, 8)}`);
  await mkdir(folder);
  const file = (name: string): string => join(folder, name);
  const names = kind === 'other-host' ? 'DNS:other.example.com' : 'DNS:localhost,IP:127.0.0.1,IP:127.0.0.2';
  const request = ['req', '-new', ...NEW_KEY, '-keyout', file('server.key'), '-out', file('server.csr')];
  await run('openssl', [...request, '-subj', '/O=Posthorn test', '-addext', `subjectAltName=${names}`]);

  // `openssl ca` and not `x509 -req`: before OpenSSL 3.4 only it can set a date in the past.
  await writeFile(file('ca.conf'), signingConfig(folder));
  await writeFile(file('index'), '');
  const signer =
    kind === 'self-signed'
      ? ['-selfsign', '-keyfile', file('server.key')]
      : ['-cert', authority.caFile, '-keyfile', authority.keyFile];
  const files = ['-config', file('ca.conf'), '-in', file('server.csr'), '-out', file('server.pem')];
  await run('openssl', ['ca', '-batch', '-notext', ...files, ...signer, ...validity(kind)]);
  return { certificateFile: file('server.pem'), keyFile: file('server.key') };
}

/** Makes a certificate for a person: with an e-mail address as the alternative name where `user` is one, else a CN. */
export async function makeClientCertificate(authority: Authority, user: string): Promise<Certificate> {
  const folder = join(authority.folder, `client-${crypto.randomUUID().slice(0, 8)}`);
  await mkdir(folder);
  const file = (name: string): string => join(folder, name);
  const name = user.includes('@')
    ? ['-subj', '/O=x', '-addext', `subjectAltName=email:${user}`]
    : ['-subj', `/CN=${user}`];
  await run('openssl', ['req', '-new', ...NEW_KEY, '-keyout', file('key'), '-out', file('csr'), ...name]);
  const signer = ['-CA', authority.caFile, '-CAkey', authority.keyFile, '-copy_extensions', 'copy', '-days', '1'];
  await run('openssl', ['x509', '-req', '-in', file('csr'), ...signer, '-out', file('pem')]);
  return { certificateFile: file('pem'), keyFile: file('key') };
}

function validity(kind: CertificateKind): string[] {
  const end = kind === 'expired' ? -DAY_MS : DAY_MS;
  return ['-startdate', utc(-2 * DAY_MS), '-enddate', utc(end)];
}

/** A moment relative to now as `YYYYMMDDHHMMSSZ`. */
function utc(fromNow: number): string {
  return new Date(Date.now() + fromNow).toISOString().replace(/\.\d+|[-:T]/g, '');
}

/** The least that `openssl ca` insists on. The name in the subject is not checked by clients, only the alternatives. */
function signingConfig(folder: string): string {
  return `[ca]
default_ca = main
[main]
database = ${folder}/index
new_certs_dir = ${folder}
rand_serial = yes
default_md = sha256
policy = anything
copy_extensions = copy
x509_extensions = server
[anything]
organizationName = optional
[server]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
`;
}
