import assert from 'node:assert/strict';
import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';
import { accountNamed } from './account.ts';
import { type LoadOptions, loadConfig } from './load.ts';

const uid = process.getuid?.() ?? 0;

async function withConfig(
  t: TestContext,
  text: string | Uint8Array,
  mode = 0o600,
): Promise<LoadOptions & { file: string }> {
  const home = await mkdtemp(join(tmpdir(), 'posthorn-config-'));
  t.after(() => rm(home, { recursive: true }));
  const folder = join(home, '.config', 'posthorn');
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'config.toml');
  await writeFile(file, text);
  await chmod(file, mode);
  return { env: {}, home, uid, file };
}

async function refusal(
  t: TestContext,
  text: string | Uint8Array,
  mode?: number,
): Promise<ConfigError & { file: string }> {
  const options = await withConfig(t, text, mode);
  const error: unknown = await loadConfig(options).then(
    () => assert.fail('was accepted'),
    (reason) => reason,
  );
  assert.ok(error instanceof ConfigError, inspect(error));
  assert.doesNotMatch(error.message, /\n|geheim/);
  assert.doesNotMatch(inspect(error, { depth: 9 }), /geheim/);
  return Object.assign(error, { file: options.file });
}

const account = (lines: string, name = 'work') => `[account.${name}]\npop3 = "pop3s://h"\n${lines}\n`;

test('no configuration is fine, unless it was asked for', async (t) => {
  const { home, file } = await withConfig(t, '');
  const none = await loadConfig({ env: { XDG_CONFIG_HOME: join(home, 'nowhere') }, home, uid });
  assert.deepEqual(none, { path: undefined, defaults: {}, accounts: new Map() });
  await assert.rejects(loadConfig({ path: join(home, 'x.toml'), env: {}, home, uid }), { code: 'config-missing' });
  await assert.rejects(loadConfig({ path: home, env: {}, home, uid }), { code: 'bad-config' });
  assert.equal((await loadConfig({ path: file, env: {}, home, uid })).path, file);
});

test('a whole configuration', async (t) => {
  const options = await withConfig(
    t,
    `
    [defaults]
    account = "work"
    keep = "14d"
    timeout = 30
    ca_file = "~/ca.pem"
    source_address = "192.0.2.1"
    proxy = "socks5://ann@proxy.example"
    proxy_passwordeval = "pass show proxy"
    [account.work]
    pop3 = "pop3s://ann%40example.org@mail.example.org"
    smtp = "smtp://ann@mail.example.org"
    from = "Ann <ann@example.org>"
    passwordeval = "pass show mail"
    tls_fingerprint = "${'AB:'.repeat(31)}CD"
    auth = "scram-sha-256"
    source_address = "2001:DB8::0:1"
    proxy = "none"
    keep = false
    maildir = "mail/work"
    timeout = "2m"
    [account."ann@home"]
    smtp = "smtps://h"
    password = "geheim"
    `,
  );
  const { path, defaults, accounts } = await loadConfig(options);
  assert.equal(path, options.file);
  const caFile = join(options.home, 'ca.pem');
  const sourceAddress = '192.0.2.1';
  const proxy = { protocol: 'socks5', host: 'proxy.example', port: 1080, user: 'ann' };
  const proxyPasswordeval = 'pass show proxy';
  const general = { keep: 1_209_600_000, timeout: 30_000, caFile, sourceAddress, proxy, proxyPasswordeval };
  assert.deepEqual(defaults, { account: 'work', ...general });
  assert.deepEqual(accounts.get('work'), {
    name: 'work',
    pop3: { protocol: 'pop3', host: 'mail.example.org', port: 995, user: 'ann@example.org', security: 'implicit' },
    smtp: { protocol: 'smtp', host: 'mail.example.org', port: 587, user: 'ann', security: 'required' },
    from: 'Ann <ann@example.org>',
    passwordeval: 'pass show mail',
    caFile,
    tlsFingerprint: `${'ab'.repeat(31)}cd`,
    auth: 'SCRAM-SHA-256',
    sourceAddress: '2001:db8::1',
    proxy: 'none',
    proxyPasswordeval,
    keep: false,
    maildir: join(options.home, '.config/posthorn/mail/work'),
    timeout: 120_000,
  });
  const home = accounts.get('ann@home');
  assert.equal(home?.password?.(), 'geheim');
  assert.equal(home?.keep, 1_209_600_000);
  assert.equal(home?.sourceAddress, sourceAddress);
  assert.deepEqual(home?.proxy, proxy);
  assert.doesNotMatch(JSON.stringify(home) + inspect(home), /geheim/);
});

test('TOML mistakes say where, and show nothing of the file', async (t) => {
  const error = await refusal(t, 'x = 1\npassword = "geheim\n');
  assert.equal(error.code, 'bad-config');
  assert.match(error.message, /config\.toml:2:\d+: [^\n]+\.$/);
  assert.match((await refusal(t, Buffer.from('a = "\xff"', 'latin1'))).message, /UTF-8/);
  assert.match((await refusal(t, `a = ${'['.repeat(100_000)}`)).message, /config\.toml:1:/);
  assert.match((await refusal(t, ' '.repeat(1024 * 1024 + 1))).message, /1 MiB/);
});

