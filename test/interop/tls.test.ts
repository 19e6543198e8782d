/**
 * What must not be trusted: wrong certificates, wrong pins, and servers of which TLS was asked and that have none. Each
 * time the program ends with 77, says why, and Dovecot and Postfix have seen nothing of a login.
 */
import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import type { TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { CertificateKind } from '../support/certificate.ts';
import { type Dovecot, startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { logged, pop3Url, servedBy, smtpUrl } from '../support/mail-servers.ts';
import { type Postfix, startPostfix } from '../support/postfix.ts';
import { makeHome } from '../support/program.ts';

const SEND = ['send', '-t', 'ann@example.org', '--body', 'Good morning'];
const LOOK = ['list', '--remote'];

/** Every way to reach the two servers under TLS. */
function ways(dovecot: Dovecot, postfix: Postfix): string[][] {
  return [
    [...LOOK, '--pop3', pop3Url(dovecot, 's')],
    [...LOOK, '--pop3', pop3Url(dovecot, '')],
    [...SEND, '--smtp', smtpUrl(postfix, 's')],
    [...SEND, '--smtp', smtpUrl(postfix, '')],
  ];
}

async function servers(t: TestContext, certificate: CertificateKind) {
  const dovecot = await startDovecot(t, { certificate });
  const postfix = await startPostfix(t, { dovecot, certificate });
  return { dovecot, postfix, home: await makeHome(t, servedBy(dovecot, postfix)) };
}

/** Neither log tells of a login, right or wrong, and no password is in them. */
function assertNoLogin({ dovecot, postfix }: { dovecot: Dovecot; postfix?: Postfix }): void {
  const log = dovecot.log() + (postfix?.log() ?? '');
  assert.doesNotMatch(log, /Login:|auth failed|sasl_|SASL/);
  assert.doesNotMatch(log, /secret|c2VjcmV0|AGFubgBzZWNyZXQ/);
}

interop(
  'an authority nobody said to trust is refused, and nothing secret leaves',
  ['dovecot', 'postfix'],
  async (t) => {
    const all = await servers(t, 'trusted');
    for (const way of ways(all.dovecot, all.postfix)) {
      const { code, hint } = await all.home.refused(77, way, { env: { POSTHORN_CA_FILE: '' } });
      assert.equal(code, 'tls-untrusted');
      assert.match(hint ?? '', /--ca-file FILE.*--tls-fingerprint/);
    }
    await logged(all.dovecot, /(no auth attempts.*){2}/s);
    assertNoLogin(all);
    for (const way of ways(all.dovecot, all.postfix)) await all.home.json(way);
  },
);

const WRONG: readonly [CertificateKind, string][] = [
  ['self-signed', 'tls-untrusted'],
  ['other-host', 'tls-wrong-host'],
  ['expired', 'tls-expired'],
];
for (const [certificate, expected] of WRONG) {
  interop(`a certificate that is ${certificate} is refused for that reason`, ['dovecot', 'postfix'], async (t) => {
    const all = await servers(t, certificate);
    for (const way of ways(all.dovecot, all.postfix)) {
      const { code } = await all.home.refused(77, way);
      assert.equal(code, expected);
    }
    await logged(all.dovecot, /(no auth attempts.*){2}/s);
    assertNoLogin(all);
  });
}

interop('a self-signed certificate is accepted by its pin, and by no other', ['dovecot', 'postfix'], async (t) => {
  const { dovecot, postfix, home } = await servers(t, 'self-signed');
  const fingerprints = [await fingerprintOf(dovecot.ports.pop3s), await fingerprintOf(postfix.ports.submissions)];
  for (const [row, way] of ways(dovecot, postfix).entries()) {
    const [right = '', wrong = ''] = row < 2 ? fingerprints : fingerprints.toReversed();
    const { hint } = await home.refused(77, way);
    assert.ok(hint?.includes(right), `the hint does not show the certificate's own fingerprint: ${hint}`);
    const mismatch = await home.refused(77, [...way, '--tls-fingerprint', wrong]);
    assert.equal(mismatch.code, 'tls-pin-mismatch');
  }
  assertNoLogin({ dovecot, postfix });
  for (const [row, way] of ways(dovecot, postfix).entries()) {
    const right = (row < 2 ? fingerprints[0] : fingerprints[1]) ?? '';
    await home.json([...way, '--tls-fingerprint', row % 2 === 0 ? right : right.replaceAll(':', '').toLowerCase()]);
  }
});

/** What the server shows, asked by other means than ours. */
function fingerprintOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

interop(
  'Dovecot takes no password in clear: with +insecure that ends with 77, and STLS works',
  ['dovecot'],
  async (t) => {
    const dovecot = await startDovecot(t, { plaintext: false, mechanisms: ['plain', 'login'] });
    const home = await makeHome(t, servedBy(dovecot));
    for (const only of [[], ['--auth', 'PLAIN'], ['--auth', 'USER']]) {
      const { code, stderr } = await home.posthorn([
        ...LOOK,
        '--trace',
        '--pop3',
        pop3Url(dovecot, '+insecure'),
        ...only,
      ]);
      assert.equal(code, 77, stderr);
      assert.doesNotMatch(stderr, /C: (PASS|AUTH)/);
    }
    await home.json([...LOOK, '--pop3', pop3Url(dovecot, '')]);
  },
);

interop('servers without TLS are left before a login, unless the URL permits it', ['dovecot', 'postfix'], async (t) => {
  const dovecot = await startDovecot(t, { tls: false });
  const postfix = await startPostfix(t, { dovecot, tls: 'none', plaintext: true });
  const home = await makeHome(t, servedBy(dovecot, postfix));
  for (const way of [
    [...LOOK, '--pop3', pop3Url(dovecot, '')],
    [...SEND, '--smtp', smtpUrl(postfix, '')],
  ]) {
    const { code, hint } = await home.refused(77, way);
    assert.equal(code, 'tls-not-offered');
    assert.match(hint ?? '', /Nothing secret was sent/);
  }
  assertNoLogin({ dovecot, postfix });
  await home.json([...LOOK, '--pop3', pop3Url(dovecot, '+insecure')]);
  await home.json([...SEND, '--smtp', smtpUrl(postfix, '+insecure')]);
});

interop('a server that offers STLS and then speaks no TLS gets nothing more', [], async (t) => {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined).write('+OK ready\r\n');
    socket.on('data', (bytes) => {
      heard.push(bytes.toString('latin1'));
      const answers = ['+OK\r\nSTLS\r\nUSER\r\n.\r\n', '+OK go on\r\n'];
      socket.write(answers[heard.length - 1] ?? '-ERR not really\r\n');
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  t.after(() => server.close());
  const home = await makeHome(t, { POSTHORN_PASSWORD: 'secret' });
  const { port } = server.address() as AddressInfo;
  await home.refused(77, [...LOOK, '--pop3', `pop3://ann@127.0.0.1:${port}`]);
  assert.deepEqual(heard.slice(0, 2), ['CAPA\r\n', 'STLS\r\n']);
  assert.doesNotMatch(heard.join(''), /USER|PASS|AUTH|secret/);
});

interop(
  'opportunistic: STARTTLS where Postfix offers it, plain and without a login where it does not',
  ['dovecot', 'postfix'],
  async (t) => {
    const dovecot = await startDovecot(t);
    const opportunistic = (url: string) => url.replace(':', '+opportunistic:');
    const postfix = await startPostfix(t, { dovecot });
    const home = await makeHome(t, servedBy(dovecot, postfix));
    const args = [...SEND, '--smtp', opportunistic(smtpUrl(postfix, ''))];
    const { code, stderr } = await home.posthorn([...args, '--trace']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /C: STARTTLS.*TLSv1\.3 started.*C: AUTH/s);
    assert.equal((await home.refused(77, args, { env: { POSTHORN_CA_FILE: '' } })).code, 'tls-untrusted');
    await home.json([...LOOK, '--pop3', opportunistic(pop3Url(dovecot, ''))]);

    const plain = await startPostfix(t, { dovecot, tls: 'none', plaintext: true });
    const refused = await home.posthorn([...SEND, '--smtp', opportunistic(smtpUrl(plain, ''))]);
    assert.equal(refused.code, 77, refused.stderr);
    assert.match(refused.stderr, /offers no TLS.*no credentials are sent/s);
    assert.doesNotMatch(plain.log(), /sasl_|SASL/);
  },
);
