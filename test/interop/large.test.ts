/**
 * A large attachment there and back in constant memory: 100 MB through Postfix into Dovecot; and through the program's
 * own servers, in another process, 1 GB where POSTHORN_INTEROP=required or POSTHORN_LARGE=1 asks for it, else 100 MB.
 *
 * Why not 1 GB through Postfix: it takes it at 45 MB/s and hands it on no faster, which is minutes, and proves no more.
 * What is measured is the program's own process, at its peak, as the kernel counts it. The bound of 200 MiB is far
 * above what Node needs and far below the message.
 */
import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { TestContext } from 'node:test';
import { startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { arrived, servedBy } from '../support/mail-servers.ts';
import { startPostfix } from '../support/postfix.ts';
import { ended, type Home, makeHome, watchMemory } from '../support/program.ts';

const LARGE = process.env['POSTHORN_INTEROP'] === 'required' || process.env['POSTHORN_LARGE'] === '1';
const MEGA = 1_000_000;
const LIMIT = 200 * 2 ** 20;

/** Writes octets that never repeat, so that a lost or misplaced piece shows, and returns their SHA-256. */
async function generate(path: string, megabytes: number): Promise<string> {
  const stream = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  const hash = createHash('sha256');
  const zeros = Buffer.alloc(MEGA);
  await pipeline(function* () {
    for (let at = 0; at < megabytes; at += 1) {
      const block = stream.update(zeros);
      hash.update(block);
      yield block;
    }
  }, createWriteStream(path));
  return hash.digest('hex');
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: MEGA }), hash);
  return hash.digest('hex');
}

/** Runs the program, tells what it took, and asserts that its memory stayed small. */
async function measured<T>(t: TestContext, home: Home, args: readonly string[]): Promise<T> {
  const started = performance.now();
  const child = home.start([...args, '--json']);
  const memory = watchMemory(child);
  const { code, stdout, stderr } = await ended(child);
  assert.equal(code, 0, stderr);
  const peak = memory.peak();
  t.diagnostic(`${args[0]}: ${seconds(started)}, ${(peak / 2 ** 20).toFixed(0)} MiB of memory at most`);
  assert.ok(peak > 0 && peak < LIMIT, `${args[0]} took ${peak} bytes of memory`);
  return JSON.parse(stdout) as T;
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/** The whole way of a message with one attachment; `delivered` resolves when it can be fetched. */
async function thereAndBack(
  t: TestContext,
  home: Home,
  megabytes: number,
  delivered: () => Promise<void>,
): Promise<void> {
  const path = join(home.folder, 'large.bin');
  const digest = await generate(path, megabytes);
  await measured(t, home, ['send', '-t', 'ann@example.org', '-s', 'large', '--body', 'x', '--attach', path]);
  await rm(path);
  await delivered();
  const { fetched, deleted } = await measured<{ fetched: unknown[]; deleted: number }>(t, home, ['fetch', '--delete']);
  assert.deepEqual([fetched.length, deleted], [1, 1]);
  const { saved } = await measured<{ saved: { path: string; size: number }[] }>(t, home, ['save', '1']);
  assert.deepEqual([saved.length, saved[0]?.size], [1, megabytes * MEGA]);
  assert.equal(await sha256Of(join(home.folder, saved[0]?.path ?? '')), digest);
}

interop('100 MB go through Postfix and Dovecot in constant memory', ['dovecot', 'postfix'], async (t) => {
  const dovecot = await startDovecot(t);
  const postfix = await startPostfix(t, { dovecot });
  const home = await makeHome(t, servedBy(dovecot, postfix));
  await thereAndBack(t, home, 100, async () => {
    const started = performance.now();
    await arrived(dovecot, 1);
    t.diagnostic(`(Postfix and Dovecot: ${seconds(started)} more to deliver it)`);
  });
  await arrived(dovecot, 0);
  await measured(t, home, ['read', '1']);
});

const MEGABYTES = LARGE ? 1000 : 100;
interop(`${MEGABYTES} MB go through the sandbox and back in constant memory`, [], async (t) => {
  const server = (await makeHome(t)).start(['sandbox', '--no-samples', '--json']);
  const memory = watchMemory(server);
  const [line] = (await once(server.stdout ?? server, 'data')) as [Buffer];
  const { environment } = JSON.parse(line.toString()) as { environment: Record<string, string> };
  const home = await makeHome(t, environment);
  await thereAndBack(t, home, MEGABYTES, async () => undefined);
  t.diagnostic(`(the sandbox itself: ${(memory.peak() / 2 ** 20).toFixed(0)} MiB at most)`);
  server.kill('SIGTERM');
  const [code] = await once(server, 'close');
  assert.equal(code, 0);
});
