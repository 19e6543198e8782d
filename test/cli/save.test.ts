/**
 * Saving: names that attack stay names, nothing is overwritten or half written, and what is saved is what was received.
 * Mailbox files are read back by Python's reader and by s-nail.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lchownSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertTold, makeMailHome } from '../support/mail-home.ts';
import { ended, PROGRAM } from '../support/program.ts';
import { assertPrivate, assertSafeText } from '../support/universal.ts';

const NAMES = [
  '../../.bashrc', '/etc/passwd', '..\\..\\x', 'C:\\x', '\\\\host\\share\\x', '%2e%2e%2fx', 'a\u2044b', 'a\u2215b', 'a\uff0fb', 'a\0b', '.', '..',
  'CON', 'NUL.txt', 'COM¹', 'x.', 'x ', '-rf', '.profile', '~root', 'a.txt:ads', 'a\nb', '\x1b[2Jx', 'y'.repeat(4096), 'é.txt', 'e\u0301.txt',
  'E\u0301.TXT', 'gpj.\u202eexe', '\u3164', '__proto__', 'run.sh', 'run.sh', 'invoice.pdf                    .exe',
]; // biome-ignore format: a table

/** Each name as RFC 2231 has it, which can carry all of them. */
const percent = (name: string) =>
  Array.from(Buffer.from(name), (octet) => `%${octet.toString(16).padStart(2, '0')}`).join('');

const MESSAGE = [
  'From: Eve <eve@example.org>',
  'To: ann@example.org',
  'Subject: ../../etc/passwd \x1b[2J',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  ...NAMES.flatMap((name, at) => [
    '--b',
    'Content-Type: application/octet-stream',
    `Content-Disposition: attachment; filename*=utf-8''${percent(name)}`,
    '',
    `${at}`,
  ]),
  '--b--',
  '',
].join('\r\n');

const FROM_LINES = [
  'From: bob@example.org',
  'To: ann@example.org',
  'Subject: quoting',
  '',
  'From me to you',
  '>From them',
  'From evil@example.org Thu Jan  1 00:00:00 1970',
  'Subject: not a message of its own',
  '',
  'no line end',
].join('\r\n');

const home = await makeMailHome({ after }, { samples: false });
for (const [name, text] of [
  ['names.eml', MESSAGE],
  ['from.eml', FROM_LINES],
  ['plain.eml', 'Subject: plain\r\nTo: ann@example.org\r\n\r\ntext\r\n'],
] as const) {
  writeFileSync(join(home.folder, name), text, 'latin1');
  const sent = await home.posthorn(['send', '--raw', name, '-t', 'ann@example.org', '-f', 'eve@example.org']);
  assert.equal(sent.code, 0, sent.stderr);
}
assert.equal((await home.posthorn(['fetch', '-q'])).code, 0);

/** Runs a line of a shell in the home, where `posthorn` is the program. */
function shell(line: string) {
  const env = { ...home.env, NODE: process.execPath, POSTHORN: PROGRAM };
  const script = `posthorn() { "$NODE" "$POSTHORN" "$@"; }; ${line}`;
  return spawnSync('bash', ['-c', script], { cwd: home.folder, env, encoding: 'utf8' });
}

test('thirty names that attack: all are saved, in the folder and nowhere else, for us alone, and it is said where', async () => {
  const before = readdirSync(home.folder).sort();
  const { status, stdout, stderr } = shell('umask 000; posthorn save 1 --dir names --json');
  assert.equal(status, 0, stderr);
  const { saved } = JSON.parse(stdout) as { saved: { wanted: string; name: string; path: string; message: number }[] };
  assert.equal(saved.length, NAMES.length);
  const folder = join(home.folder, 'names');
  assert.deepEqual(readdirSync(folder).sort(), saved.map(({ name }) => name).sort());
  for (const [at, { name, path, message }] of saved.entries()) {
    assert.equal(readFileSync(join(home.folder, path), 'utf8'), String(at), NAMES[at]);
    assert.deepEqual([message, path], [1, join('names', name)]);
    assert.doesNotMatch(name, /[/\\:\p{Cc}\p{Cf}]|^[-.~]|[. ]$/u);
  }
  assertPrivate(folder);
  assert.deepEqual(readdirSync(home.folder).sort(), [...before, 'names'].sort(), 'nothing beside the folder');
  const told = await home.posthorn(['save', '1', '--dir', 'again']);
  assertSafeText(told.stdout + told.stderr, 'save');
  assert.match(told.stderr, /^Saved again\/gpj\.exe, \d+ B \(sent as “gpj\.\\u202eexe”\)$/m);
  assert.match(told.stderr, /^Saved again\/run \(2\)\.sh, 2 B \(sent as “run\.sh”\)$/m);
  const lines = told.stderr.trimEnd().split('\n');
  assert.ok(lines.every((line) => line.startsWith('Saved again/')) && lines.length === NAMES.length, told.stderr);
});

