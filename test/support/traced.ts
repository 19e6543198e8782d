/**
 * The program with strace at its threads: its system calls written down, or one of them made to fail or to be the last.
 *
 * Why attached: strace counts calls thread by thread, so a kind of thread is chosen, and the one for file operations
 * must be there already. A few lines that Node loads first start it and wait at a FIFO until strace says it is attached.
 * With one such thread the count of calls is the same in every run, but for what the network changes.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Ended, ended, type Home } from './program.ts';

/** Where calls are made: asynchronous ones to files in the one thread of libuv's pool, all others in the first. */
export type Threads = 'main' | 'pool' | 'all';

export interface Tracing {
  readonly threads: Threads;
  /** What strace is to do, such as `-e inject=fsync:error=EIO:when=3`. */
  readonly options: readonly string[];
}

export interface Traced extends Ended {
  readonly pid: number;
  /** Whether SIGKILL ended it. */
  readonly killed: boolean;
  /** What strace wrote down, a line a call. */
  readonly trace: string;
}

/** Whether strace may attach itself to a process here. */
export function canTrace(): boolean {
  const child = spawn('sleep', ['5'], { stdio: 'ignore' });
  const { stderr, error } = spawnSync('strace', ['-o', '/dev/null', '-p', String(child.pid)], {
    encoding: 'utf8',
    timeout: 500,
  });
  child.kill('SIGKILL');
  return (error === undefined || ('code' in error && error.code === 'ETIMEDOUT')) && /attached/.test(stderr);
}

/** Runs the program in a home, with strace attached before its first line. */
export async function runTraced(home: Home, args: readonly string[], { threads, options }: Tracing): Promise<Traced> {
  const [gate, log, wait] = ['gate', 'trace', 'wait.cjs'].map((name) => join(home.folder, name)) as [
    string,
    string,
    string,
  ];
  rmSync(log, { force: true });
  spawnSync('mkfifo', [gate]);
  const fs = "require('node:fs')";
  writeFileSync(wait, `${fs}.stat('/', () => undefined); ${fs}.readFileSync(${JSON.stringify(gate)});`);
  const child = home.start(args, { env: { UV_THREADPOOL_SIZE: '1', NODE_OPTIONS: `--require=${wait}` } });
  const end = ended(child);
  // Opens when the other end does: that is when the program waits.
  const waiting = await open(gate, 'w');
  try {
    const ids = threadsOf(child.pid ?? 0, threads);
    const all = ['-y', '-s', '1048576', '-xx', '-o', log, ...options, ...ids.flatMap((id) => ['-p', id])];
    const strace = spawn('strace', all, { stdio: ['ignore', 'ignore', 'pipe'] });
    const done = once(strace, 'exit');
    await untilAttached(strace, ids.length);
    await waiting.close();
    const result = await end;
    await done;
    const killed = child.signalCode === 'SIGKILL';
    return { ...result, pid: child.pid ?? 0, killed, trace: readFileSync(log, 'latin1') };
  } finally {
    await waiting.close();
  }
}

function threadsOf(pid: number, threads: Threads): string[] {
  const ids = readdirSync(`/proc/${pid}/task`);
  const nameOf = (id: string): string => {
    try {
      return readFileSync(`/proc/${pid}/task/${id}/comm`, 'latin1').trim();
    } catch {
      return 'ended';
    }
  };
  const chosen = ids.filter((id) => {
    const isMain = id === String(pid);
    return (isMain && threads !== 'pool') || (nameOf(id) === 'libuv-worker' && threads !== 'main');
  });
  assert.ok(chosen.length > 0, `there is no thread of that kind: ${ids.map(nameOf).join(', ')}`);
  return chosen;
}

async function untilAttached(strace: ChildProcess, threads: number): Promise<void> {
  let said = '';
  strace.stderr?.setEncoding('utf8');
  for await (const piece of strace.stderr?.iterator({ destroyOnReturn: false }) ?? []) {
    said += piece;
    if ((said.match(/ attached/g) ?? []).length === threads) break;
  }
  strace.stderr?.resume();
  assert.equal((said.match(/ attached/g) ?? []).length, threads, said);
}
