/**
 * A message is looked at, never obeyed: nothing in it makes the program connect anywhere, start anything, answer
 * anybody or unpack anything; and its size costs no memory.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { makeMailHome } from '../support/mail-home.ts';
import { ended, type Home, PROGRAM, watchMemory } from '../support/program.ts';

const MEMORY = 200 * 2 ** 20;
const MEGA = 1_000_000;

const home = await makeMailHome({ after }, { samples: false });
writeFileSync(join(home.folder, 'first.eml'), 'Subject: first\r\nTo: ann@example.org\r\n\r\nx\r\n');
assert.equal(
  (await home.posthorn(['send', '--raw', 'first.eml', '-t', 'ann@example.org', '-f', 'a@b.example'])).code,
  0,
);
assert.equal((await home.posthorn(['fetch', '-q'])).code, 0);
const data = join(home.folder, 'data/posthorn');
const maildir = join(data, readdirSync(data)[0] ?? '');
let delivered = 1;

/** Puts a file into the Maildir, a hole of `hole` octets behind its `head`, and returns how it is named in the end. */
function deliver(head: string, hole = 0, tail = ''): string {
  delivered += 1;
  const file = openSync(join(maildir, 'new', `${1_000_000 + delivered}.M${delivered}P1.x`), 'w', 0o600);
  writeSync(file, head);
  ftruncateSync(file, head.length + hole);
  writeSync(file, tail, head.length + hole);
  closeSync(file);
  return String(delivered);
}

const number = async (): Promise<void> => assert.equal((await home.posthorn(['fetch', '-q'])).code, 0);

/** Runs it and returns the most memory it took. */
async function measured(t: TestContext, place: Home, args: readonly string[]): Promise<string> {
  const child = place.start(args);
  const memory = watchMemory(child);
  const { code, stdout, stderr } = await ended(child);
  assert.equal(code, 0, stderr);
  t.diagnostic(`${args.join(' ')}: ${Math.round(memory.peak() / 2 ** 20)} MiB`);
  assert.ok(memory.peak() < MEMORY, `${args.join(' ')} took ${memory.peak()} octets of memory`);
  return stdout;
}

const ACTIONS = [
  'From: eve@example.org',
  'To: ann@example.org',
  'Subject: do it',
  'Disposition-Notification-To: eve@127.0.0.1',
  'Return-Receipt-To: eve@127.0.0.1',
  'List-Unsubscribe: <file:///etc/passwd>, <smb://127.0.0.1/x>, <http://127.0.0.1:9/unsubscribe>',
  'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/html',
  '',
  '<link rel=dns-prefetch href="//127.0.0.1:9"><img src="http://127.0.0.1:9/x.png"><iframe src="file:///etc/passwd"></iframe>text',
  '--b',
  'Content-Type: message/external-body; access-type=URL; URL="http://127.0.0.1:9/body"',
  '',
  'Content-Type: text/plain',
  '',
  '--b',
  'Content-Type: text/calendar; method=REQUEST; name=invitation.ics',
  'Content-Disposition: attachment',
  '',
  'BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nATTACH:\\\\127.0.0.1\\x\\y.exe\r\nATTACH:http://127.0.0.1:9/x\r\nEND:VEVENT\r\nEND:VCALENDAR',
  '--b--',
  '',
].join('\r\n');

const traced = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0;

