/** Of TLS what a person can say on the command line, and what nobody can switch off. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { listen } from '../../src/net/listen.ts';
import { PostOffice } from '../../src/sandbox/post-office.ts';
import { serveSmtp } from '../../src/smtp/server.ts';
import { Spool } from '../../src/store/spool.ts';
import {
  type Authority,
  makeAuthority,
  makeCertificate,
  makeClientCertificate,
  readIdentity,
} from '../support/certificate.ts';
import { startLineServer } from '../support/line-server.ts';
import { assertFails, makeMailHome } from '../support/mail-home.ts';
import { makeHome } from '../support/program.ts';

const run = promisify(execFile);
let folder = '';
let authority: Authority;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-tls-'));
  authority = await makeAuthority(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

test('NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing, which is said, and nothing else is', async (t) => {
  const home = await makeMailHome(t);
  const { ports } = home.sandbox;
  const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
  for (const scheme of ['pop3s', 'pop3'] as const) {
    const args = ['list', '--remote', '--pop3', `${scheme}://ann%40example.org@127.0.0.1:${ports[scheme]}`];
    const { code, stderr } = await home.posthorn(args, { env });
    assert.equal(code, 0, stderr);
    assert.match(
      stderr,
      /^posthorn: warning: NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing here: [^\n]+\n3 on the server[^\n]+\n$/,
    );
    const refused = await home.refused(77, args, { env: { ...env, POSTHORN_CA_FILE: '' } });
    assert.equal(refused.code, 'tls-untrusted');
    const told = await home.posthorn([...args, '--json'], { env: { ...env, POSTHORN_CA_FILE: '' } });
    for (const line of told.stderr.trim().split('\n')) JSON.parse(line);
  }
  const quiet = await home.posthorn(['list', '--remote'], { env: { NODE_TLS_REJECT_UNAUTHORIZED: '1' } });
  assert.doesNotMatch(quiet.stderr, /NODE_TLS/);
});

test('--tls-certificate and --tls-key show the server who we are, and EXTERNAL logs in with it', async (t) => {
  const files = await makeCertificate(authority);
  const own = await makeClientCertificate(authority, 'ann@example.org');
  const clientAuthority = await readFile(authority.caFile, 'utf8');
  const identity = { ...(await readIdentity(files)), clientAuthority };
  const spool = await Spool.create();
  t.after(() => spool.close());
  const backend = new PostOffice(spool, [{ address: 'ann@example.org', password: 'x' }]);
  const server = await listen({ implicit: identity }, (channel) => {
    void serveSmtp(channel, { backend, identity, authRequired: true });
  });
  t.after(() => server.close());
  const home = await makeHome(t, { POSTHORN_CA_FILE: authority.caFile });
  const send = ['send', '-t', 'ann@example.org', '--body', 'x', '--auth', 'EXTERNAL'];
  const to = ['--smtp', `smtps://ann%40example.org@localhost:${server.port}`];
  const sent = await home.posthorn([
    ...send,
    ...to,
    '--tls-certificate',
    own.certificateFile,
    '--tls-key',
    own.keyFile,
  ]);
  assert.equal(sent.code, 0, sent.stderr);
  assert.equal((await home.refused(77, [...send, ...to])).code, 'auth-no-mechanism');
});

test('a certificate and a key that cannot be used: which of them, why, and what to do', async (t) => {
  const home = await makeHome(t, { POSTHORN_PASSWORD: 'x' });
  const own = await makeClientCertificate(authority, 'ann');
  const other = await makeClientCertificate(authority, 'bob');
  const file = (name: string) => join(folder, name);
  await run('openssl', ['pkey', '-in', own.keyFile, '-aes256', '-passout', 'pass:geheim', '-out', file('locked.key')]);
  const old = [
    '-in',
    own.keyFile,
    '-aes256',
    '-passout',
    'pass:geheim',
    '-traditional',
    '-out',
    file('locked-old.key'),
  ];
  await run('openssl', ['pkey', ...old]);
  await writeFile(file('nonsense'), 'geheim');
  await mkdir(file('sub'));
  const [certificate, key] = [own.certificateFile, own.keyFile];
  const cases: [certificate: string | undefined, key: string | undefined, says: RegExp][] = [
    [certificate, undefined, /There is a certificate for TLS, and no key.*--tls-key/s],
    [undefined, key, /There is a key for TLS, and no certificate.*--tls-certificate/s],
    [file('missing'), key, /certificate for TLS, \S+missing, does not exist/],
    [certificate, file('missing'), /key for TLS, \S+missing, does not exist/],
    [certificate, file('sub'), /key for TLS, \S+sub, cannot be read: it is a folder/],
    [file('nonsense'), key, /certificate for TLS, \S+nonsense, holds no certificate/],
    [certificate, file('nonsense'), /key for TLS, \S+nonsense, holds no private key/],
    [certificate, certificate, /holds no private key/],
    [certificate, other.keyFile, /is not that of/],
    [certificate, file('locked.key'), /protected by a passphrase.*openssl pkey/s],
    [certificate, file('locked-old.key'), /protected by a passphrase.*openssl pkey/s],
  ];
  for (const [certificateFile, keyFile, says] of cases) {
    const args = [
      'list',
      '--remote',
      '--pop3',
      'pop3s://ann@127.0.0.1:1',
      ...(certificateFile === undefined ? [] : ['--tls-certificate', certificateFile]),
      ...(keyFile === undefined ? [] : ['--tls-key', keyFile]),
    ];
    await assertFails(home, args, { exit: 78, code: 'bad-certificate-file', says });
    assert.doesNotMatch((await home.posthorn(args)).stderr, /geheim|BEGIN/);
  }
});

const LOGINS: [protocol: 'pop3' | 'smtp', greeting: string, args: string[]][] = [
  ['pop3', '+OK hi\r\n', ['list', '--remote']],
  ['smtp', '220 hi\r\n', ['send', '-t', 'bob@example.org', '--body', 'x']],
];

test('plain text where TLS comes first is an error, and nothing is said to it', async (t) => {
  const home = await makeHome(t, { POSTHORN_PASSWORD: 'geheim' });
  for (const [protocol, greeting, args] of LOGINS) {
    const server = await startLineServer(t, greeting, () => undefined);
    const url = [`--${protocol}`, `${protocol}s://ann%40example.org@127.0.0.1:${server.port}`];
    const says = /No TLS with 127\.0\.0\.1: what it says is not TLS\..*Check that this port speaks TLS/s;
    await assertFails(home, [...args, ...url], { exit: 77, code: 'tls-handshake', says });
    assert.doesNotMatch(server.heard(), /CAPA|USER|EHLO|AUTH|geheim/);
  }
});

test('a handshake that is begun and never goes on is left in time', async (t) => {
  const home = await makeHome(t, { POSTHORN_PASSWORD: 'geheim' });
  const answers: Record<string, string> = {
    CAPA: '+OK\r\nSTLS\r\n.\r\n',
    STLS: '+OK go\r\n',
    EHLO: '250-hi\r\n250 STARTTLS\r\n',
    STARTTLS: '220 go\r\n',
  };
  for (const [protocol, greeting, args] of LOGINS) {
    const { port } = await startLineServer(t, greeting, (line) => answers[line.split(' ')[0] ?? '']);
    const url = [`--${protocol}`, `${protocol}://ann%40example.org@127.0.0.1:${port}`, '--timeout', '1'];
    const error = await home.refused(75, [...args, ...url]);
    assert.equal(error.code, 'tls-timeout');
  }
});
