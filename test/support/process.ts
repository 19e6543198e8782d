/**
 * A private folder with a server program at work in it: started, awaited, and ended with all of its children.
 *
 * Why: mail servers are families of processes, and a test that leaves one behind poisons the next run. Each server is
 * the leader of a process group of its own, so its family can be named exactly, by id, without ever searching for a
 * program's name. What this file must never know: Dovecot, Postfix, or any protocol.
 */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const START_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 5_000;
const POLL_MS = 10;

/** Whatever ends one day and then calls back: a `TestContext`, or `{ after }` of node:test for a whole file. */
export interface Scope {
  after(end: () => Promise<void>): void;
}

export interface Program {
  command: string;
  args: readonly string[];
  /** Ports that must all accept a connection, and greet where `greets` says so, before the server counts as started. */
  ports: readonly { port: number; greets: boolean }[];
  /** What to show when the server does not start. */
  log(): string;
}

export interface Site {
  folder: string;
  /** Starts the one program of this site and waits for its ports. Throws, with the end of its log, if it cannot. */
  start(program: Program): Promise<void>;
  /** The ids of the server's live processes, its first one included. */
  processes(): number[];
  /** Ends the server and removes the folder. The end of the scope does the same; twice is fine. */
  stop(): Promise<void>;
}

/** Makes the folder, with a short name as paths of Unix sockets are limited to 107 bytes. */
export async function makeSite(scope: Scope, prefix: string): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  const guard = startGuard(folder);
  let child: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    await untilGone(child?.pid);
    await rm(folder, { recursive: true, force: true });
    guard.kill('SIGKILL');
  };
  let stopped: Promise<void> | undefined;
  const site: Site = {
    folder,
    processes: () => membersOf(child?.pid),
    stop: () => (stopped ??= stop()),
    async start(program) {
      child = spawn(program.command, program.args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
      guard.stdin.write(`${child.pid ?? ''}\n`);
      await untilStarted(child, program);
    },
  };
  scope.after(site.stop);
  // The servers drop root and work as users of their own, who must pass here to reach their files. mkdtemp says 0700.
  await chmod(folder, 0o711);
  return site;
}

/**
 * Does what `stop` does when this process ends without a chance to, as at a test's time limit: a shell waits for the
 * end of its input, which is the end of this process. (The kernel's own way, PR_SET_PDEATHSIG, is lost when a server
 * changes its user, as Postfix does.) Its first line is the group to end, and is missing if no server was started.
 */
function startGuard(folder: string): ChildProcessByStdio<Writable, null, null> {
  const script = 'read -r group; read -r end; [ -z "$group" ] || kill -s KILL -- "-$group"; rm -rf -- "$1"';
  const guard = spawn('sh', ['-c', script, 'sh', folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard.unref();
  // A guard that is gone has nothing left to guard, and what is written to it does not matter.
  guard.stdin.on('error', () => undefined);
  return guard;
}

async function untilStarted(child: ChildProcess, { command, ports, log }: Program): Promise<void> {
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    complaints = (complaints + piece).slice(-4_000);
  });
  child.once('error', (error) => {
    complaints += `${error.message}\n`;
  });
  const deadline = Date.now() + START_LIMIT_MS;
  try {
    for (const { port, greets } of ports) await untilAnswers(child, port, greets, deadline);
  } catch (cause) {
    throw new Error(`${command} did not start.\n${complaints}${log().slice(-4_000)}`, { cause });
  }
}

async function untilAnswers(child: ChildProcess, port: number, greets: boolean, deadline: number): Promise<void> {
  while (!(await answers(port, greets))) {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) throw new Error('It ended.');
    if (Date.now() > deadline) throw new Error(`Port ${port} did not answer within ${START_LIMIT_MS} ms.`);
    await sleep(POLL_MS);
  }
}

function answers(port: number, greets: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (answer: boolean): void => {
      resolve(answer);
      socket.destroy();
    };
    socket.setTimeout(START_LIMIT_MS, () => settle(false));
    socket.once(greets ? 'data' : 'connect', () => settle(true));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
  });
}

/** Kills, as nothing in the folder is worth an orderly end, and Dovecot may take many seconds over one. */
async function untilGone(group: number | undefined): Promise<void> {
  const deadline = Date.now() + STOP_LIMIT_MS;
  for (let left = membersOf(group); left.length > 0; left = membersOf(group)) {
    if (Date.now() > deadline) throw new Error(`Processes ${left.join(', ')} did not end.`);
    for (const pid of left) kill(pid);
    await sleep(POLL_MS);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It went by itself in between.
  }
}

/**
 * The live processes of a group. Read from /proc, as `kill -0` also finds the dead that nobody has reaped, and the
 * first process of a container often never reaps anything.
 */
function membersOf(group: number | undefined): number[] {
  if (group === undefined) return [];
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    const [state, , its] = statusOf(pid);
    return Number(its) === group && state !== 'Z' && state !== 'X';
  });
}

/** State, parent and group of a process: what follows its name, which is in brackets and may hold anything. */
function statusOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ', 3);
  } catch {
    return [];
  }
}
