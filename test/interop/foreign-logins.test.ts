/**
 * Other people's clients log in to our servers over TLS, each by everything it has: one row a client and protocol. What
 * a client lacks is said aloud; a wrong secret, or another's certificate, is refused by every mechanism alike.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { listen, type ServerIdentity } from '../../src/net/listen.ts';
import { servePop3 } from '../../src/pop3/server.ts';
import { makeIdentity } from '../../src/sandbox/certificate.ts';
import { MECHANISMS } from '../../src/sasl/mechanisms.ts';
import { serveSmtp } from '../../src/smtp/server.ts';
import { type Certificate, makeAuthority, makeClientCertificate } from '../support/certificate.ts';
import { interop } from '../support/interop.ts';
import { type Ended, ended } from '../support/program.ts';
import { assertNoSecret, PASSWORD, USER } from '../support/secrets.ts';
import { MemoryMaildrop, MemoryPost } from '../support/serve.ts';

const LETTER = 'Subject: hello\n\nGood morning\n';
const TOKENS = ['OAUTHBEARER', 'XOAUTH2'];

interface Login {
  readonly port: number;
  /** A mechanism, or USER or APOP. */
  readonly way: string;
  readonly secret: string;
  readonly own: Certificate;
  /** What a client may trust, PEM. */
  readonly caFile: string;
  readonly folder: string;
}

type Command = readonly [program: string, ...args: string[]];

interface Client {
  readonly program: string;
  readonly protocol: 'pop3' | 'smtp';
  readonly ways: readonly string[];
  /** Logs in, and fetches or submits. */
  readonly command: (login: Login) => Command | Promise<Command>;
  readonly stdin?: string;
  /** It leaves as soon as it is told why a token is refused, without the answer that RFC 7628 §3.2.3 asks for. */
  readonly hasty?: true;
}

const PASSWORDS = ['PLAIN', 'LOGIN', 'CRAM-MD5'];
const SCRAM = ['SCRAM-SHA-1', 'SCRAM-SHA-256'];

/** msmtp and mpop are siblings, and have the options of GNU SASL. */
function siblings({ port, way, secret, own, caFile }: Login): string[] {
  const tls = ['--tls=on', '--tls-starttls=off', `--tls-trust-file=${caFile}`];
  const certificate =
    way === 'EXTERNAL' ? [`--tls-cert-file=${own.certificateFile}`, `--tls-key-file=${own.keyFile}`] : [];
  const login = [`--auth=${way.toLowerCase()}`, `--user=${USER}`, `--passwordeval=echo ${secret}`];
  return ['--host=localhost', `--port=${port}`, ...tls, ...certificate, ...login];
}

function curl({ port, way, secret, own, caFile }: Login, scheme: string): string[] {
  const user = TOKENS.includes(way)
    ? ['--user', `${USER}:`, '--oauth2-bearer', secret]
    : ['--user', way === 'EXTERNAL' ? `${USER}:` : `${USER}:${secret}`];
  const certificate = way === 'EXTERNAL' ? ['--cert', own.certificateFile, '--key', own.keyFile] : [];
  const auth = ['--login-options', `AUTH=${way === 'APOP' ? '+APOP' : way}`];
  return ['-sS', '--cacert', caFile, ...certificate, ...user, ...auth, `${scheme}://localhost:${port}`];
}

/** Its own names: what it calls OAUTHBEARER is XOAUTH2. */
const SNAIL: Readonly<Record<string, string>> = { XOAUTH2: 'oauthbearer', USER: 'plain', APOP: 'plain' };

/** Without the system's settings and the user's. */
function snail({ caFile, own, way }: Login): string[] {
  const pairs = way === 'EXTERNAL' ? `,Certificate=${own.certificateFile},PrivateKey=${own.keyFile}` : '';
  const sets = ['v15-compat', `tls-ca-file=${caFile}`, 'tls-ca-no-defaults', 'tls-verify=strict'];
  return [...sets, `tls-config-pairs=MinProtocol=TLSv1.2${pairs}`].flatMap((set) => ['-S', set]);
}

const PYTHON_SMTP = `
import smtplib, ssl, sys
port, way, user, secret, ca = sys.argv[1:]
client = smtplib.SMTP_SSL('localhost', int(port), context=ssl.create_default_context(cafile=ca))
client.ehlo()
client.user, client.password = user, secret
client.auth(way, getattr(client, 'auth_' + way.lower().replace('-', '_')))
client.sendmail('ann@example.org', ['ann@example.org'], sys.stdin.read())
client.quit()
`;

