/**
 * Logins over real TLS on loopback, in both protocols alike: bound to the channel, with a client certificate, with a
 * token; and what becomes of somebody who stands between client and server with a certificate that is trusted.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import tls from 'node:tls';
import { resolveAccount } from '../src/mail/account.ts';
import { openSmtp } from '../src/mail/session.ts';
import type { Channel } from '../src/net/channel.ts';
import { openChannel } from '../src/net/connect.ts';
import { type Listener, listen, type ServerIdentity } from '../src/net/listen.ts';
import type { TlsOptions } from '../src/net/tls.ts';
import { Pop3Client } from '../src/pop3/client.ts';
import { servePop3 } from '../src/pop3/server.ts';
import { makeIdentity } from '../src/sandbox/certificate.ts';
import { SmtpClient } from '../src/smtp/client.ts';
import { serveSmtp } from '../src/smtp/server.ts';
import { LineParser } from '../src/wire/line.ts';
import { makeAuthority, makeClientCertificate, readIdentity } from './support/certificate.ts';
import { reason } from './support/peer.ts';
import { assertNoSecret, PASSWORD, USER } from './support/secrets.ts';
import { MemoryMaildrop, MemoryPost } from './support/serve.ts';

const folder = await mkdtemp(join(tmpdir(), 'posthorn-logins-'));
after(() => rm(folder, { recursive: true }));
const authority = await makeAuthority(folder);
const server = await makeIdentity();
const identity: ServerIdentity = { ...server, clientAuthority: await readFile(authority.caFile, 'utf8') };
const trusted: TlsOptions = { ca: [server.authority] };
const LOGIN = { user: USER, password: PASSWORD };
const TOKEN = { user: USER, token: PASSWORD };

async function clientTls(issuer: Awaited<ReturnType<typeof makeAuthority>>, user: string): Promise<TlsOptions> {
  return { ...trusted, ...(await readIdentity(await makeClientCertificate(issuer, user))) };
}

/** The password of the user of the tests serves as a token, too. */
const token = async (user: string, said: string): Promise<boolean> => user === USER && said === PASSWORD;

const PROTOCOLS = {
  pop3: {
    connect: (port: number, options: TlsOptions) =>
      Pop3Client.connect({ host: 'localhost', port, security: 'implicit', tls: options }),
    serve: (channel: Channel) =>
      servePop3(channel, { identity, backend: Object.assign(new MemoryMaildrop(), { token }) }),
    offer: 'SASL',
  },
  smtp: {
    connect: (port: number, options: TlsOptions) =>
      SmtpClient.connect({ host: 'localhost', port, security: 'implicit', tls: options }),
    serve: (channel: Channel) => serveSmtp(channel, { identity, backend: Object.assign(new MemoryPost(), { token }) }),
    offer: 'AUTH',
  },
} as const;

