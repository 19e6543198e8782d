/** Ctrl-C and SIGTERM at the moments where the program waits: quickly over, with 130, and nothing half done. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { obliging, startLineServer } from '../support/line-server.ts';
import { assertTold, makeMailHome, type MailHome } from '../support/mail-home.ts';
import { type Ended, ended, PROGRAM } from '../support/program.ts';

const STOPPED = { exit: 130, code: 'aborted', says: /Stopped/ };

/** Starts the program with an input that stays open, interrupts it once it waits, and sees it end. */
async function interrupted(home: MailHome, args: readonly string[], until: () => Promise<void>): Promise<Ended> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: home.folder, env: home.env });
  const end = ended(child);
  await until();
  const asked = performance.now();
  child.kill('SIGINT');
  const result = await end;
  assert.ok(performance.now() - asked < 3_000, 'it ends quickly');
  return result;
}

test('while it waits for somebody', async (t) => {
  const home = await makeMailHome(t);
  const wait = () => sleep(600);
  const send = ['send', '-t', 'bob@example.org'];
  assertTold(await interrupted(home, send, wait), STOPPED);
  assertTold(await interrupted(home, ['send', '--raw'], wait), STOPPED);
  assertTold(await interrupted(home, ['fetch', '--passwordeval', 'exec sleep 60'], wait), STOPPED);
  assert.deepEqual(readdirSync(join(home.folder, 'tmp')), []);
  assert.deepEqual(home.sandbox.messages('bob@example.org'), []);
});

test('while it waits for a named pipe that nobody writes to', async (t) => {
  const home = await makeMailHome(t);
  assert.equal(spawnSync('mkfifo', [join(home.folder, 'fifo')]).status, 0);
  const { stderr } = await interrupted(home, ['send', '-t', 'b@example.org', '--body-file', 'fifo'], () => sleep(600));
  assert.match(stderr, /^posthorn: Stopped/);
});

test('while a server is silent', async (t) => {
  const home = await makeMailHome(t);
  const greeting = Promise.withResolvers<void>();
  const pop3 = await startLineServer(t, '+OK\r\n', () => {
    greeting.resolve();
    return undefined;
  });
  const fetch = ['fetch', '--pop3', `pop3+insecure://ann@127.0.0.1:${pop3.port}`];
  assertTold(await interrupted(home, fetch, () => greeting.promise), STOPPED);

  const data = Promise.withResolvers<void>();
  const smtp = await startLineServer(t, '220\r\n', (line) => {
    if (line !== 'DATA') return obliging(line);
    data.resolve();
    return undefined;
  });
  const url = `smtp+insecure://127.0.0.1:${smtp.port}`;
  const send = ['send', '--smtp', url, '-f', 'a@example.org', '-t', 'b@example.org', '--body', 'x'];
  assertTold(await interrupted(home, send, () => data.promise), STOPPED);
});

test('during a transfer, nothing half arrives and nothing half stays', async (t) => {
  const home = await makeMailHome(t, { samples: false });
  writeFileSync(join(home.folder, 'large.bin'), Buffer.alloc(90_000_000, 1));
  const attach = ['send', '-t', 'ann@example.org', '-s', 'x', '--body', 'x', '--attach', 'large.bin'];
  const sending = home.start(attach);
  const sent = ended(sending);
  sending.stderr?.once('data', () => setTimeout(() => sending.kill('SIGINT'), 100));
  assertTold(await sent, STOPPED);
  await sleep(100);
  assert.deepEqual(home.sandbox.messages('ann@example.org'), []);

  assert.equal((await home.posthorn(attach)).code, 0);
  const fetching = home.start(['fetch', '--delete']);
  const fetched = ended(fetching);
  fetching.stderr?.once('data', () => setTimeout(() => fetching.kill('SIGINT'), 100));
  assertTold(await fetched, STOPPED);
  const [mailbox = ''] = readdirSync(join(home.folder, 'data/posthorn'));
  for (const folder of ['tmp', 'new', 'cur'])
    assert.deepEqual(readdirSync(join(home.folder, 'data/posthorn', mailbox, folder)), [], folder);
  assert.equal(home.sandbox.messages('ann@example.org').length, 1);

  let again = await home.posthorn(['fetch', '--delete']);
  // A busy server may take a moment to see that the other session is over.
  for (let wait = 0; again.code === 75 && wait < 50; wait++) {
    await sleep(100);
    again = await home.posthorn(['fetch', '--delete']);
  }
  assert.equal(again.code, 0, again.stderr);
  assert.deepEqual(home.sandbox.messages('ann@example.org'), []);
  assert.equal((await home.stored()).length, 1);
});
