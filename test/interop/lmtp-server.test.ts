/** Our LMTP server behind a real Postfix, whose delivery goes by what it answers for each recipient, and other clients (RFC 2033). */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { listen } from '../../src/net/listen.ts';
import { SmtpClient } from '../../src/smtp/client.ts';
import { serveSmtp } from '../../src/smtp/server.ts';
import { startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { logged } from '../support/mail-servers.ts';
import { startPostfix } from '../support/postfix.ts';
import { ended } from '../support/program.ts';
import { MemoryPost } from '../support/serve.ts';
import { chunksOf } from '../support/sessions.ts';

const USERS = ['ann', 'full', 'bob'].map((name) => ({ name, password: 'secret' }));
const TEXT = 'Subject: hello\r\n\r\n.dot\r\nend\r\n';

interop('Postfix hands mail to our LMTP server', ['dovecot', 'postfix'], async (t) => {
  const backend = new MemoryPost();
  const shown: string[] = [];
  const listener = await listen({ trace: (line) => shown.push(line) }, (channel) => {
    void serveSmtp(channel, { backend, protocol: 'lmtp' });
  });
  t.after(() => listener.close());
  const dovecot = await startDovecot(t, { users: USERS });
  const postfix = await startPostfix(t, { dovecot: { ...dovecot, ports: { ...dovecot.ports, lmtp: listener.port } } });
  const client = await SmtpClient.connect({ host: postfix.host, port: postfix.ports.smtp, security: 'none' });
  const recipients = ['ann@example.org', 'full@example.org', 'bob@example.org'];
  await client.send({ from: 'ann@example.org', recipients }, { chunks: () => chunksOf(TEXT) });
  await client.quit();
  await logged(postfix, /to=<ann@example\.org>.*status=sent \(250 2\.0\.0 taken as 1\)/);
  await logged(postfix, /to=<full@example\.org>.*dsn=4\.2\.2, status=deferred \(.*452 4\.2\.2 the mailbox is full/);
  await logged(postfix, /to=<bob@example\.org>.*dsn=5\.1\.1, status=bounced \(.*550 5\.1\.1 there is no bob/);
  assert.ok(shown.includes('C: LHLO mail.example.org'));
  const [first] = backend.stored;
  assert.deepEqual(first?.recipients, ['ann@example.org']);
  assert.ok(first?.text.endsWith('\r\n\r\n.dot\r\nend\r\n'), first?.text);
});

const PYTHON = `
import smtplib, sys
client = smtplib.LMTP('127.0.0.1', int(sys.argv[1]))
# Of two answers it reads one, and is content with that.
client.sendmail('ann@example.org', ['ann@example.org', 'full@example.org'], sys.stdin.buffer.read())
client.quit()
`;

/** How each client is told to bring the message on its standard input to ann, and where it can to somebody more. */
const CLIENTS: Readonly<Record<string, (port: number) => string[]>> = {
  msmtp: (port) => {
    const server = ['--host=127.0.0.1', `--port=${port}`, '--protocol=lmtp', '--tls=off', '--auth=off'];
    return [...server, '--from=ann@example.org', 'ann@example.org'];
  },
  swaks: (port) => {
    const server = ['--server', `127.0.0.1:${port}`, '--protocol', 'LMTP', '--ehlo', 'me', '--hide-all'];
    return [...server, '--from', 'ann@example.org', '--to', 'ann@example.org,full@example.org', '--data', '-'];
  },
  python3: (port) => ['-c', PYTHON, String(port)],
};

for (const [program, argsFor] of Object.entries(CLIENTS)) {
  interop(`${program} hands mail to our LMTP server`, [program], async (t) => {
    const backend = new MemoryPost();
    const shown: string[] = [];
    const listener = await listen({ trace: (line) => shown.push(line) }, (channel) => {
      void serveSmtp(channel, { backend, protocol: 'lmtp' });
    });
    t.after(() => listener.close());
    const child = spawn(program, argsFor(listener.port));
    child.stdin.on('error', () => undefined).end(TEXT);
    const { code, stdout, stderr } = await ended(child);
    assert.equal(code, 0, `${stdout}${stderr}${shown.join('\n')}`);
    assert.ok(shown.some((line) => /^C: LHLO /i.test(line)));
    assert.deepEqual(
      backend.stored.map(({ recipients, text }) => [recipients, text.trimEnd().endsWith('\r\n\r\n.dot\r\nend')]),
      [[['ann@example.org'], true]],
    );
    if (shown.some((line) => line.includes('full@'))) assert.ok(shown.includes('S: 452 4.2.2 the mailbox is full'));
  });
}
