/** A Maildir in which others leave what is no message, or name messages as nobody should, or move them while we look. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type TestContext, test } from 'node:test';
import { type Ended, ended, type Home, makeHome, PROGRAM } from '../support/program.ts';

const NOBODY = 65_534;
const SETPRIV = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];
const canBeNobody =
  process.getuid?.() === 0 && spawnSync('setpriv', [...SETPRIV, process.execPath, PROGRAM, '--version']).status === 0;

async function makeMaildir(t: TestContext): Promise<{ home: Home; maildir: string }> {
  const home = await makeHome(t);
  const maildir = join(home.folder, 'data/posthorn/ann@example.org');
  for (const part of ['new', 'cur', 'tmp']) mkdirSync(join(maildir, part), { recursive: true, mode: 0o700 });
  return { home, maildir };
}

function put(maildir: string, name: string, subject: string): void {
  writeFileSync(join(maildir, name), `From: bob@example.org\r\nSubject: ${subject}\r\n\r\nbody\r\n`, { mode: 0o600 });
}

interface Listed {
  messages: { number: number; subject: string; flags: string }[];
  ignored: { path: string; kind: string }[];
}

test('what is no message is never opened, and strange names of messages are read for what they are', async (t) => {
  const { home, maildir } = await makeMaildir(t);
  assert.equal(spawnSync('mkfifo', [join(maildir, 'new/1700000000.fifo.x')]).status, 0);
  // Needs root; without it there is no device to be wary of.
  spawnSync('mknod', [join(maildir, 'cur/1700000000.device.x:2,S'), 'c', '1', '5']);
  mkdirSync(join(maildir, 'cur/1700000000.folder.x:2,'));
  symlinkSync('/etc/passwd', join(maildir, 'new/1700000000.link.x'));
  const socket = createServer().listen(join(maildir, 'new/1700000000.socket.x'));
  t.after(() => socket.close());
  put(maildir, 'new/.hidden', 'hidden');
  put(maildir, 'new/1700000001.plain.x', 'plain');
  put(maildir, 'cur/1700000002.none.x', 'no flags at all');
  put(maildir, 'cur/1700000003.unsorted.x:2,SFRSS', 'flags in no order');
  put(maildir, 'cur/1700000004.\x1b[2J\n\x07.x:2,S', 'controls in the name');
  put(maildir, 'cur/1700000005.version.x:1,S', 'another version');
  put(maildir, 'cur/1700000006.letters.x:2,é\u202e', 'no letters');
  put(maildir, 'new/:2,S', 'no base');
  writeFileSync(Buffer.from(join(maildir, 'new/1700000007.\xff.x'), 'latin1'), 'Subject: latin-1\r\n\r\n');
  symlinkSync('/etc/shadow', join(maildir, 'cur/1700000000.\x1b[2J\n.x'));
  const { messages, ignored } = await home.json<Listed>(['list']);
  const kinds = new Map(ignored.map(({ path, kind }) => [path, kind]));
  assert.deepEqual(
    [...kinds].filter(([path]) => !path.includes('device')),
    [
      ['cur/1700000000.\x1b[2J\n.x', 'link'],
      ['cur/1700000000.folder.x:2,', 'folder'],
      ['new/1700000000.fifo.x', 'special'],
      ['new/1700000000.link.x', 'link'],
      ['new/1700000000.socket.x', 'special'],
      ['new/1700000007.\ufffd.x', 'name'],
      ['new/:2,S', 'name'],
    ],
  );
  const told = await home.posthorn(['list']);
  assert.match(
    told.stderr,
    new RegExp(`^6 messages, 4 unread; ${ignored.length} files are no messages \\(-v says which\\)\\.\n$`),
  );
  const which = await home.posthorn(['list', '-v']);
  assert.match(which.stderr, /^Left out, since it is a link: cur\/1700000000\.\\x1b\[2J\\x0a\.x$/m);
  assert.doesNotMatch(which.stderr, /\x1b/);
  assert.deepEqual((await home.json<Listed>(['list'])).ignored, ignored, 'they are known from the first look on');
  assert.deepEqual(
    messages.toReversed().map(({ subject, flags }) => [subject, flags]),
    [
      ['plain', ''],
      ['no flags at all', ''],
      ['flags in no order', 'FRS'],
      ['controls in the name', 'S'],
      ['another version', ''],
      ['no letters', ''],
    ],
  );
  for (const { number, subject } of messages) {
    const { code, stdout, stderr } = await home.posthorn(['read', String(number)]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(subject));
  }
  rmSync(join(maildir, 'cur/1700000004.\x1b[2J\n\x07.x:2,S'));
  mkdirSync(join(maildir, 'cur/1700000004.\x1b[2J\n\x07.x:2,S'));
  const gone = await home.posthorn(['read', String(messages.find(({ subject }) => subject.startsWith('con'))?.number)]);
  assert.equal(gone.code, 66, gone.stderr);
  assert.doesNotMatch(gone.stderr, /[\x1b\x07]/);
  for (const { path } of ignored)
    rmSync(Buffer.from(join(maildir, path.replace('\ufffd', '\xff')), 'latin1'), { recursive: true });
  const after = await home.posthorn(['list']);
  assert.doesNotMatch(after.stderr, /no message/, 'what is gone is told of no more');
});

test('a message that may not be read', { skip: canBeNobody ? false : 'needs root and setpriv' }, async (t) => {
  const { home, maildir } = await makeMaildir(t);
  put(maildir, 'new/1700000001.closed.x', 'closed');
  put(maildir, 'new/1700000002.open.x', 'open');
  for (const name of readdirSync(home.folder, { recursive: true }))
    chownSync(join(home.folder, String(name)), NOBODY, NOBODY);
  chownSync(home.folder, NOBODY, NOBODY);
  chmodSync(join(maildir, 'new/1700000001.closed.x'), 0);
  const asNobody = (args: readonly string[]): Promise<Ended> =>
    ended(
      spawn('setpriv', [...SETPRIV, process.execPath, PROGRAM, ...args], {
        cwd: home.folder,
        env: { ...home.env, NODE_DISABLE_COMPILE_CACHE: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  const listed = await asNobody(['list', '--json']);
  assert.equal(listed.code, 0, listed.stderr);
  assert.ok((JSON.parse(listed.stdout) as Listed).messages.some(({ subject }) => subject === 'open'));
  const read = await asNobody(['read', '1']);
  assert.equal(read.code, 73, read.stderr);
  assert.match(read.stderr, /^posthorn: .*permission was denied/m);
  assert.equal((await asNobody(['read', '2'])).code, 0);
});

test('another program that moves and removes messages all the time', async (t) => {
  const { home, maildir } = await makeMaildir(t);
  const names = Array.from({ length: 40 }, (_, at) => `${1_700_000_000 + at}.${at}.x`);
  for (const name of names) put(maildir, `new/${name}`, `number ${name}`);
  assert.equal((await home.posthorn(['list'])).code, 0);
  let moving = true;
  const mover = (async () => {
    const flags = ['S', 'FS', 'RS'];
    for (let turn = 0; moving; turn += 1) {
      for (const name of names.slice(0, 30)) {
        const from = turn === 0 ? `new/${name}` : `cur/${name}:2,${flags[(turn - 1) % 3]}`;
        renameSync(join(maildir, from), join(maildir, `cur/${name}:2,${flags[turn % 3]}`));
      }
      await sleep(10);
    }
  })();
  try {
    for (let run = 0; run < 6; run += 1) {
      const { code, stderr } = await home.posthorn(['list', '-q']);
      assert.equal(code, 0, stderr);
      const read = await home.posthorn(['read', String(1 + run * 5)]);
      assert.equal(read.code, 0, read.stderr);
      rmSync(join(maildir, 'new', names[30 + run] ?? ''));
    }
  } finally {
    moving = false;
    await mover;
  }
  assert.equal((await home.json<Listed & { count: number }>(['list'])).count, 34);
});
