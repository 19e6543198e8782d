/**
 * The servers of the interop tests themselves, tried with nothing but sockets.
 *
 * Why: when an interop test fails, this one tells whether to look at Posthorn or at the servers. It must therefore
 * never use any of Posthorn's own code.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { CertificateKind } from '../support/certificate.ts';
import { type Dovecot, startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { startPostfix } from '../support/postfix.ts';

const LIMIT_MS = 10_000;
const PLAIN_ANN = Buffer.from('\0ann\0secret').toString('base64');
/** The end of an SMTP reply: a line whose code is followed by a space. */
const REPLY = /^\d{3} .*\r\n$/m;
const ONE_LINE = /\r\n$/;
const MULTI_LINE = /\r\n\.\r\n$/;

/** Sends a line, or only listens where it is undefined, and returns all that comes until `last` matches it. */
async function say(socket: Socket, line: string | undefined, last: RegExp): Promise<string> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  if (line !== undefined) socket.write(`${line}\r\n`);
  let answer = '';
  while (!last.test(answer)) answer += String((await once(socket, 'data', { signal }))[0]);
  return answer;
}

async function secure(caFile: string, where: { port: number } | { socket: Socket }): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', ca: readFileSync(caFile), ...where });
  await once(socket, 'secureConnect');
  return socket;
}

async function arrived(dovecot: Dovecot, count: number): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while ((await dovecot.messageCount('ann')) < count) {
    assert.ok(Date.now() < deadline, `The message did not arrive.\n${dovecot.log()}`);
    await sleep(20);
  }
}

/** A dead process which the system has yet to clear away (Z) still has its id, but is gone. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

interop('Dovecot shows its capabilities, logs ann in over POP3S and gives her message', ['dovecot'], async (t) => {
  const dovecot = await startDovecot(t);
  await dovecot.deliver('ann', 'Subject: hello\r\n\r\nGood morning\r\n');
  const socket = await secure(dovecot.caFile, { port: dovecot.ports.pop3s });
  assert.match(await say(socket, undefined, ONE_LINE), /^\+OK/);
  const capabilities = await say(socket, 'CAPA', MULTI_LINE);
  assert.match(capabilities, /^SASL PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256\r$/m);
  assert.match(await say(socket, `AUTH PLAIN ${PLAIN_ANN}`, ONE_LINE), /^\+OK/);
  assert.match(await say(socket, 'RETR 1', MULTI_LINE), /\r\n\r\nGood morning\r\n\.\r\n$/);
  assert.match(await say(socket, 'QUIT', ONE_LINE), /^\+OK/);
});

interop('Dovecot without plaintext refuses a password before STLS and takes it after', ['dovecot'], async (t) => {
  const dovecot = await startDovecot(t, { plaintext: false });
  const plain = connect(dovecot.ports.pop3, dovecot.host);
  await say(plain, undefined, ONE_LINE);
  assert.doesNotMatch(await say(plain, 'CAPA', MULTI_LINE), /^USER|PLAIN/m);
  assert.match(await say(plain, 'USER ann', ONE_LINE), /^-ERR/);
  assert.match(await say(plain, 'STLS', ONE_LINE), /^\+OK/);
  const socket = await secure(dovecot.caFile, { socket: plain });
  assert.match(await say(socket, `AUTH PLAIN ${PLAIN_ANN}`, ONE_LINE), /^\+OK/);
  assert.match(await say(socket, 'QUIT', ONE_LINE), /^\+OK/);
});

const REFUSED: readonly [CertificateKind, string][] = [
  ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['other-host', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['expired', 'CERT_HAS_EXPIRED'],
];
for (const [certificate, code] of REFUSED) {
  interop(`Dovecot's ${certificate} certificate is refused for that reason alone`, ['dovecot'], async (t) => {
    const dovecot = await startDovecot(t, { certificate });
    await assert.rejects(secure(dovecot.caFile, { port: dovecot.ports.pop3s }), { code });
  });
}

interop('Postfix takes a message over STARTTLS and AUTH, and Dovecot has it', ['dovecot', 'postfix'], async (t) => {
  const dovecot = await startDovecot(t);
  const postfix = await startPostfix(t, { dovecot, messageSizeLimit: 123_456 });
  const plain = connect(postfix.ports.submission, postfix.host);
  await say(plain, undefined, REPLY);
  assert.doesNotMatch(await say(plain, 'EHLO localhost', REPLY), /^250.AUTH/m);
  assert.match(await say(plain, 'STARTTLS', REPLY), /^220 /);
  const socket = await secure(postfix.caFile, { socket: plain });
  const capabilities = await say(socket, 'EHLO localhost', REPLY);
  assert.match(capabilities, /^250-AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256\r$/m);
  assert.match(capabilities, /^250-SIZE 123456\r$/m);
  assert.match(await say(socket, 'AUTH PLAIN AGFubgB3cm9uZw==', REPLY), /^535 /);
  assert.match(await say(socket, `AUTH PLAIN ${PLAIN_ANN}`, REPLY), /^235 /);
  assert.match(await say(socket, 'MAIL FROM:<ann@example.org>', REPLY), /^250 /);
  assert.match(await say(socket, 'RCPT TO:<nobody@example.org>', REPLY), /^550 5\.1\.1 /);
  assert.match(await say(socket, 'RCPT TO:<ann@example.org>', REPLY), /^250 /);
  assert.match(await say(socket, 'DATA', REPLY), /^354 /);
  assert.match(await say(socket, 'Subject: hello\r\n\r\nGood morning\r\n.', REPLY), /^250 /);
  assert.match(await say(socket, 'QUIT', REPLY), /^221 /);
  await arrived(dovecot, 1);
});

interop('both servers leave neither processes nor folders behind', ['dovecot', 'postfix'], async (t) => {
  const dovecot = await startDovecot(t);
  const postfix = await startPostfix(t, { dovecot });
  const socket = await secure(postfix.caFile, { port: postfix.ports.submissions });
  assert.match(await say(socket, undefined, REPLY), /^220 /);
  const pids = [...dovecot.processes(), ...postfix.processes()];
  // The server is killed with this connection open, which may reach it as an error.
  socket.on('error', () => undefined);
  await Promise.all([postfix.stop(), dovecot.stop()]);
  assert.ok(pids.length > 2);
  assert.deepEqual(
    pids.filter((pid) => !isGone(pid)),
    [],
  );
  assert.equal(existsSync(dirname(dovecot.authSocket)), false);
});
