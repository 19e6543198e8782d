/** `posthorn sandbox`, alone and around a command; and the program on a Node that is too old. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertTold } from '../support/mail-home.ts';
import { ended, makeHome, PROGRAM } from '../support/program.ts';

test('each sample in the sandbox can be answered', async (t) => {
  const home = await makeHome(t);
  const script = '"$0" "$1" fetch -q && for n in 1 2 3; do "$0" "$1" reply $n --body Thanks || exit; done';
  const { code, stderr } = await home.posthorn(['sandbox', 'run', '--', 'sh', '-c', script, process.execPath, PROGRAM]);
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/Sent to 1 recipient/g)?.length, 3);
});

test('sandbox run ends with the exit code of the command', async (t) => {
  const home = await makeHome(t);
  const run = async (...command: string[]) => home.posthorn(['sandbox', 'run', '--', ...command]);
  assert.equal((await run('true')).code, 0);
  assert.equal((await run('sh', '-c', 'exit 42')).code, 42);
  assert.equal((await run('sh', '-c', 'kill -9 $$')).code, 137);
  assert.equal((await run('sh', '-c', 'kill -TERM $$')).code, 143);
  assert.equal((await home.posthorn(['sandbox', 'run', 'sh', '-c', 'exit 7'])).code, 7, 'also without --');
  assertTold(await run('no-such-program'), { exit: 64, code: 'command-failed', says: /no such program/ });
  assertTold(await run('/'), { exit: 64, code: 'command-failed', says: /Cannot run \/: it is no program/ });
  assertTold(await home.posthorn(['sandbox', 'run']), { exit: 64, code: 'missing-argument', says: /'command'/ });
  assert.deepEqual(readdirSync(join(home.folder, 'tmp')), [], 'nothing is left behind');
});

test('the command finds the servers, and a home of its own', async (t) => {
  const home = await makeHome(t, { POSTHORN_ACCOUNT: 'x' });
  const posthorn = `"${process.execPath}" "${PROGRAM}"`;
  const script = `${posthorn} fetch -q && ${posthorn} list -q && env | grep -E '^(POSTHORN|XDG)_' && ls -l "$POSTHORN_CA_FILE"`;
  const { code, stdout, stderr } = await home.posthorn(['sandbox', 'run', '--', 'sh', '-c', script]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /Welcome to the sandbox/);
  assert.match(stdout, /^POSTHORN_SMTP=smtps:\/\/ann%40example\.org@127\.0\.0\.1:\d+$/m);
  assert.match(stdout, /^-rw------- .*\.pem$/m);
  assert.ok(!stdout.includes(`XDG_DATA_HOME=${home.env['XDG_DATA_HOME']}`));
  assert.deepEqual(readdirSync(home.folder).sort(), ['cache', 'tmp']);
  assert.deepEqual(readdirSync(join(home.folder, 'tmp')), []);
});

test('sandbox says what to do, and ends with 0 when it is stopped', async (t) => {
  const home = await makeHome(t);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const child = home.start(['sandbox', '--no-samples']);
    const end = ended(child);
    child.stdout?.once('data', () => child.kill(signal));
    const { code, stdout, stderr } = await end;
    assert.equal(code, 0, stderr);
    assert.match(stdout, /export POSTHORN_PASSWORD='[\w-]+'/);
    assert.match(stdout, /posthorn fetch/);
    assert.equal(stderr, '');
  }
  assert.deepEqual(readdirSync(join(home.folder, 'tmp')), []);
});

test('ports that are taken, and ports that are none', async (t) => {
  const home = await makeHome(t);
  const child = home.start(['sandbox', '--json']);
  const end = ended(child);
  const text = await new Promise<string>((resolve) => child.stdout?.once('data', (data) => resolve(String(data))));
  const { ports } = JSON.parse(text) as { ports: Record<string, number> };
  for (const name of ['smtp', 'smtps', 'pop3', 'pop3s']) {
    const taken = await home.posthorn(['sandbox', `--${name}-port`, String(ports[name])]);
    assertTold(taken, { exit: 69, code: 'port-in-use', says: new RegExp(`${ports[name]}`) });
  }
  for (const port of ['0', '65536', 'x', '-1']) {
    assertTold(await home.posthorn(['sandbox', '--smtp-port', port]), { exit: 64, code: '', says: /is not a/ });
  }
  child.kill('SIGTERM');
  assert.equal((await end).code, 0);
  assert.deepEqual(readdirSync(join(home.folder, 'tmp')), []);
});

const OLD = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => {
  const { stdout, status } = spawnSync(path, ['-p', 'process.versions.node'], { encoding: 'utf8' });
  return status === 0 && Number.parseInt(stdout, 10) < 24;
});

test('a Node that is too old gets one line', {
  skip: OLD === undefined ? 'no older Node on this machine' : false,
}, () => {
  const { status, stdout, stderr } = spawnSync(OLD ?? '', [PROGRAM, 'list'], { encoding: 'utf8' });
  assert.equal(status, 78);
  assert.equal(stdout, '');
  assert.match(stderr, /^posthorn: .*Node 24 or newer.*\n$/);
});
