/** Logging in from the command line: a token of a command, one attempt a run, and nothing of it for other processes to read. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLineServer } from '../support/line-server.ts';
import { makeMailHome } from '../support/mail-home.ts';
import { makeHome } from '../support/program.ts';

const USER = 'ann@example.org';
const TOKEN = 'ya29.a0-t0ken_of~ann';

/** A home with an account that logs in with tokens, and a command for them that notes each of its runs. */
async function setUp(t: TestContext, auth: string) {
  const lines: string[] = [];
  const users = [{ address: USER, password: TOKEN }];
  const home = await makeMailHome(t, { users, trace: (line) => lines.push(line) });
  const { host, ports } = home.sandbox;
  const server = (scheme: string, port: number) => `${scheme}://${encodeURIComponent(USER)}@${host}:${port}`;
  const file = (name: string) => join(home.folder, name);
  const account = {
    pop3: server('pop3s', ports.pop3s),
    smtp: server('smtps', ports.smtps),
    passwordeval: `echo run >>${file('runs')}; cat ${file('token')}`,
    auth,
    ca_file: home.caFile,
  };
  const rows = Object.entries(account).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  writeFileSync(file('config.toml'), `[account.work]\n${rows.join('\n')}\n`, { mode: 0o600 });
  writeFileSync(file('token'), `${TOKEN}\n`);
  return {
    run: async (...args: string[]) => {
      lines.length = 0;
      writeFileSync(file('runs'), '');
      const all = [...args, '--config', file('config.toml'), '--account', 'work', '--trace'];
      const ended = await home.posthorn(all, { env: { POSTHORN_PASSWORD: '' } });
      const logins = lines.filter((line) => line.startsWith('C: AUTH'));
      return { ...ended, logins, evaluated: readFileSync(file('runs'), 'utf8').split('\n').length - 1 };
    },
    issue: (token: string) => writeFileSync(file('token'), `${token}\n`),
  };
}

for (const auth of ['OAUTHBEARER', 'XOAUTH2']) {
  test(`${auth}: an account logs in with the token of its command, and a refused one is tried once`, async (t) => {
    const { run, issue } = await setUp(t, auth);
    for (const command of [['fetch'], ['send', '-t', USER, '--body', 'x']]) {
      issue(TOKEN);
      const fresh = await run(...command);
      assert.equal(fresh.code, 0, fresh.stderr);
      assert.deepEqual([fresh.logins, fresh.evaluated], [[`C: AUTH ${auth} ****`], 1]);
      issue('an-old-token');
      const old = await run(...command);
      assert.equal(old.code, 77, old.stderr);
      assert.match(old.stderr, /refused the token of ann@example\.org: .*invalid_token.*\n.*fresh token/);
      assert.deepEqual([old.logins, old.evaluated], [[`C: AUTH ${auth} ****`], 1]);
      for (const secret of [TOKEN, 'an-old-token']) assert.ok(!(fresh.stderr + old.stderr).includes(secret));
    }
  });
}

test('ten runs with a wrong password are ten attempts, whatever the server offers', async (t) => {
  const lines: string[] = [];
  const home = await makeMailHome(t, { trace: (line) => lines.push(line) });
  for (const command of [['fetch'], ['send', '-t', USER, '--body', 'x']]) {
    lines.length = 0;
    const runs = Array.from({ length: 10 }, () => home.posthorn(command, { env: { POSTHORN_PASSWORD: 'wrong' } }));
    for (const { code, stderr } of await Promise.all(runs)) assert.equal(code, 77, stderr);
    assert.equal(lines.filter((line) => /^C: (?:AUTH|USER|PASS|APOP)/.test(line)).length, 10);
    assert.ok(!lines.some((line) => /^C: (?:MAIL|STAT|LIST)/.test(line)));
  }
});

test('while a login stalls, no other process can read the password in /proc', async (t) => {
  if (process.platform !== 'linux') return t.skip('there is no /proc');
  const secret = 'tops3cret-of-a-command';
  const home = await makeHome(t);
  writeFileSync(join(home.folder, 'pass'), secret);
  const server = await startLineServer(t, '+OK\r\n', (line) =>
    line === 'CAPA' ? '+OK\r\nSASL PLAIN\r\n.\r\n' : undefined,
  );
  const url = `pop3+insecure://ann@127.0.0.1:${server.port}`;
  const { pid } = home.start(['fetch', '--pop3', url, '--passwordeval', 'cat pass']);
  const deadline = Date.now() + 20_000;
  while (!server.heard().includes('AUTH PLAIN ')) {
    assert.ok(Date.now() < deadline, server.heard());
    await sleep(10);
  }
  const plain = Buffer.from(`\0ann\0${secret}`).toString('base64');
  assert.ok(server.heard().includes(plain), 'the password was known by then');
  for (const name of ['cmdline', 'environ']) {
    const shown = readFileSync(`/proc/${pid}/${name}`, 'latin1');
    assert.notEqual(shown, '');
    for (const form of [secret, plain]) assert.ok(!shown.includes(form), name);
  }
  assert.equal(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'), '', 'the command has ended');
});

test('no option takes a password', async (t) => {
  const home = await makeHome(t);
  for (const option of ['--password', '--pass', '--token', '-p']) {
    const { code } = await home.posthorn(['fetch', '--pop3', 'pop3s://ann@127.0.0.1', option, 'tops3cret']);
    assert.equal(code, 64, option);
  }
  const { code, stderr } = await home.posthorn(['fetch', '--pop3', 'pop3s://ann:tops3cret@127.0.0.1']);
  assert.equal(code, 64);
  assert.ok(!stderr.includes('tops3cret'));
});
