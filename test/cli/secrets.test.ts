/** Where passwords come from, and that they go nowhere else: no argument, no child's environment, no output. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeMailHome } from '../support/mail-home.ts';

/** The forms in which a secret could show. */
function forms(user: string, password: string): string[] {
  const plain = Buffer.from(`\0${user}\0${password}`);
  const alone = Buffer.from(password);
  return [
    password,
    plain.toString('base64'),
    alone.toString('base64'),
    alone.toString('hex'),
    encodeURIComponent(password),
  ];
}

const USER = 'ann@example.org';
const PASSWORD = 'tops3cret/+%ü';

test('no form of the password in any output, with every mechanism, whether it is right or wrong', async (t) => {
  const users = [{ address: USER, password: PASSWORD }];
  const home = await makeMailHome(t, { users });
  const { host, ports } = home.sandbox;
  const login = encodeURIComponent(USER);
  const servers = [
    '--pop3',
    `pop3+insecure://${login}@${host}:${ports.pop3}`,
    '--smtp',
    `smtp+insecure://${login}@${host}:${ports.smtp}`,
  ];
  const commands = [['fetch'], ['send', '-t', USER, '--body', 'x']];
  for (const auth of ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'USER']) {
    for (const command of auth === 'USER' ? [['fetch']] : commands) {
      for (const password of [PASSWORD, `${PASSWORD}!`]) {
        const args = [...command, ...servers, '--auth', auth, '--trace', '-v', '--json'];
        const { code, stdout, stderr } = await home.posthorn(args, { env: { POSTHORN_PASSWORD: password } });
        assert.equal(code, password === PASSWORD ? 0 : 77, stderr);
        assert.match(stderr, /\*\*\*\*/);
        for (const form of forms(USER, password)) assert.ok(!(stdout + stderr).includes(form), `${auth}: ${form}`);
      }
    }
  }
});

test('the order of the sources, and what a password command is given', async (t) => {
  const home = await makeMailHome(t);
  const password = home.sandbox.users[0]?.password ?? '';
  writeFileSync(join(home.folder, 'pass'), `${password}\nthe second line is no part of it\n`);
  const spy = 'tr "\\0" "\\n" </proc/self/environ >environ; tr "\\0" " " </proc/$PPID/cmdline >cmdline; cat pass';
  const { code, stderr } = await home.posthorn(['fetch', '--passwordeval', spy]);
  assert.equal(code, 0, stderr);
  const environ = readFileSync(join(home.folder, 'environ'), 'utf8');
  assert.match(environ, /^HOME=/m);
  assert.doesNotMatch(environ, /POSTHORN_PASSWORD/);
  assert.ok(!environ.includes(password));
  assert.ok(!readFileSync(join(home.folder, 'cmdline'), 'utf8').includes(password));

  const wrong = { env: { POSTHORN_PASSWORD: 'wrong' } };
  assert.equal((await home.posthorn(['fetch', '--passwordeval', 'cat pass'], wrong)).code, 0, 'the option comes first');
  assert.equal((await home.posthorn(['fetch'], wrong)).code, 77, 'then the variable');
});
