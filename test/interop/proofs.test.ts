/**
 * Logging in to Dovecot, and through Postfix to it, by what is no password in clear: a token that Dovecot verifies
 * itself, a client certificate, APOP; and what it does not have, said aloud.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { makeClientCertificate } from '../support/certificate.ts';
import { type DovecotOptions, startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { arrived, logged, pop3Url, servedBy, smtpUrl } from '../support/mail-servers.ts';
import { startPostfix } from '../support/postfix.ts';
import { makeHome } from '../support/program.ts';

const TOKENS = ['OAUTHBEARER', 'XOAUTH2'];

async function setUp(t: TestContext, options: DovecotOptions) {
  const dovecot = await startDovecot(t, options);
  const home = await makeHome(t, servedBy(dovecot));
  await dovecot.deliver('ann', 'Subject: hello\r\n\r\nGood morning\r\n');
  const list = (auth: string, ...more: string[]) => ['list', '--remote', '--json', '--trace', '--auth', auth, ...more];
  return { dovecot, home, list };
}

function logins(stderr: string): number {
  return stderr.match(/"C: (?:AUTH|APOP|USER) /g)?.length ?? 0;
}

interop('a token logs in to Dovecot; one that ran out or is for somebody else does not', ['dovecot'], async (t) => {
  const { dovecot, home, list } = await setUp(t, { mechanisms: ['plain', 'oauthbearer', 'xoauth2'] });
  for (const mechanism of TOKENS) {
    const good = await home.posthorn(list(mechanism, '--passwordeval', `echo ${dovecot.token('ann')}`));
    assert.equal(good.code, 0, `${good.stderr}${dovecot.log()}`);
    assert.equal(JSON.parse(good.stdout).messages[0].subject, 'hello');
    await logged(dovecot, new RegExp(`Login: user=<ann>, method=${mechanism}`));
    for (const token of [dovecot.token('ann', -30), dovecot.token('bob'), 'no-token-at-all']) {
      const { code, stderr } = await home.posthorn(list(mechanism, '--passwordeval', `echo ${token}`));
      assert.equal(code, 77, stderr);
      assert.match(stderr, /refused the token of ann/);
      assert.equal(logins(stderr), 1, stderr);
      assert.ok(!stderr.includes(token), stderr);
    }
  }
});

interop('a token submits to Postfix', ['dovecot', 'postfix'], async (t) => {
  const { dovecot, home } = await setUp(t, { mechanisms: ['plain', 'oauthbearer', 'xoauth2'] });
  const postfix = await startPostfix(t, { dovecot });
  for (const [at, mechanism] of TOKENS.entries()) {
    const args = ['send', '-t', 'ann@example.org', '--body', 'x', '--trace', '--auth', mechanism];
    const send = (token: string) =>
      home.posthorn([...args, '--smtp', smtpUrl(postfix), '--passwordeval', `echo ${token}`]);
    const good = await send(dovecot.token('ann'));
    assert.equal(good.code, 0, `${good.stderr}${dovecot.log()}`);
    await arrived(dovecot, at + 2);
    await logged(postfix, new RegExp(`sasl_method=${mechanism}`));
    const old = await send(dovecot.token('ann', -30));
    assert.equal(old.code, 77, old.stderr);
    assert.match(old.stderr, /refused the token of ann@example\.org/);
    assert.equal(old.stderr.match(/^C: AUTH /gm)?.length, 1);
  }
});

interop('EXTERNAL: Dovecot logs in whom the certificate names', ['dovecot'], async (t) => {
  const { dovecot, home, list } = await setUp(t, { mechanisms: ['plain', 'external'], clientCertificates: true });
  const account = async (user: string): Promise<string[]> => {
    const { certificateFile, keyFile } = await makeClientCertificate(dovecot.authority, user);
    const config = join(home.folder, `${user}.toml`);
    const rows = {
      pop3: pop3Url(dovecot, 's', 'ann'),
      ca_file: dovecot.caFile,
      tls_certificate: certificateFile,
      tls_key: keyFile,
    };
    const lines = Object.entries(rows).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
    await writeFile(config, `[account.work]\n${lines.join('\n')}\n`, { mode: 0o600 });
    return ['--config', config, '--account', 'work'];
  };
  const own = await home.posthorn(list('EXTERNAL', ...(await account('ann'))));
  assert.equal(own.code, 0, `${own.stderr}${dovecot.log()}`);
  assert.equal(JSON.parse(own.stdout).messages[0].subject, 'hello');
  await logged(dovecot, /Login: user=<ann>, method=EXTERNAL/);
  const none = await home.posthorn(list('EXTERNAL'));
  assert.equal(none.code, 77, none.stderr);
});

interop('APOP logs in to Dovecot, by name', ['dovecot'], async (t) => {
  const { dovecot, home, list } = await setUp(t, { mechanisms: ['plain', 'apop'] });
  const { code, stdout, stderr } = await home.posthorn(list('APOP', '--pop3', pop3Url(dovecot, 's')));
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).messages[0].subject, 'hello');
  await logged(dovecot, /method=APOP/);
  const env = { POSTHORN_PASSWORD: 'wr0ng' };
  const wrong = await home.posthorn(list('APOP', '--pop3', pop3Url(dovecot, 's')), { env });
  assert.equal(wrong.code, 77, wrong.stderr);
  assert.equal(logins(wrong.stderr), 1, wrong.stderr);
});

interop('Dovecot 2.3 has no mechanism that binds; the best of the others is taken', ['dovecot'], async (t) => {
  const { home, list } = await setUp(t, {});
  const plus = await home.posthorn(list('SCRAM-SHA-256-PLUS'));
  assert.equal(plus.code, 77, plus.stderr);
  assert.match(plus.stderr, /does not offer SCRAM-SHA-256-PLUS/);
  t.diagnostic('Dovecot 2.3 offers no SCRAM-SHA-256-PLUS nor SCRAM-SHA-1-PLUS');
  const { stderr } = await home.posthorn(['list', '--remote', '--json', '--trace']);
  assert.match(stderr, /"C: AUTH SCRAM-SHA-256 /);
});

for (const pipelining of [true, false]) {
  const how = pipelining ? 'that announces PIPELINING' : 'without PIPELINING';
  interop(`SCRAM with a wrong password is one attempt at a Postfix ${how}`, ['dovecot', 'postfix'], async (t) => {
    const { dovecot, home } = await setUp(t, {});
    const postfix = await startPostfix(t, { dovecot, pipelining });
    const args = ['send', '-t', 'ann@example.org', '--body', 'x', '--trace', '--smtp', smtpUrl(postfix)];
    const env = { POSTHORN_PASSWORD: 'wr0ng' };
    const { code, stderr } = await home.posthorn([...args, '--auth', 'SCRAM-SHA-256'], { env });
    assert.equal(code, 77, stderr);
    assert.equal(/^S: 250[ -]PIPELINING$/m.test(stderr), pipelining);
    assert.equal(stderr.match(/^C: AUTH /gm)?.length, 1);
    assert.doesNotMatch(stderr, /^C: MAIL/m);
    assert.equal(await dovecot.messageCount('ann'), 1);
  });
}
