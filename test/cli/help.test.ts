/** Help that is true: every command has it, and every example in it works when it is pasted. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';
import { makeMailHome } from '../support/mail-home.ts';
import { ended, PROGRAM } from '../support/program.ts';
import { freePorts } from '../support/ports.ts';

const PAGES: readonly (readonly string[])[] = [[], ...COMMANDS.map(({ name }) => [name]), ['sandbox', 'run']];

const home = await makeMailHome({ after }, { samples: false });
const { host, ports, users } = home.sandbox;
const bin = join(home.folder, 'bin');
const place = (name: string, content: string) => writeFileSync(join(home.folder, name), content);
mkdirSync(bin);
place('bin/posthorn', `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`);
place('bin/jq', '#!/bin/sh\ncat >/dev/null\n');
for (const name of ['posthorn', 'jq']) chmodSync(join(bin, name), 0o755);
for (const name of ['report.pdf', 'photo.jpg']) place(name, name);
place('old.mbox', 'From x Thu Jan  1 00:00:00 1970\nSubject: old\n\nold\n');
for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(home.folder, 'Maildir', part), { recursive: true });
place('message.eml', 'To: ann@example.org\nSubject: raw\n\nhello\n');
mkdirSync(join(home.folder, 'config/posthorn'), { recursive: true });
place(
  'config/posthorn/config.toml',
  `[account.work]
pop3 = "pop3s://ann%40example.org@${host}:${ports.pop3s}"
smtp = "smtps://ann%40example.org@${host}:${ports.smtps}"
ca_file = "${home.caFile}"
[[filter]]
field = "subject"
contains = "letter"
tag = "letters"
`,
);
for (let number = 1; number <= 3; number++) {
  const letter = ['send', '-t', 'ann@example.org', '-s', `letter ${number}`, '--body', 'x', '--attach', 'report.pdf'];
  assert.equal((await home.posthorn(letter)).code, 0);
}
assert.equal((await home.posthorn(['fetch'])).code, 0);

/** What a person would put in the place of the names in an example. */
async function substituted(example: string): Promise<string> {
  const [one = 0, two = 0] = await freePorts(2);
  return example
    .replace(/pop3s:\/\/ann%40example\.org@mail\.example\.org/, '"$POSTHORN_POP3"')
    .replace('--smtp-port 2525 --pop3-port 1100', `--smtp-port ${one} --pop3-port ${two}`);
}

for (const page of PAGES) {
  const name = ['posthorn', ...page].join(' ');
  test(`${name} --help`, async () => {
    const { code, stdout, stderr } = await home.posthorn([...page, '--help']);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    assert.match(stdout, new RegExp(`^Usage: ${name}`));
    assert.doesNotMatch(stdout, /undefined|\x1b/);
    assert.deepEqual(
      stdout.split('\n').filter((line) => line.length > 120),
      [],
      'no line is too long',
    );
    if (page[1] === undefined) assert.match(stdout, /\nExamples?[:,]/);
    const examples = stdout.split('\n').flatMap((line) => /^ {2}((?:echo .*\| )?posthorn .*)$/.exec(line)?.[1] ?? []);
    assert.ok(examples.length > 0 || page[1] !== undefined);
    for (const example of examples) await assertWorks(example);
  });
}

async function assertWorks(example: string): Promise<void> {
  const command = await substituted(example);
  const child = spawn(
    'bash',
    [
      '-c',
      `set -eo pipefail; ${command.startsWith('posthorn sandbox') && !command.includes(' run ') ? 'exec ' : ''}${command}`,
    ],
    {
      cwd: home.folder,
      env: { ...home.env, POSTHORN_PASSWORD: users[0]?.password ?? '', PATH: `${bin}:${home.env['PATH']}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  // The one that runs until it is stopped.
  if (/^posthorn sandbox(?! run)/.test(command)) child.stdout.once('data', () => child.kill('SIGTERM'));
  const { code, stdout, stderr } = await ended(child);
  assert.equal(code, 0, `${command}\n${stdout}${stderr}`);
}

test('posthorn help COMMAND, posthorn help, posthorn alone and --version', async () => {
  const help = await home.posthorn(['--help']);
  for (const args of [['help'], []]) assert.match((await home.posthorn(args)).stdout, /^Usage: posthorn/);
  assert.equal((await home.posthorn([])).stdout, help.stdout);
  for (const { name, summary } of COMMANDS) {
    assert.match(help.stdout.replaceAll(/\s+/g, ' '), new RegExp(`${name}[^.]* ${summary}`));
    assert.equal((await home.posthorn(['help', name])).stdout, (await home.posthorn([name, '--help'])).stdout);
  }
  assert.match((await home.posthorn(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test('the options every command has may stand before it and behind it', async () => {
  for (const args of [
    ['--json', 'list'],
    ['list', '--json'],
    ['list', '--limit', '1', '--json'],
  ]) {
    const { code, stdout } = await home.posthorn([...args, '-a', 'work']);
    assert.equal(code, 0);
    JSON.parse(stdout);
  }
  assert.equal((await home.posthorn(['-q', 'fetch'])).stderr, '');
  assert.equal((await home.posthorn(['fetch', '-q'])).stderr, '');
  assert.match((await home.posthorn(['fetch', '--trace'])).stderr, /^C: QUIT$/m);
  assert.match((await home.posthorn(['-q', '--trace', 'fetch'])).stderr, /^C: QUIT$/m);
});

test('what follows an option is its value, whatever it looks like (CWE-88)', async () => {
  const evil = '--passwordeval=touch owned; echo x';
  const sent = await home.posthorn(['send', '-t', 'ann@example.org', '-s', evil, '--body', '--trace', '--dry-run']);
  assert.equal(sent.code, 0, sent.stderr);
  assert.match(sent.stdout, /^Subject: --passwordeval=touch owned; echo x\r$/m);
  assert.match(sent.stdout, /^--trace\r$/m);
  // Nor is a word that names another command more than a word.
  for (const words of [
    ['save', '1', 'list'],
    ['save', '1', 'send', 'read'],
  ]) {
    const { code } = await home.refused(66, words);
    assert.equal(code, 'no-such-part');
  }
});