test('what is wrong is named with its account and key', async (t) => {
  const cases: [string, RegExp, RegExp?][] = [
    [account('pasword = "geheim"'), /\[account\.work\]: unknown key pasword\./, /Did you mean password\?/],
    [account('colour = "geheim"'), /unknown key colour/, /The keys are: pop3, smtp/],
    [account('constructor = 1'), /unknown key constructor/],
    [account('__proto__ = { user = "x" }'), /unknown key __proto__/],
    ['acount = 1', /top level: unknown key acount/, /account/],
    ['[defaults]\nuser = "x"', /\[defaults\]: unknown key user/],
    ['[defaults]\naccount = "home"', /account that does not exist/],
    ['account = 1', /\[account\] must be a table/],
    ['[account]\nwork = 1', /\[account\.work\] must be a table/],
    ['[account.work]\nuser = "x"', /neither pop3 nor smtp/],
    ['[account.work]\npop3 = 3', /\[account\.work\]: pop3 must be text/],
    ['[account."../x"]\npop3 = "pop3s://h"', /name is made of/],
    ['[account.__proto__]\npop3 = "pop3s://h"', /name is made of/],
    [account('from = "a\\r\\nRCPT"'), /\[account\.work\]: from has a control character/],
    [account('user = ""'), /user is empty/],
    [account('timeout = "soon"'), /timeout: A length of time/],
    [account('proxy = "http://ann:geheim@h"'), /\[account\.work\]: proxy: The URL of the proxy contains a password/],
    [account('proxy_passwordeval = ""'), /proxy_passwordeval is empty/],
    [account('source_address = "eth0"'), /\[account\.work\]: source_address: The source address is not an IP/],
    [account('timeout = "2d"'), /longer than a day/],
    [account('keep = 14'), /keep must be true, false or/],
    [account('tls_fingerprint = "abc"'), /tls_fingerprint must be a SHA-256/],
    [account('auth = "PLAIN LOGIN"'), /auth must be the name/],
  ];
  for (const [text, message, hint] of cases) {
    const error = await refusal(t, text);
    assert.match(error.message, message);
    assert.match(error.message, /^\/.*config\.toml: /);
    if (hint) assert.match(error.hint ?? '', hint);
  }
});

test('a password in a URL keeps its own code', async (t) => {
  const error = await refusal(t, '[account.work]\nsmtp = "smtps://ann:geheim@h"');
  assert.equal(error.code, 'password-in-url');
  assert.match(error.message, /\[account\.work\]: smtp: The SMTP URL contains a password/);
});

test('files that others can read or change', async (t) => {
  const readable = await refusal(t, account('password = "geheim"'), 0o640);
  assert.equal(readable.code, 'config-readable');
  assert.equal(readable.hint, `Run: chmod 600 ${readable.file}`);
  assert.equal((await refusal(t, account('passwordeval = "true"'), 0o664)).code, 'config-writable');
  assert.equal((await refusal(t, account('passwordeval = "true"'), 0o602)).code, 'config-writable');
  assert.equal((await refusal(t, account('proxy_passwordeval = "true"'), 0o620)).code, 'config-writable');
  assert.equal((await refusal(t, '[defaults]\nproxy_passwordeval = "true"', 0o620)).code, 'config-writable');
  await loadConfig(await withConfig(t, account('passwordeval = "true"'), 0o644));
  await loadConfig(await withConfig(t, account('user = "ann"'), 0o664));
});

test('a folder in which others could put another file in its place', async (t) => {
  const options = await withConfig(t, account('passwordeval = "true"'));
  const folder = dirname(options.file);
  for (const mode of [0o775, 0o777]) {
    await chmod(folder, mode);
    await assert.rejects(loadConfig(options), { code: 'config-writable', hint: `Run: chmod go-w ${folder}` });
  }
  // A link is as good as where it stands, and where it leads to.
  const link = join(options.home, 'link.toml');
  await symlink(options.file, link);
  await assert.rejects(loadConfig({ ...options, path: link }), { code: 'config-writable' });
  await chmod(folder, 0o1777);
  await loadConfig(options);
  await chmod(folder, 0o755);
  await loadConfig({ ...options, path: link });
  await chmod(options.home, 0o777);
  await assert.rejects(loadConfig({ ...options, path: link }), { code: 'config-writable' });
  await chmod(folder, 0o777);
  await writeFile(options.file, account('user = "ann"'));
  await loadConfig(options);
});

test('a file of another user', async (t) => {
  const options = await withConfig(t, account('passwordeval = "true"'), 0o644);
  // Root may own anybody's configuration, so as root the file is given away; otherwise somebody else reads it.
  if (uid === 0) await chown(options.file, 12_345, -1);
  await assert.rejects(loadConfig({ ...options, uid: uid === 0 ? 0 : uid + 1 }), { code: 'config-writable' });
});

test('accountNamed', async (t) => {
  const two = await loadConfig(await withConfig(t, account('') + account('', 'home')));
  assert.equal(accountNamed(two, 'home').name, 'home');
  assert.throws(() => accountNamed(two, 'x'), { code: 'unknown-account', hint: 'The accounts are: work, home.' });
  assert.throws(() => accountNamed(two, '__proto__'), { code: 'unknown-account' });
  assert.throws(() => accountNamed(two, undefined), { code: 'no-account' });
  assert.equal(accountNamed(await loadConfig(await withConfig(t, account(''))), undefined).name, 'work');
  const chosen = await loadConfig(
    await withConfig(t, `[defaults]\naccount = "home"\n${account('')}${account('', 'home')}`),
  );
  assert.equal(accountNamed(chosen, undefined).name, 'home');
  assert.throws(() => accountNamed({ path: undefined, defaults: {}, accounts: new Map() }, undefined), {
    code: 'no-account',
  });
});
