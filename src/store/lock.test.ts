import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath, pid } from 'node:process';
import { after, before, test } from 'node:test';
import { StoreError } from '../errors.ts';
import { Lock } from './lock.ts';

let folder: string;
before(async () => void (folder = await mkdtemp(join(tmpdir(), 'posthorn-lock-'))));
after(() => rm(folder, { recursive: true }));

const heldBy = (id: number) => (error: unknown) =>
  error instanceof StoreError && error.code === 'mailbox-busy' && error.temporary && error.message.includes(`(${id})`);

const MODULE = new URL('./lock.ts', import.meta.url).href;

/** A process that takes the lock when told on stdin, says `won` or `busy`, and then stays. */
function taker(path: string): ChildProcess {
  const script = `
    import { Lock } from ${JSON.stringify(MODULE)};
    process.stdin.once('data', () => {
      try { Lock.acquire(${JSON.stringify(path)}); console.log('won'); } catch (error) { console.log(error.code); }
    });
    console.log('ready');`;
  return spawn(execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function said(child: ChildProcess): Promise<string> {
  const [data] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return data.toString().trim();
}

async function gone(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('a second opener is told who holds the lock, and gets it afterwards', async () => {
  const path = join(folder, 'second');
  const lock = Lock.acquire(path);
  assert.throws(() => Lock.acquire(path), heldBy(pid));
  lock.release();
  Lock.acquire(path).release();
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('second')),
    [],
  );
});

test('of five processes that find a dead holder, one wins', async () => {
  const path = join(folder, 'killed');
  const holder = taker(path);
  assert.equal(await said(holder), 'ready');
  holder.stdin?.write('go\n');
  assert.equal(await said(holder), 'won');
  assert.throws(() => Lock.acquire(path), heldBy(holder.pid ?? 0));
  await gone(holder);

  const takers = Array.from({ length: 5 }, () => taker(path));
  await Promise.all(takers.map(said));
  const answers = Promise.all(takers.map(said));
  for (const each of takers) each.stdin?.write('go\n');
  assert.deepEqual((await answers).sort(), ['mailbox-busy', 'mailbox-busy', 'mailbox-busy', 'mailbox-busy', 'won']);
  await Promise.all(takers.map(gone));
});

test('a process id used again, another boot, and a spoilt file do not hold a lock', async () => {
  const path = join(folder, 'stale');
  const lock = Lock.acquire(path);
  const holder = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  lock.release();
  const stale = [
    JSON.stringify({ ...holder, start: '1' }),
    JSON.stringify({ ...holder, boot: 'other' }),
    '',
    '{}',
    '\0\0\0',
  ];
  for (const text of stale) {
    await writeFile(path, text);
    Lock.acquire(path).release();
  }
  await writeFile(path, JSON.stringify({ ...holder, start: '' }));
  assert.throws(() => Lock.acquire(path), heldBy(pid));
});

test('a takeover that was killed half way is cleared for the next attempt', async () => {
  const path = join(folder, 'halfway');
  await writeFile(path, '');
  await writeFile(`${path}.takeover`, '');
  assert.throws(() => Lock.acquire(path), StoreError);
  Lock.acquire(path).release();
});

test('what a process left that was killed while it took the lock is removed, and what a living one is at is not', async () => {
  const path = join(folder, 'ticket');
  const ended = spawnSync(execPath, ['--version']).pid;
  const [left, living] = [`${path}.${ended}.0123456789abcdef`, `${path}.${pid}.0123456789abcdef`];
  for (const name of [left, living, `${path}.notes`]) await writeFile(name, '');
  Lock.acquire(path).release();
  const names = (await readdir(folder)).filter((name) => name.startsWith('ticket'));
  assert.deepEqual(names.sort(), [`ticket.${pid}.0123456789abcdef`, 'ticket.notes'].sort());
});

test('only the holder gives a lock back', async () => {
  const path = join(folder, 'release');
  const first = Lock.acquire(path);
  await rm(path);
  const second = Lock.acquire(path);
  first.release();
  assert.throws(() => Lock.acquire(path), heldBy(pid));
  second.release();
});
