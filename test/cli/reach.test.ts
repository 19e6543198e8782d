/** How a server is reached: TLS where it is offered, a socket of this machine, and from which address. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { listen } from '../../src/net/listen.ts';
import { servePop3 } from '../../src/pop3/server.ts';
import { PostOffice } from '../../src/sandbox/post-office.ts';
import { serveSmtp } from '../../src/smtp/server.ts';
import { Spool } from '../../src/store/spool.ts';
import { obliging, startLineServer } from '../support/line-server.ts';
import { onLoopback } from '../support/loopback.ts';
import { assertFails, makeMailHome } from '../support/mail-home.ts';
import { makeHome } from '../support/program.ts';

const SEND = ['send', '-f', 'ann@example.org', '-t', 'bob@example.org', '--body', 'Good morning'];
const LOOK = ['list', '--remote'];

test('opportunistic: where TLS is offered it is used and verified, and the login goes over it', async (t) => {
  const home = await makeMailHome(t);
  const { smtp, pop3 } = home.sandbox.ports;
  const urls = [
    [...SEND, '--smtp', `smtp+opportunistic://ann%40example.org@127.0.0.1:${smtp}`],
    [...LOOK, '--pop3', `pop3+opportunistic://ann%40example.org@127.0.0.1:${pop3}`],
  ];
  for (const args of urls) {
    const { code, stderr } = await home.posthorn([...args, '--trace']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /\*: TLSv1\.3 started.*C: AUTH SCRAM-SHA-256-PLUS/s);
    assert.doesNotMatch(stderr, /not encrypted/);
    // Without the authority it is an error, and nothing is tried in clear.
    const wrong = await home.refused(77, [...args, '--trace'], { env: { POSTHORN_CA_FILE: '' } });
    assert.equal(wrong.code, 'tls-untrusted');
  }
});

test('a server that waits for TLS from the start says nothing: why that may be is said, ahead where the port tells', async (t) => {
  const home = await makeHome(t, { POSTHORN_PASSWORD: 'tops3cret' });
  const { port } = await startLineServer(t, '', () => undefined);
  for (const args of [
    [...SEND, '--smtp', `smtp://ann@127.0.0.1:${port}`],
    [...LOOK, '--pop3', `pop3://ann@127.0.0.1:${port}`],
  ]) {
    const silent = await home.refused(75, [...args, '--timeout', '1s']);
    assert.deepEqual([silent.code, silent.phase], ['timeout', 'greeting']);
    assert.match(silent.message, /did not greet within 1 second\.$/);
    assert.match(silent.hint ?? '', /pop3s: and smtps: start with it/);
  }
  for (const [args, says] of [
    [[...SEND, '--smtp', 'smtp://ann@127.0.0.1:465'], /warning: port 465 is for TLS .* write smtps:/],
    [[...LOOK, '--pop3', 'pop3+insecure://ann@127.0.0.1:995'], /warning: port 995 is for TLS .* write pop3s:/],
  ] as const) {
    const { stderr } = await home.posthorn([...args, '--timeout', '1s']);
    assert.match(stderr, says);
  }
});

test('opportunistic: where no TLS is offered that is said, mail is taken, and no password leaves', async (t) => {
  const server = await startLineServer(t, '220 fake\r\n', (line) =>
    line.startsWith('EHLO') ? '250-fake\r\n250 AUTH PLAIN LOGIN\r\n' : obliging(line),
  );
  const home = await makeHome(t, { POSTHORN_PASSWORD: 'tops3cret' });
  const url = (user: string) => `smtp+opportunistic://${user}127.0.0.1:${server.port}`;
  const { code, stderr } = await home.posthorn([...SEND, '--smtp', url('')]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /warning: 127\.0\.0\.1 offers no TLS: the connection is not encrypted/);
  const refused = await home.refused(77, [...SEND, '--smtp', url('ann@')]);
  assert.equal(refused.code, 'auth-no-mechanism');
  assert.match(refused.message, /not encrypted, so no credentials are sent/);
  assert.doesNotMatch(server.heard(), /AUTH|tops3cret|dG9wczNjcmV0/);
});

test('mail is fetched and sent over sockets of this machine, with a login and without a warning', async (t) => {
  const home = await makeHome(t, { POSTHORN_PASSWORD: 'tops3cret' });
  const spool = await Spool.create();
  t.after(() => spool.close());
  const users = ['ann', 'bob'].map((name) => ({ address: `${name}@example.org`, password: 'tops3cret' }));
  const backend = new PostOffice(spool, users);
  const [smtp, pop3] = [join(home.folder, 'smtp.sock'), join(home.folder, 'pop3.sock')];
  const servers = [
    await listen({ path: smtp }, (channel) => void serveSmtp(channel, { backend, insecure: true, authRequired: true })),
    await listen({ path: pop3 }, (channel) => void servePop3(channel, { backend, insecure: true })),
  ];
  t.after(() => Promise.all(servers.map((server) => server.close())));
  const sent = await home.posthorn([...SEND, '--smtp', `smtp+unix://ann%40example.org@${smtp}`]);
  assert.equal(sent.code, 0, sent.stderr);
  assert.doesNotMatch(sent.stderr, /warning/);
  const url = `pop3+unix://bob%40example.org@${pop3}`;
  const fetched = await home.posthorn(['fetch', '--pop3', url]);
  assert.equal(fetched.code, 0, fetched.stderr);
  assert.doesNotMatch(fetched.stderr, /warning/);
  assert.match((await home.posthorn(['read', '1', '--pop3', url])).stdout, /Good morning/);
  const gone = { exit: 69, code: 'refused', says: /there is no such socket/ };
  await assertFails(home, ['fetch', '--pop3', `pop3+unix://bob@${home.folder}/x.sock`], gone);
});

test('--source-address is the address that the server sees', async (t) => {
  const seen: (string | undefined)[] = [];
  const { port } = await onLoopback(t, createServer(), (socket) => {
    seen.push(socket.remoteAddress);
    socket.end('-ERR go away\r\n');
  });
  const home = await makeHome(t, { POSTHORN_PASSWORD: 'x' });
  const from = (address: string) => [
    ...LOOK,
    '--pop3',
    `pop3+insecure://ann@127.0.0.1:${port}`,
    '--source-address',
    address,
  ];
  assert.equal((await home.posthorn(from('127.0.0.5'))).code, 69);
  assert.deepEqual(seen, ['127.0.0.5']);
  assert.equal((await home.refused(69, from('203.0.113.9'))).code, 'bad-source-address');
  assert.equal((await home.refused(69, from('::1'))).code, 'wrong-family');
  await assertFails(home, from('eth0'), { exit: 64, code: 'bad-source-address', says: /not an IP address/ });
});
