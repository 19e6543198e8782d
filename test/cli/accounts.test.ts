/** Which account and which mailbox is meant: by URL, by name, by configuration, or because there is only one. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertFails, makeMailHome, type MailHome } from '../support/mail-home.ts';
import { type Home, makeHome } from '../support/program.ts';

/** Without the variables that lead to the sandbox. */
const BARE = { POSTHORN_POP3: '', POSTHORN_SMTP: '', POSTHORN_CA_FILE: '' };

function configure(home: Home, text: string, mode = 0o600): string {
  const path = join(home.folder, 'config/posthorn/config.toml');
  mkdirSync(join(home.folder, 'config/posthorn'), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

async function assertReads(home: MailHome, account: readonly string[], env = BARE): Promise<void> {
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await home.posthorn([...args, ...account], { env });
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  assert.match(await run('list'), /Grüße aus Köln/);
  assert.match(await run('read', '2'), /Zoë Müller/);
  assert.match(await run('save', '2', '--dir', '-'), /März;1234/);
}

test('an account that has no server for what is asked is told of by name', async (t) => {
  const home = await makeHome(t);
  configure(home, '[account.in]\npop3 = "pop3s://ann@127.0.0.1:1"\n[account.out]\nsmtp = "smtps://127.0.0.1:1"\n');
  const send = ['send', '-a', 'in', '-f', 'ann@example.org', '-t', 'bob@example.org', '--body', 'x'];
  await assertFails(home, send, {
    exit: 64,
    code: 'no-server',
    says: /No SMTP server is named for in\..*write smtp into the account/s,
  });
  await assertFails(home, ['fetch', 'out'], { exit: 64, code: 'no-server', says: /No POP3 server is named for out\./ });
});

test('a mailbox by URL: then by the same URL, by its name, or by nothing at all', async (t) => {
  const home = await makeMailHome(t);
  const { ports } = home.sandbox;
  const url = `pop3s://ann%40example.org@127.0.0.1:${ports.pop3s}`;
  const { code, stderr } = await home.posthorn(['fetch', '--pop3', url, '--ca-file', 'authority.pem'], { env: BARE });
  assert.equal(code, 0, stderr);
  await assertReads(home, ['--pop3', url]);
  await assertReads(home, ['-a', `ann@example.org@127.0.0.1+${ports.pop3s}`]);
  await assertReads(home, []);

  // A second one makes it necessary to say which.
  const other = ['--pop3', url.replace('ann', 'bob'), '--ca-file', 'authority.pem'];
  assert.equal((await home.posthorn(['fetch', ...other], { env: BARE })).code, 0);
  const which = { exit: 64, code: 'which-mailbox', says: /--account: ann@example\.org@127\.0\.0\.1\+\d+, bob@/ };
  await assertFails(home, ['list'], which, { env: BARE });
  await assertReads(home, ['--pop3', url]);
});

test('the same with a configuration file', async (t) => {
  const home = await makeMailHome(t);
  const { ports, users } = home.sandbox;
  const account = (name: string, user: string) => `
[account.${name}]
pop3 = "pop3s://${user}%40example.org@127.0.0.1:${ports.pop3s}"
smtp = "smtps://${user}%40example.org@127.0.0.1:${ports.smtps}"
passwordeval = "echo ${users[0]?.password}"
`;
  configure(home, `[defaults]\nca_file = "${home.caFile}"\n${account('work', 'ann')}`);
  const env = { ...BARE, POSTHORN_PASSWORD: '' };
  const run = (...args: string[]) => home.posthorn(args, { env });
  assert.equal((await run('fetch')).code, 0);
  await assertReads(home, []);
  await assertReads(home, ['-a', 'work']);
  assert.equal((await run('send', '-t', 'bob@example.org', '--body', 'from the account')).code, 0);
  await assertFails(home, ['list', '-a', 'wrok'], { exit: 78, code: 'unknown-account', says: /wrok.*work/s }, { env });

  configure(home, `[defaults]\nca_file = "${home.caFile}"\n${account('work', 'ann')}${account('home', 'bob')}`);
  const several = { exit: 78, code: 'no-account', says: /Several accounts.*--account.*work, home/s };
  for (const command of ['list', 'read 1']) await assertFails(home, command.split(' '), several, { env });
  await assertReads(home, ['-a', 'work']);
  // Only fetch means all of them, where none is named.
  const fetched = await run('fetch');
  assert.equal(fetched.code, 0, fetched.stderr);
  assert.match(fetched.stderr, /^home: 1 new message/m);
  assert.match(fetched.stderr, /^work: No new messages/m);

  configure(
    home,
    `[defaults]\naccount = "work"\nca_file = "${home.caFile}"\n${account('work', 'ann')}${account('home', 'bob')}`,
  );
  await assertReads(home, []);
});

const CONFIGS: [what: string, text: string, mode: number, code: string, says: RegExp][] = [
  ['no TOML', '[account.x\npassword = "tops3cret"', 0o600, 'bad-config', /config\.toml:1:/],
  ['a literal password others can read', '[account.x]\npop3 = "pop3s://a@h"\npassword = "tops3cret"', 0o644, 'config-readable', /chmod 600/],
  ['a command others can change', '[account.x]\npop3 = "pop3s://a@h"\npasswordeval = "true"', 0o666, 'config-writable', /chmod go-w/],
  ['an unknown key', '[account.x]\npop3 = "pop3s://a@h"\npasword = "tops3cret"', 0o600, 'bad-config', /unknown key pasword.*password/s],
  ['an unknown table', '[acount.x]\npop3 = "pop3s://a@h"', 0o600, 'bad-config', /acount.*account/s],
  ['a value of the wrong kind', '[account.x]\npop3 = 995', 0o600, 'bad-config', /\[account\.x\]: pop3/],
  ['an account without servers', '[account.x]\nfrom = "a@example.org"', 0o600, 'bad-config', /neither pop3 nor smtp/],
  ['a bad URL', '[account.x]\npop3 = "pop3s://a:tops3cret@h"', 0o600, 'password-in-url', /\[account\.x\]: pop3/],
  ['a path for a name', '[account."../x"]\npop3 = "pop3s://a@h"', 0o600, 'bad-config', /name/],
  ['an account that is not there', '[defaults]\naccount = "y"\n[account.x]\npop3 = "pop3s://a@h"', 0o600, 'bad-config', /accounts are: x/],
]; // biome-ignore format: a table

for (const [what, text, mode, code, says] of CONFIGS) {
  test(`a configuration with ${what}`, async (t) => {
    const home = await makeHome(t);
    const path = configure(home, text, mode);
    await assertFails(home, ['list'], { exit: 78, code, says });
    await assertFails(home, ['list', '-c', path], { exit: 78, code, says });
    const { stderr } = await home.posthorn(['-v', 'list']);
    assert.doesNotMatch(stderr, /tops3cret/, 'no value is repeated');
  });
}