const PYTHON_POP3 = `
import poplib, ssl, sys
port, way, user, secret, ca = sys.argv[1:]
client = poplib.POP3_SSL('localhost', int(port), context=ssl.create_default_context(cafile=ca))
if way == 'APOP':
    client.apop(user, secret)
else:
    client.user(user), client.pass_(secret)
client.retr(1)
client.quit()
`;

const CLIENTS: readonly Client[] = [
  {
    program: 'msmtp',
    protocol: 'smtp',
    ways: [...PASSWORDS, ...SCRAM, 'EXTERNAL', ...TOKENS],
    command: (login) => ['msmtp', ...siblings(login), '--from=ann@example.org', 'ann@example.org'],
    stdin: LETTER,
  },
  {
    program: 'mpop',
    protocol: 'pop3',
    ways: ['USER', 'APOP', ...PASSWORDS, ...SCRAM, 'EXTERNAL', ...TOKENS],
    command: (login) => {
      const files = [
        `--uidls-file=${join(login.folder, 'uidls')}`,
        `--delivery=mbox,${join(login.folder, 'mbox')}`,
        '--keep=on',
      ];
      return ['mpop', ...siblings(login), ...files];
    },
  },
  {
    program: 'curl',
    protocol: 'smtp',
    // With OAUTHBEARER on offer it never takes XOAUTH2.
    ways: [...PASSWORDS, 'EXTERNAL', 'OAUTHBEARER'],
    command: (login) => {
      const envelope = ['--mail-from', 'ann@example.org', '--mail-rcpt', 'ann@example.org', '-T', '-'];
      return ['curl', ...curl(login, 'smtps'), ...envelope];
    },
    stdin: LETTER.replaceAll('\n', '\r\n'),
  },
  {
    program: 'curl',
    protocol: 'pop3',
    ways: ['APOP', ...PASSWORDS, 'EXTERNAL', 'OAUTHBEARER'],
    command: (login) => ['curl', ...curl(login, 'pop3s')],
  },
  {
    program: 'swaks',
    protocol: 'smtp',
    ways: PASSWORDS,
    command: async ({ port, way, secret, caFile, folder }) => {
      await writeFile(join(folder, 'letter'), LETTER);
      const server = ['--server', 'localhost', '--port', String(port), '--tls-on-connect', '--tls-ca-path', caFile];
      const login = ['--auth', way, '--auth-user', USER, '--auth-password', secret];
      return [
        'swaks',
        ...server,
        ...login,
        '--from',
        'ann@example.org',
        '--to',
        'ann@example.org',
        '--data',
        '@letter',
      ];
    },
  },
  {
    program: 's-nail',
    protocol: 'smtp',
    ways: [...PASSWORDS, 'EXTERNAL', 'XOAUTH2'],
    hasty: true,
    command: (login) => {
      const { port, way, secret } = login;
      const mta = `mta=smtps://${USER}:${secret}@localhost:${port}`;
      const sets = [
        mta,
        `smtp-auth=${SNAIL[way] ?? way.toLowerCase()}`,
        'sendwait',
        'nosave',
        'smtp-hostname=example.org',
      ];
      const options = sets.flatMap((set) => ['-S', set]);
      return ['s-nail', '-:/', ...snail(login), ...options, '-r', 'ann@example.org', '-s', 'x', 'ann@example.org'];
    },
    stdin: LETTER,
  },
  {
    program: 's-nail',
    protocol: 'pop3',
    ways: ['USER', 'APOP', 'EXTERNAL', 'XOAUTH2'],
    command: (login) => {
      const { port, way, secret } = login;
      const apop = way === 'APOP' ? [] : ['pop3-no-apop'];
      const sets = [`pop3-auth=${SNAIL[way] ?? way.toLowerCase()}`, ...apop].flatMap((set) => ['-S', set]);
      const folder = `pop3s://${USER}:${secret}@localhost:${port}`;
      return ['s-nail', '-:/', ...snail(login), ...sets, '-N', '-Y', 'print 1\nxit', '-f', folder];
    },
  },
  {
    program: 'fetchmail',
    protocol: 'pop3',
    ways: ['USER', 'APOP', 'CRAM-MD5'],
    command: async ({ port, way, secret, caFile, folder }) => {
      const protocol = way === 'APOP' ? 'apop' : 'pop3';
      const auth = way === 'CRAM-MD5' ? 'cram-md5' : 'password';
      const server = `poll localhost service ${port} protocol ${protocol} auth ${auth}`;
      const user = `user "${USER}" password "${secret}" ssl sslcertck sslcertfile "${caFile}" keep fetchall no rewrite`;
      const file = join(folder, 'fetchmailrc');
      await writeFile(file, `set no syslog\n${server} ${user} mda "cat >/dev/null"\n`, { mode: 0o600 });
      return ['fetchmail', '-f', file, '--pidfile', join(folder, 'pid')];
    },
  },
  {
    program: 'python3',
    protocol: 'smtp',
    ways: PASSWORDS,
    command: ({ port, way, secret, caFile }) => ['python3', '-c', PYTHON_SMTP, String(port), way, USER, secret, caFile],
    stdin: LETTER,
  },
  {
    program: 'python3',
    protocol: 'pop3',
    ways: ['USER', 'APOP'],
    command: ({ port, way, secret, caFile }) => ['python3', '-c', PYTHON_POP3, String(port), way, USER, secret, caFile],
  },
];