for (const [protocol, { connect, serve, offer }] of Object.entries(PROTOCOLS)) {
  suite(protocol, () => {
    /** What the client said in the command that logs in. */
    const said = (shown: readonly string[]) => shown.filter((line) => line.startsWith('C: AUTH'));

    async function serving(use: (port: number, shown: string[]) => Promise<void>): Promise<void> {
      const shown: string[] = [];
      const listener = await listen(
        { implicit: identity, trace: (line) => shown.push(line) },
        (channel) => void serve(channel),
      );
      try {
        await use(listener.port, shown);
      } finally {
        await listener.close();
      }
      assertNoSecret(shown);
    }

    for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
      test(`${version}: a login is bound to the connection, without being asked to`, async () => {
        const best = tls.DEFAULT_MAX_VERSION;
        tls.DEFAULT_MAX_VERSION = version;
        try {
          await serving(async (port, shown) => {
            const client = await connect(port, trusted);
            assert.equal(client.tls?.protocol, version);
            await client.login(LOGIN);
            assert.deepEqual(said(shown), ['C: AUTH SCRAM-SHA-256-PLUS ****']);
            await client.quit();
          });
        } finally {
          tls.DEFAULT_MAX_VERSION = best;
        }
      });
    }

    for (const mechanism of ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256', 'OAUTHBEARER', 'XOAUTH2']) {
      test(`${mechanism} by name, right and wrong`, () =>
        serving(async (port, shown) => {
          const client = await connect(port, trusted);
          const error = await reason(client.login({ user: USER, password: 'wrong', mechanism }));
          assert.equal((error as { code?: string }).code, 'auth-rejected');
          await client.login({ ...LOGIN, mechanism });
          assert.equal(said(shown).length, 2);
          await client.quit();
        }));
    }

    test('a token chooses its mechanism, and a long one has a line of its own', () =>
      serving(async (port, shown) => {
        const client = await connect(port, trusted);
        const error = await reason(client.login({ user: USER, token: 'x'.repeat(8192) }));
        assert.match((error as Error).message, /refused the token of ann: .*invalid_token/s);
        assertNoSecret(error);
        // The message, and the answer to the refusal; then the server's last word, and no second attempt.
        assert.deepEqual(said(shown), ['C: AUTH OAUTHBEARER']);
        assert.equal(shown.filter((line) => line === 'C: ****').length, 2);
        await client.login(TOKEN);
        await client.quit();
      }));

    test('EXTERNAL: a certificate logs in whom it names, and nobody else', () =>
      serving(async (port, shown) => {
        const own = await connect(port, await clientTls(authority, USER));
        assert.ok(own.capabilities.get(offer)?.includes('EXTERNAL'));
        await assert.rejects(own.login({ user: USER, authzid: 'bob' }), { code: 'auth-rejected' });
        await own.login({ user: USER });
        assert.deepEqual(said(shown), ['C: AUTH EXTERNAL ****', 'C: AUTH EXTERNAL ****']);
        await own.quit();
        const other = await connect(port, await clientTls(authority, 'mallory@example.org'));
        await assert.rejects(other.login({ ...LOGIN, mechanism: 'EXTERNAL' }), {
          code: 'auth-rejected',
          message: /refused the client certificate/,
        });
        await other.quit();
      }));

    test('EXTERNAL is not offered without a certificate, nor for one of a stranger; a password does for both', () =>
      serving(async (port) => {
        const stranger = await makeAuthority(await mkdtemp(join(folder, 'stranger-')));
        for (const options of [trusted, await clientTls(stranger, USER)]) {
          const client = await connect(port, options);
          assert.ok(!client.capabilities.get(offer)?.includes('EXTERNAL'));
          await assert.rejects(client.login({ user: USER }), { code: 'auth-no-mechanism' });
          await client.login(LOGIN);
          await client.quit();
        }
      }));

    test('a certificate that cannot be used is said before anything is', () =>
      serving(async (port) => {
        const options = { ...trusted, certificate: 'none', key: 'none' };
        await assert.rejects(connect(port, options), { name: 'UsageError', code: 'bad-certificate' });
      }));

    test('nobody between the two, trusted as they may be, comes in with what the client proves', () =>
      serving(async (port, shown) => {
        for (const [edit, mechanism] of [
          [(line: string) => line, 'SCRAM-SHA-256-PLUS'],
          [(line: string) => line.replaceAll(/ SCRAM-SHA-\d+-PLUS/g, ''), 'SCRAM-SHA-256'],
        ] as const) {
          const between = await relay(port, edit);
          const client = await connect(between.port, trusted);
          await assert.rejects(client.login(LOGIN), { code: 'auth-rejected' });
          assert.ok(said(shown).at(-1)?.includes(`${mechanism} `));
          // A password that is sent as it is does come through: it is the binding that was missed.
          await client.login({ ...LOGIN, mechanism: 'PLAIN' });
          await client.close();
          await between.close();
        }
      }));
  });
}

test('an account with a certificate of its own is asked for no password', async () => {
  const { certificateFile, keyFile } = await makeClientCertificate(authority, USER);
  const shown: string[] = [];
  const listener = await listen({ implicit: identity }, (channel) => void PROTOCOLS.smtp.serve(channel));
  const caFile = join(folder, 'server-ca.pem');
  const config = join(folder, 'config.toml');
  await writeFile(caFile, server.authority);
  const lines = { user: USER, smtp: `smtps://localhost:${listener.port}`, auth: 'external', ca_file: caFile };
  const files = { tls_certificate: certificateFile, tls_key: keyFile };
  const rows = Object.entries({ ...lines, ...files }).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  await writeFile(config, `[account.work]\n${rows.join('\n')}\n`);
  const surroundings = {
    env: {},
    home: folder,
    uid: undefined,
    askPassword: () => assert.fail('nobody is asked'),
    trace: (line: string) => shown.push(line),
  };
  const account = await resolveAccount({ config }, surroundings);
  const client = await openSmtp(account, surroundings, () => undefined);
  assert.ok(shown.includes('C: AUTH EXTERNAL ****'));
  await client.quit();
  await listener.close();
  await writeFile(config, `[account.work]\n${rows.slice(0, -1).join('\n')}\n`);
  await assert.rejects(resolveAccount({ config }, surroundings), { code: 'bad-certificate-file' });
  await writeFile(
    config,
    `[account.work]\n${rows.slice(0, -1).join('\n')}\ntls_key = ${JSON.stringify(authority.keyFile)}\n`,
  );
  await assert.rejects(resolveAccount({ config }, surroundings), { code: 'bad-certificate-file' });
});

/** Takes TLS apart and puts it together again, and edits what the server says. */
async function relay(port: number, edit: (line: string) => string): Promise<Listener> {
  const own = await makeIdentity();
  const pump = async (from: Channel, to: Channel, change: (line: string) => string): Promise<void> => {
    for (;;) await to.write(Buffer.from(`${change(await from.read(new LineParser()))}\r\n`));
  };
  const trustedToo = trusted.ca as string[];
  trustedToo.push(own.authority);
  const relayed = async (channel: Channel): Promise<void> => {
    const upstream = await openChannel({ host: 'localhost', port, security: 'implicit', tls: trusted });
    await Promise.any([pump(channel, upstream, (line) => line), pump(upstream, channel, edit)]).catch(() => undefined);
    await Promise.all([channel.close(), upstream.close()]);
  };
  return listen({ implicit: own }, (channel) => void relayed(channel));
}