test('nothing is overwritten, and no link is followed', async () => {
  const folder = join(home.folder, 'taken');
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(home.folder, 'victim'), 'precious');
  symlinkSync('../victim', join(folder, 'bashrc'));
  symlinkSync('../absent', join(folder, 'passwd'));
  assert.equal((await home.posthorn(['save', '1', '--dir', 'taken'])).code, 0);
  assert.equal(readFileSync(join(home.folder, 'victim'), 'utf8'), 'precious');
  assert.equal(readFileSync(join(folder, 'bashrc (2)'), 'utf8'), '0');
  assert.ok(!readdirSync(home.folder).includes('absent'));
});

test('a folder behind a link: our own is followed, that of somebody else is not', async (t) => {
  mkdirSync(join(home.folder, 'real'), { mode: 0o700 });
  symlinkSync('real', join(home.folder, 'ours'));
  assert.equal((await home.posthorn(['save', '2', '--message', '--dir', 'ours/below'])).code, 0);
  assert.equal(readdirSync(join(home.folder, 'real/below')).length, 1);
  if (process.getuid?.() !== 0) return t.skip('only root can make the link of somebody else');
  symlinkSync('real', join(home.folder, 'theirs'));
  lchownSync(join(home.folder, 'theirs'), 65534, 65534);
  for (const args of [
    ['--message', '--dir', 'theirs/x'],
    ['--mbox', 'theirs/x'],
  ]) {
    const { code, stderr } = await home.posthorn(['save', '2', ...args]);
    assert.equal(code, 74, stderr);
    assert.match(stderr, /theirs is a link that belongs to another user/);
  }
  assert.deepEqual(readdirSync(join(home.folder, 'real')), ['below']);
});

test('several messages, each as it was received', async () => {
  const { saved } = await home.json<{ saved: { message: number; path: string }[] }>([
    'save',
    '3',
    '1-2',
    '--message',
    '--dir',
    'eml',
  ]);
  assert.deepEqual(
    saved.map(({ message }) => message),
    [3, 1, 2],
  );
  for (const { message, path } of saved) {
    const raw = await home.posthorn(['read', String(message), '--raw']);
    assert.equal(readFileSync(join(home.folder, path), 'utf8'), raw.stdout);
  }
  const all = await home.json<{ saved: { message: number }[] }>(['save', '1-3', '--dir', 'all']);
  assert.equal(all.saved.length, NAMES.length);
});

const PYTHON = `
import hashlib, json, mailbox, re, sys
box = mailbox.mbox(sys.argv[1])
print(json.dumps([[m["Subject"], m.get_from(), hashlib.sha256(re.sub(rb"(?m)^>(>*From )", rb"\\1", bytes(box.get_bytes(k)))).hexdigest()] for k, m in box.items()]))`;

