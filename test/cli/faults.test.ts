/** What the world does wrong: permissions, full disks, closed pipes, servers without TLS, files that change. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startLineServer } from '../support/line-server.ts';
import { assertFails, assertTold, makeMailHome } from '../support/mail-home.ts';
import { ended, makeHome, PROGRAM } from '../support/program.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
const canBeNobody = isRoot && spawnSync('setpriv', [...NOBODY, process.execPath, PROGRAM, '--version']).status === 0;
const canMount = isRoot && spawnSync('unshare', ['-m', 'true']).status === 0;

test('a file and a folder without permission', { skip: canBeNobody ? false : 'needs root and setpriv' }, async (t) => {
  const home = await makeMailHome(t);
  const asNobody = (args: readonly string[]) =>
    ended(
      spawn('setpriv', [...NOBODY, process.execPath, PROGRAM, ...args], {
        cwd: home.folder,
        env: { ...home.env, NODE_COMPILE_CACHE: '', NODE_DISABLE_COMPILE_CACHE: '1' },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  chmodSync(home.folder, 0o755);
  chmodSync(join(home.folder, 'tmp'), 0o777);
  writeFileSync(join(home.folder, 'secret.pdf'), 'x', { mode: 0o600 });
  const send = ['send', '-t', 'bob@example.org'];
  const attached = await asNobody([...send, '--body', 'x', '--attach', 'secret.pdf']);
  assertTold(attached, { exit: 66, code: 'attachment-unreadable', says: /secret\.pdf: you may not read it.*ls -l/s });
  const body = await asNobody([...send, '--body-file', 'secret.pdf']);
  assertTold(body, { exit: 66, code: 'input-missing', says: /secret\.pdf: you have no permission/ });
  assert.deepEqual(home.sandbox.messages('bob@example.org'), []);

  mkdirSync(join(home.folder, 'data'), { mode: 0o755 });
  const fetched = await asNobody(['fetch']);
  assertTold(fetched, { exit: 73, code: 'not-permitted', says: /permission was denied/ });
  assert.equal(home.sandbox.messages('ann@example.org').length, 3);

  for (const name of ['d', 's']) mkdirSync(join(home.folder, name), { mode: 0o777 });
  for (const name of ['d', 's']) chmodSync(join(home.folder, name), 0o777);
  Object.assign(home.env, { XDG_DATA_HOME: join(home.folder, 'd'), XDG_STATE_HOME: join(home.folder, 's') });
  assert.equal((await asNobody(['-q', 'fetch'])).code, 0);
  mkdirSync(join(home.folder, 'locked'), { mode: 0o755 });
  assertTold(await asNobody(['save', '2', '--dir', 'locked']), { exit: 73, code: 'not-permitted', says: /locked/ });
  assert.deepEqual(readdirSync(join(home.folder, 'locked')), []);
});

/** Runs a shell script where `full` is a file system with room for little. */
function onSmallDisk(script: string, cwd: string, env: Readonly<Record<string, string>>) {
  const mount = 'mount -t tmpfs -o size=64k,mode=0777 none full || exit 99';
  const child = spawn('unshare', ['-m', 'sh', '-c', `${mount}; ${script}`], {
    cwd,
    env: { ...env, NODE: process.execPath, POSTHORN: PROGRAM },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return ended(child);
}

test('a full disk', { skip: canMount ? false : 'needs root and unshare' }, async (t) => {
  const home = await makeMailHome(t);
  mkdirSync(join(home.folder, 'full'));
  writeFileSync(join(home.folder, 'large.bin'), Buffer.alloc(300_000, 1));
  const send = ['send', '-t', 'ann@example.org', '-s', 'large', '--body', 'x', '--attach', 'large.bin'];
  assert.equal((await home.posthorn(send)).code, 0);

  const fetch =
    'XDG_DATA_HOME=$PWD/full "$NODE" "$POSTHORN" fetch -q; code=$?; find full -type f | grep -v /new/ >&1; exit $code';
  const fetched = await onSmallDisk(fetch, home.folder, home.env);
  assertTold(fetched, { exit: 74, code: 'disk-full', says: /the disk is full.*nothing was deleted/s });
  assert.equal(home.sandbox.messages('ann@example.org').length, 4, 'nothing is deleted on the server');

  Object.assign(home.env, { XDG_DATA_HOME: join(home.folder, 'data2'), XDG_STATE_HOME: join(home.folder, 'state2') });
  assert.equal((await home.posthorn(['fetch'])).code, 0);
  const save = '"$NODE" "$POSTHORN" save 4 --dir full; code=$?; ls -A full; exit $code';
  assertTold(await onSmallDisk(save, home.folder, home.env), { exit: 74, code: 'disk-full', says: /the disk is full/ });
  const raw =
    'TMPDIR=$PWD/full "$NODE" "$POSTHORN" read 4 --raw >message; TMPDIR=$PWD/full "$NODE" "$POSTHORN" send --raw message; code=$?; ls -A full; exit $code';
  assertTold(await onSmallDisk(raw, home.folder, home.env), { exit: 74, code: 'disk-full', says: /the disk is full/ });
  assert.equal(home.sandbox.messages('ann@example.org').length, 4);
});

test('an output that is closed, full, or was never there', async (t) => {
  const home = await makeMailHome(t);
  assert.equal((await home.posthorn(['fetch'])).code, 0);
  const shell = async (command: string) => {
    const script = `posthorn() { "$NODE" "$POSTHORN" "$@"; }; ${command}`;
    const env = { ...home.env, NODE: process.execPath, POSTHORN: PROGRAM };
    return ended(spawn('bash', ['-c', script], { cwd: home.folder, env, stdio: ['ignore', 'pipe', 'pipe'] }));
  };
  for (const command of [
    'list -q',
    'list --json',
    'read 1',
    'read 1 --raw',
    'save 2 --dir -',
    '--help',
    'list --help',
  ]) {
    const child = home.start(command.split(' '));
    const end = ended(child);
    child.stdout?.destroy();
    const closed = await end;
    assert.equal(closed.stderr, '', `${command}: whoever closed it does not want to hear of it`);
    assert.equal(closed.code, 74, command);
    assert.deepEqual(await shell(`posthorn ${command} >&-`), { code: 0, stdout: '', stderr: '' });
    assert.equal((await shell(`posthorn ${command} <&- >&- 2>&-`)).code, 0);
  }
  for (const command of ['list -q', 'read 1', 'read 1 --raw', '--help', 'list --help', '--version']) {
    const full = await shell(`posthorn ${command} >/dev/full`);
    assertTold(full, {
      exit: 74,
      code: 'stdout-failed',
      says: /Could not write the output: the disk is full \(ENOSPC\)\./,
    });
  }
});

test('a message that was sent is said to be, though its report cannot be written', async (t) => {
  const home = await makeMailHome(t);
  const send = ['send', '-t', 'bob@example.org', '-s', 'once', '--body', 'x', '--json'];
  const script = '"$0" "$@" >/dev/full';
  const args = ['-c', script, process.execPath, PROGRAM, ...send];
  const full = await ended(spawn('sh', args, { cwd: home.folder, env: home.env, stdio: ['ignore', 'pipe', 'pipe'] }));
  assert.equal(full.code, 74);
  assert.match(full.stderr, /"warning".*it was sent, but/);
  assert.equal(home.sandbox.messages('bob@example.org').length, 1);
});

test('a server without STLS or STARTTLS', async (t) => {
  const home = await makeHome(t, { POSTHORN_PASSWORD: 'tops3cret' });
  const pop3 = await startLineServer(t, '+OK fake\r\n', (line) => (line === 'QUIT' ? '+OK\r\n' : '-ERR no\r\n'));
  const smtp = await startLineServer(t, '220 fake\r\n', (line) =>
    line.startsWith('EHLO') ? '250-fake\r\n250 AUTH PLAIN\r\n' : line === 'QUIT' ? '221 bye\r\n' : '502 no\r\n',
  );
  const failure = { exit: 77, code: 'tls-not-offered', says: /does not offer TLS on this port \(S(?:TART)?TLS\)/ };
  await assertFails(home, ['fetch', '--pop3', `pop3://ann@127.0.0.1:${pop3.port}`], failure);
  const send = ['send', '--smtp', `smtp://ann@127.0.0.1:${smtp.port}`, '-f', 'ann@example.org'];
  await assertFails(home, [...send, '-t', 'bob@example.org', '--body', 'x'], failure);
  const heard = pop3.heard() + smtp.heard();
  assert.doesNotMatch(heard, /AUTH|USER|PASS|MAIL|tops3cret/);
  assert.ok(!heard.includes(Buffer.from('\0ann\0tops3cret').toString('base64')));
});

test('servers that are something else, or hostile in their first words', async (t) => {
  const home = await makeHome(t, { POSTHORN_PASSWORD: 'tops3cret' });
  const greetings: [string, number, string][] = [
    ['HTTP/1.1 400 Bad Request\r\n', 76, 'fetch'],
    ['220 smtp\r\n', 76, 'fetch'],
    ['-ERR [SYS/TEMP] come back later\r\n', 75, 'fetch'],
    ['-ERR go away \x1b[2J\r\n', 69, 'fetch'],
    ['+OK pop3\r\n', 76, 'send'],
    ['421 come back later\r\n', 75, 'send'],
    ['554 go away \x1b]0;owned\x07\r\n', 69, 'send'],
  ];
  for (const [greeting, exit, verb] of greetings) {
    const { port } = await startLineServer(t, greeting, () => undefined);
    const fetch = ['fetch', '--pop3', `pop3+insecure://ann@127.0.0.1:${port}`];
    const send = [
      'send',
      '--smtp',
      `smtp+insecure://127.0.0.1:${port}`,
      '-f',
      'ann@example.org',
      '-t',
      'b@example.org',
    ];
    const ran = await home.posthorn(verb === 'fetch' ? fetch : [...send, '--body', 'x']);
    assertTold(ran, { exit, code: '', says: /./ });
    assert.match(ran.stderr, /warning: the connection to 127\.0\.0\.1 is not encrypted/);
  }
});

async function sendWhileChanging(t: TestContext, change: (path: string) => void) {
  const home = await makeMailHome(t);
  const path = join(home.folder, 'log.txt');
  writeFileSync(path, Buffer.alloc(64_000_000, 'log line\n'));
  const child = home.start(['send', '-t', 'bob@example.org', '-s', 'log', '--body', 'x', '--attach', 'log.txt']);
  // It says so when the server has let it in, with the message next.
  child.stderr?.once('data', () => change(path));
  return { home, result: await ended(child) };
}

test('a file that becomes shorter while it is sent: nothing arrives', async (t) => {
  const { home, result } = await sendWhileChanging(t, (path) => truncateSync(path, 10));
  assertTold(result, { exit: 66, code: 'attachment-changed', says: /became shorter.*Nothing was sent/s });
  assert.deepEqual(home.sandbox.messages('bob@example.org'), []);
});
