/** Proxies on the command line and in the configuration: the mail goes through them, and their password nowhere else. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertFails, makeMailHome } from '../support/mail-home.ts';
import type { Home } from '../support/program.ts';
import { startHttpProxy, startSocks } from '../support/tiny-proxy.ts';

const PASSWORD = 'geheim';
const SEND = ['send', '-t', 'bob@example.org', '--body', 'Good morning'];
const KINDS = [
  ['socks5', startSocks],
  ['http', startHttpProxy],
] as const;

function configure(home: Home, text: string): void {
  mkdirSync(join(home.folder, 'config/posthorn'), { recursive: true });
  writeFileSync(join(home.folder, 'config/posthorn/config.toml'), text, { mode: 0o600 });
}

for (const [scheme, start] of KINDS) {
  test(`${scheme}: mail is fetched and sent through it, with a login whose password is shown nowhere`, async (t) => {
    const home = await makeMailHome(t);
    const { ports } = home.sandbox;
    const proxy = await start(t, { login: `ann:${PASSWORD}` });
    const through = ['--proxy', `${scheme}://ann@127.0.0.1:${proxy.port}`, '--trace', '-v'];
    const env = { POSTHORN_PROXY_PASSWORD: PASSWORD };
    for (const args of [['fetch'], SEND, ['list', '--remote']]) {
      const { code, stdout, stderr } = await home.posthorn([...args, ...through], { env });
      assert.equal(code, 0, stderr);
      assert.match(
        stderr,
        /\*: connected to the proxy 127\.0\.0\.1.*\*: the proxy connected to 127\.0\.0\.1.*TLSv1\.3/s,
      );
      assert.doesNotMatch(stdout + stderr, /geheim|Z2VoZWlt/);
    }
    assert.deepEqual(
      proxy.asked,
      [ports.pop3s, ports.smtps, ports.pop3s].map((port) => `127.0.0.1:${port}`),
    );
    const wrong = await home.refused(77, ['fetch', ...through], { env: { POSTHORN_PROXY_PASSWORD: 'falsch' } });
    assert.deepEqual([wrong.code, wrong.phase], ['proxy-auth', 'proxy']);
    const none = await home.refused(78, ['fetch', ...through]);
    assert.equal(none.code, 'no-password');
    assert.match(none.hint ?? '', /POSTHORN_PROXY_PASSWORD.*proxy_passwordeval/);
  });
}

test('a proxy in the configuration, with its password command, and an account that does without', async (t) => {
  const home = await makeMailHome(t);
  const { ports, users } = home.sandbox;
  const proxy = await startSocks(t, { login: `ann:${PASSWORD}` });
  const spy = `tr '\\\\0' '\\\\n' </proc/self/environ >${home.folder}/environ; echo ${PASSWORD}`;
  const account = (name: string, more = '') =>
    `[account.${name}]\npop3 = "pop3s://ann%40example.org@127.0.0.1:${ports.pop3s}"\npasswordeval = "echo ${users[0]?.password}"\n${more}\n`;
  configure(
    home,
    `[defaults]\nproxy = "socks5h://ann@127.0.0.1:${proxy.port}"\nproxy_passwordeval = "${spy}"\n` +
      `ca_file = "${home.caFile}"\n${account('far')}${account('near', 'proxy = "none"')}`,
  );
  const env = { POSTHORN_POP3: '', POSTHORN_SMTP: '' };
  const list = (...args: string[]) => home.json(['list', '--remote', ...args], { env });
  await list('-a', 'near');
  assert.deepEqual(proxy.asked, []);
  await list('-a', 'far');
  assert.deepEqual(proxy.asked, [`127.0.0.1:${ports.pop3s}`]);
  const environ = readFileSync(join(home.folder, 'environ'), 'utf8');
  assert.match(environ, /^HOME=/m);
  assert.doesNotMatch(environ, /POSTHORN_(?:PROXY_)?PASSWORD/);
  await list('-a', 'far', '--proxy', 'none');
  assert.equal(proxy.asked.length, 1);
  // By URL as well: whoever has a proxy for everything is not to go around it unawares.
  const url = `pop3s://ann%40example.org@127.0.0.1:${ports.pop3s}`;
  await list('--pop3', url);
  assert.equal(proxy.asked.length, 2);
});

test('a proxy that is not meant, not there, or not one', async (t) => {
  const home = await makeMailHome(t);
  const { ports } = home.sandbox;
  const at = (url: string) => ['list', '--remote', '--proxy', url];
  await assertFails(home, at('socks5://ann:geheim@h'), { exit: 64, code: 'password-in-url', says: /URL of the proxy/ });
  await assertFails(home, at('https://h'), { exit: 64, code: 'bad-url', says: /begins with https.*socks5:/s });
  const missing = { exit: 69, code: 'proxy-unreachable', says: /Cannot connect to the proxy 127\.0\.0\.1, port 1:/ };
  await assertFails(home, at('socks5://127.0.0.1:1'), missing);
  const noProxy = { exit: 76, code: 'bad-proxy', says: /does not answer as an? (?:SOCKS 5|HTTP) proxy does/ };
  for (const scheme of ['socks5', 'http']) await assertFails(home, at(`${scheme}://127.0.0.1:${ports.smtp}`), noProxy);
  // The variables of other programs change nothing.
  const env = {
    ALL_PROXY: 'socks5://127.0.0.1:1',
    all_proxy: 'socks5://127.0.0.1:1',
    HTTPS_PROXY: 'http://127.0.0.1:1',
  };
  await home.json(['list', '--remote'], { env });
});