test('a mailbox file holds the messages, for Python and s-nail as well', async (t) => {
  const { mbox, messages, size } = await home.json<{ mbox: string; messages: number[]; size: number }>([
    'save',
    '1-3',
    '--mbox',
    'box.mbox',
  ]);
  const path = join(home.folder, mbox);
  assert.deepEqual([messages, size, statSync(path).mode & 0o777], [[1, 2, 3], statSync(path).size, 0o600]);
  const { status, stdout, stderr } = spawnSync('python3', ['-c', PYTHON, path], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const read = JSON.parse(stdout) as [string, string, string][];
  assert.equal(read.length, 3);
  for (const [at, [, from, digest]] of read.entries()) {
    const { stdout: raw } = await home.posthorn(['read', String(at + 1), '--raw']);
    const lines = raw.replaceAll('\r\n', '\n');
    assert.equal(
      digest,
      createHash('sha256')
        .update(lines.endsWith('\n') ? lines : `${lines}\n`, 'utf8')
        .digest('hex'),
    );
    assert.match(
      from,
      /^(?:eve@example\.org|bob@example\.org|MAILER-DAEMON) \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
    );
  }
  const again = await home.posthorn(['save', '1', '--mbox', 'box.mbox']);
  assertTold(again, {
    exit: 73,
    code: 'name-taken',
    says: /box\.mbox: something else has that name.*nothing was overwritten/s,
  });
  const appended = shell(
    'posthorn save 3 --mbox - >> box.mbox; posthorn save 1 2 3 3 --mbox - | cmp - <(head -c $(stat -c %s box.mbox) box.mbox | head -c ' +
      size +
      ')',
  );
  assert.equal(appended.stderr + appended.stdout, '');
  const snail = spawnSync('s-nail', ['-n', '-Sheadline=%s', '-H', '-f', path], {
    encoding: 'utf8',
    env: { ...home.env, MAILRC: '/dev/null' },
  });
  if (snail.error !== undefined) return t.diagnostic('s-nail is not installed');
  assert.equal(snail.stdout.trim().split('\n').length, 4, snail.stdout + snail.stderr);
});

test('stopped in the middle, or out of room: nothing half stays, and what is complete does', async (t) => {
  const other = await makeMailHome(t, { samples: false });
  writeFileSync(join(other.folder, 'first.txt'), 'first');
  writeFileSync(join(other.folder, 'large.bin'), Buffer.alloc(150_000_000, 1));
  const send = [
    'send',
    '-t',
    'ann@example.org',
    '-s',
    'x',
    '--body',
    'x',
    '--attach',
    'first.txt',
    '--attach',
    'large.bin',
  ];
  assert.equal((await other.posthorn(send)).code, 0);
  assert.equal((await other.posthorn(['fetch', '-q'])).code, 0);
  const child = other.start(['save', '1', '--dir', 'out']);
  const end = ended(child);
  child.stderr?.once('data', () => child.kill('SIGINT'));
  const stopped = await end;
  assert.equal(stopped.code, 130, stopped.stderr);
  assert.match(stopped.stderr, /^Saved out\/first\.txt, 5 B\n.*posthorn: Stopped/s);
  assert.deepEqual(readdirSync(join(other.folder, 'out')), ['first.txt']);
  for (const [args, folder] of [
    [['save', '1', '--message', '--dir', 'eml'], 'eml'],
    [['save', '1', '--mbox', 'box/x.mbox'], 'box'],
  ] as const) {
    const saving = other.start(args);
    const over = ended(saving);
    while (!readdirSync(other.folder).includes(folder)) await sleep(5);
    saving.kill('SIGINT');
    assertTold(await over, { exit: 130, code: 'aborted', says: /Stopped/ });
    assert.deepEqual(readdirSync(join(other.folder, folder)), []);
  }
  // The system's bound on a file stands for a full disk; test/cli/faults.test.ts has a real one.
  const env = { ...other.env, NODE: process.execPath, POSTHORN: PROGRAM };
  const full = spawnSync('bash', ['-c', 'ulimit -f 20000; "$NODE" "$POSTHORN" save 1 --dir small --json'], {
    cwd: other.folder,
    env,
    encoding: 'utf8',
  });
  assert.equal(full.status, 74);
  assert.equal((JSON.parse(full.stderr) as { error: { code: string } }).error.code, 'file-too-large');
  assert.equal((JSON.parse(full.stdout) as { saved: unknown[] }).saved.length, 1, 'what was saved before is told');
  assert.deepEqual(readdirSync(join(other.folder, 'small')), ['first.txt']);
});
