/**
 * Other people's mail programs at work on a sandbox in the test's own process: started, listened to, and the letter they
 * carry, which has in it whatever programs get wrong.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts';
import { SmtpClient } from '../../src/smtp/client.ts';
import { type Ended, ended } from './program.ts';

export const ANN = { address: 'ann@example.org', password: 'secret' };
/** With a password beyond ASCII, and with what separates the fields of SCRAM. */
export const BOB = { address: 'bob@example.org', password: 'Grüße, €=5' };

/** Lines of one dot and of several, one that only begins with a dot, 8 bits, a line of 2000 octets, an attachment. */
export const LETTER = Buffer.from(
  `Date: Mon, 23 Nov 2026 12:00:00 +0000
Message-ID: <letter@example.org>
From: Ann <ann@example.org>
To: ann@example.org
Subject: dots and more
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_here"

--=_here
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

.
..
.profile and ... the rest
Grüße – 你好 📯
${'long '.repeat(400)}

.

--=_here
Content-Type: application/octet-stream; name="all.bin"
Content-Disposition: attachment; filename="all.bin"
Content-Transfer-Encoding: base64

${Buffer.from(Uint8Array.from({ length: 54 }, (_, at) => at * 5)).toString('base64')}
--=_here--
..
`.replaceAll('\n', '\r\n'),
);

/** The mechanisms whose secret is a token. The sandbox takes a password for one, where it is of ASCII as tokens are. */
export const TOKENS = ['OAUTHBEARER', 'XOAUTH2'];

/** Debian's curl has no SCRAM, and with OAUTHBEARER on offer it never takes XOAUTH2, even when told to. */
export const CURL_MECHANISMS = ['PLAIN', 'LOGIN', 'CRAM-MD5', 'OAUTHBEARER'];

/** How curl is told whom to log in, and by which mechanism. */
export function curlLogin(mechanism: string, { address, password }: typeof ANN): string[] {
  const token = TOKENS.includes(mechanism);
  const secret = token ? ['--user', `${address}:`, '--oauth2-bearer', password] : ['--user', `${address}:${password}`];
  return [...secret, '--login-options', `AUTH=${mechanism}`];
}

/** The three ways to a server, as a person names them. */
export const PROTECTIONS = ['STARTTLS', 'TLS', 'none'] as const;
export type Protection = (typeof PROTECTIONS)[number];

export interface Foreign {
  sandbox: Sandbox;
  /** Where programs run, and may write. */
  folder: string;
  /** The sandbox's authority, PEM. */
  caFile: string;
  /** Runs a program to its end. Nothing of this machine's user is in its environment. */
  run(command: string, args: readonly string[], stdin?: string | Uint8Array): Promise<Ended>;
  /** The conversation since the last call, one line each, as the server saw it. */
  heard(): string[];
  /** The messages in a mailbox of the sandbox, octet for octet. */
  stored(address: string): Promise<Buffer[]>;
  /** Puts a message into the mailbox of ann. */
  deliver(message: Buffer): Promise<void>;
}

/** Starts a sandbox for ann and bob, and says in the test's output which programs of what version it meets. */
export async function meetForeign(t: TestContext, ...programs: string[]): Promise<Foreign> {
  for (const program of programs) t.diagnostic(versionOf(program));
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-foreign-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  let lines: string[] = [];
  const sandbox = await startSandbox({ users: [ANN, BOB], samples: false, trace: (line) => lines.push(line) });
  t.after(() => sandbox.close());
  const caFile = join(folder, 'authority.pem');
  await writeFile(caFile, sandbox.authority);
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, FETCHMAILHOME: folder, LC_ALL: 'C.UTF-8' };
  return {
    sandbox,
    folder,
    caFile,
    run: (command, args, stdin = '') => {
      const child = spawn(command, args, { cwd: folder, env });
      child.stdin.on('error', () => undefined).end(stdin);
      return ended(child);
    },
    heard: () => {
      const said = lines;
      lines = [];
      return said;
    },
    stored: (address) => Promise.all(sandbox.messages(address).map(({ read }) => whole(read()))),
    deliver: (message) => deliver(sandbox, message),
  };
}

/** Whether the conversation was protected as it should be, and the login was by this verb or mechanism and no other. */
export function assertHeard(heard: readonly string[], protection: Protection, login: string): void {
  const text = heard.join('\n');
  assert.equal(/^C: (STARTTLS|STLS)$/m.test(text), protection === 'STARTTLS', text);
  assert.equal(/^\*: TLSv1\.[23] started/m.test(text), protection !== 'none', text);
  const logins = heard.filter((line) => /^C: (AUTH|USER) /.test(line));
  assert.equal(logins.length, 1, text);
  assert.ok(`${logins[0]} `.startsWith(`C: ${login} `), text);
}

async function deliver({ host, ports }: Sandbox, message: Buffer): Promise<void> {
  const client = await SmtpClient.connect({ host, port: ports.smtp, security: 'none' });
  await client.login({ user: ANN.address, password: ANN.password });
  const chunks = async function* () {
    yield message;
  };
  const { outcome } = await client.send(
    { from: ANN.address, recipients: [ANN.address] },
    { chunks, size: message.length, has8bit: true },
  );
  assert.equal(outcome, 'sent');
  await client.quit();
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** curl adds the versions of all its libraries. */
function versionOf(program: string): string {
  const said = execFileSync(program, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return said.split(/\n| \(/, 1)[0] ?? '';
}