/** A server of each protocol that knows every mechanism, and the certificates of ann and of somebody else. */
async function setUp(t: TestContext, protocol: Client['protocol']) {
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-logins-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const authority = await makeAuthority(folder);
  const server = await makeIdentity();
  const identity: ServerIdentity = { ...server, clientAuthority: await readFile(authority.caFile, 'utf8') };
  const caFile = join(folder, 'server.pem');
  await writeFile(caFile, server.authority);
  const token = async (user: string, said: string): Promise<boolean> => user === USER && said === PASSWORD;
  let heard: string[] = [];
  const listener = await listen({ implicit: identity, trace: (line) => heard.push(line) }, (channel) => {
    if (protocol === 'smtp') {
      const backend = Object.assign(new MemoryPost(), { token });
      return void serveSmtp(channel, { backend, identity, authRequired: true });
    }
    const backend = Object.assign(new MemoryMaildrop(), { token });
    return void servePop3(channel, { backend, identity, apop: true });
  });
  t.after(() => listener.close());
  const certificates = {
    own: await makeClientCertificate(authority, USER),
    other: await makeClientCertificate(authority, 'mallory'),
  };
  return { ...certificates, folder, caFile, port: listener.port, listen: () => (heard = []) };
}

async function run(client: Client, login: Login): Promise<Ended> {
  const [program, ...args] = await client.command(login);
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: login.folder,
    FETCHMAILHOME: login.folder,
    LC_ALL: 'C.UTF-8',
  };
  const child = spawn(program, args, { cwd: login.folder, env });
  child.stdin.on('error', () => undefined).end(client.stdin ?? '');
  return ended(child);
}

for (const client of CLIENTS) {
  const { program, protocol, ways } = client;
  interop(`${program} logs in by ${protocol}, by each of ${ways.join(', ')}`, [program, 'openssl'], async (t) => {
    t.diagnostic(
      execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split(
        '\n',
        1,
      )[0] ?? '',
    );
    const known = [...(protocol === 'pop3' ? ['USER', 'APOP'] : []), ...MECHANISMS.map(({ name }) => name)];
    t.diagnostic(
      `${program} lacks, or cannot be told to use: ${known.filter((way) => !ways.includes(way)).join(', ')}`,
    );
    const { own, other, listen: anew, ...place } = await setUp(t, protocol);
    for (const way of ways) {
      const inside = protocol === 'smtp' ? /^S: 250 2\.0\.0 taken/m : /^C: (?:STAT|LIST|UIDL|RETR)/m;
      let heard = anew();
      const good = await run(client, { ...place, way, own, secret: PASSWORD });
      const text = `${way}: ${good.stderr}${good.stdout}\n${heard.join('\n')}`;
      assert.equal(good.code, 0, text);
      const logins = heard.filter((line) => /^C: (?:AUTH|USER|APOP)/.test(line));
      assert.match(
        logins.join('\n'),
        way === 'USER' || way === 'APOP' ? new RegExp(`^C: ${way} .+$`) : new RegExp(`^C: AUTH ${way}(?: .+)?$`),
        text,
      );
      assert.match(heard.join('\n'), inside, text);
      assertNoSecret(heard);

      heard = anew();
      const wrong = await run(client, { ...place, way, own: other, secret: 'wr0ng' });
      const said = `${way}: ${wrong.stderr}${wrong.stdout}\n${heard.join('\n')}`;
      assert.notEqual(wrong.code, 0, said);
      const left = client.hasty === true && TOKENS.includes(way);
      assert.match(heard.join('\n'), left ? /^S: 334 \*+$/m : /^S: (?:535 5\.7\.8|-ERR \[AUTH\]) /m, said);
      assert.doesNotMatch(heard.join('\n'), inside, said);
    }
  });
}