test('what a header or a part asks for is not done: no connection, no program, no answer', {
  skip: traced ? false : 'needs strace',
}, async () => {
  const message = deliver(ACTIONS);
  await number();
  for (const args of [
    ['list'],
    ['read', message],
    ['read', message, '--json'],
    ['read', message, '--headers'],
    ['read', message, '--part', '1'],
    ['save', message, '--dir', 'acted'],
  ]) {
    const log = join(home.folder, 'strace.log');
    const { status, stderr } = spawnSync(
      'strace',
      ['-f', '-e', 'trace=socket,connect,sendto,execve', '-o', log, process.execPath, PROGRAM, ...args],
      { cwd: home.folder, env: home.env, encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    const calls = readFileSync(log, 'utf8').split('\n');
    assert.deepEqual(
      calls.filter((line) => /AF_INET|AF_UNIX|connect\(|sendto\(/.test(line)),
      [],
      args.join(' '),
    );
    assert.equal(calls.filter((line) => /execve\(.*= 0$/.test(line)).length, 1, args.join(' '));
  }
  assert.deepEqual(home.sandbox.messages('eve@example.org'), [], 'no receipt was sent');
});

test('what is packed stays packed', async (t) => {
  let bomb = gzipSync(Buffer.alloc(200 * MEGA), { level: 9 });
  bomb = gzipSync(bomb, { level: 9 });
  const parts = [
    ['application/gzip', 'bomb.gz', bomb],
    ['application/zip', 'bomb.docx', Buffer.from('504b0304140000000800', 'hex')],
    ['application/ms-tnef', 'winmail.dat', Buffer.from('789f3e22ffffffffffffffff', 'hex')],
    ['application/x-tar', 'slip.tar', Buffer.from('../../../tmp/slipped\0'.padEnd(1024, '\0'))],
  ] as const;
  const head = [
    'From: eve@example.org',
    'Subject: bombs',
    'Content-Encoding: gzip',
    'Content-Type: multipart/mixed; boundary=b',
    '',
  ];
  const body = parts.flatMap(([type, name, octets]) => [
    '--b', `Content-Type: ${type}; name=${name}`, 'Content-Encoding: gzip', 'Content-Transfer-Encoding: base64', 'Content-Disposition: attachment', '', octets.toString('base64'),
  ]); // biome-ignore format: a table
  const message = deliver([...head, ...body, '--b--', ''].join('\r\n'));
  await number();
  await measured(t, home, ['read', message]);
  await measured(t, home, ['save', message, '--dir', 'bombs']);
  const folder = join(home.folder, 'bombs');
  assert.deepEqual(readdirSync(folder).sort(), parts.map(([, name]) => name).sort());
  for (const [, name, octets] of parts) assert.ok(readFileSync(join(folder, name)).equals(octets), name);
});

test('a large message, and a large attachment, in constant memory', async (t) => {
  const octets = 300 * MEGA;
  const head = [
    'From: a@example.org',
    'Subject: large',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    '',
    'text',
    '--b',
  ];
  const file = [
    'Content-Type: application/octet-stream',
    'Content-Disposition: attachment; filename=large.bin',
    '',
    '',
  ];
  const message = deliver([...head, ...file].join('\r\n'), octets, '\r\n--b--\r\n');
  await number();
  assert.match(await measured(t, home, ['read', message]), /large\.bin {2}application\/octet-stream, 300 MB/);
  await measured(t, home, ['save', message, '--dir', 'large']);
  assert.equal(statSync(join(home.folder, 'large/large.bin')).size, octets);
  await measured(t, home, ['save', message, '--mbox', 'large/box']);
  assert.ok(statSync(join(home.folder, 'large/box')).size > octets);
});

test('a listing looks into the beginning of messages alone: two hundred of 100 MB each', async (t) => {
  const place = await makeMailHome(t);
  assert.equal((await place.posthorn(['fetch', '-q'])).code, 0);
  const mailboxes = join(place.folder, 'data/posthorn');
  const folder = join(mailboxes, readdirSync(mailboxes)[0] ?? '', 'new');
  mkdirSync(folder, { recursive: true });
  for (let at = 0; at < 200; at += 1) {
    const file = openSync(join(folder, `${1_000_000 + at}.M${at}P1.x`), 'w', 0o600);
    writeSync(file, `From: a${at}@example.org\r\nSubject: message ${at}\r\n\r\n`);
    ftruncateSync(file, 100 * MEGA);
    closeSync(file);
  }
  assert.ok(existsSync(folder));
  assert.equal((await place.posthorn(['fetch', '-q'])).code, 0);
  const shown = JSON.parse(await measured(t, place, ['list', '--limit', '5000', '--json'])) as { count: number };
  assert.equal(shown.count, 203);
});
