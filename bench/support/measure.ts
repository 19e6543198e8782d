/** Runs programs alternately and compares them: medians, ratios, processor time, and the most memory each had. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { missing, type Need } from '../../test/support/interop.ts';

export interface Run {
  readonly seconds: number;
  /** Seconds of processor time, of the program and the system for it: on a busy machine the better figure. */
  readonly cpu: number;
  /** The most resident memory of the process, MiB. */
  readonly memory: number;
}

export interface Contender {
  readonly name: string;
  /** One run, from nothing to done. */
  run(): Promise<Run>;
}

/** Runs a program to its end. @throws when it fails: when it ends with none of the codes in `good`. */
export function runProgram(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
  good: readonly (number | null)[] = [0],
): Promise<Run> {
  const [started, cpuBefore] = [performance.now(), childrenCpu()];
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  let [memory, said] = [0, ''];
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000);
  });
  const look = (): void => {
    try {
      const high = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'));
      memory = Math.max(memory, Number(high?.[1] ?? 0) / 1024);
    } catch {
      // It has ended.
    }
  };
  const watch = setInterval(look, 20);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watch);
      const seconds = (performance.now() - started) / 1000;
      if (good.includes(code)) resolve({ seconds, cpu: childrenCpu() - cpuBefore, memory });
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${said}`));
    });
  });
}

/** A script of this folder in a process of its own: what is measured includes the start, as for any other program. */
export function runScript(path: string, args: readonly string[]): Promise<Run> {
  return runProgram(process.execPath, [path, ...args]);
}

/** Processor time of all children that have ended, seconds: the kernel counts it in hundredths. */
function childrenCpu(): number {
  const fields = readFileSync('/proc/self/stat', 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

export interface Options {
  /** How many round trips there have been until now, where the way counts them. */
  readonly trips?: (() => number) | undefined;
}

/** Runs all contenders `rounds` times in turn and prints a table; a ratio of 2 to the first: it took twice as long. */
export async function compare(
  what: string,
  rounds: number,
  contenders: readonly Contender[],
  { trips = () => 0 }: Options = {},
): Promise<void> {
  const runs = contenders.map((): (Run & { trips: number })[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, contender] of contenders.entries()) {
      const before = trips();
      const run = await contender.run();
      runs[at]?.push({ ...run, trips: trips() - before });
    }
  }
  const rows = contenders.map(({ name }, at) => {
    const own = runs[at] ?? [];
    const middle = (of: (run: Run & { trips: number }) => number): number => median(own.map(of));
    const [seconds, cpu] = [middle((run) => run.seconds), middle((run) => run.cpu)];
    return { name, seconds, cpu, memory: Math.max(...own.map((run) => run.memory)), trips: middle((run) => run.trips) };
  });
  process.stdout.write(`${render(what, rows)}\n`);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

interface Row extends Run {
  readonly name: string;
  readonly trips: number;
}

/** A comparison as a Markdown table. */
function render(what: string, rows: readonly Row[]): string {
  const counted = rows.some(({ trips }) => trips > 0);
  const line = (...cells: string[]): string => `| ${cells.join(' | ')} |`;
  const columns = ['program', 'seconds', 'ratio', 'CPU', 'MiB', ...(counted ? ['round trips'] : [])];
  const base = rows[0]?.seconds ?? 1;
  const lines = rows.map(({ name, seconds, cpu, memory, trips }) =>
    line(
      name,
      seconds.toFixed(seconds < 0.1 ? 3 : 2),
      (seconds / base).toFixed(2),
      cpu.toFixed(2),
      String(Math.round(memory)),
      ...(counted ? [String(trips)] : []),
    ),
  );
  return [`### ${what}`, '', line(...columns), line(...columns.map(() => '---')), ...lines, ''].join('\n');
}

/** What else the machine was doing: the load of the last minute, before a bench and behind it. */
export function sayLoad(when: string): void {
  process.stdout.write(`Load ${when}: ${loadavg()[0]?.toFixed(1)}\n\n`);
}

/** Whether peers are all here; where not, says so, since a table that is missing must not look like one forgotten. */
export function here(what: string, needs: readonly Need[]): boolean {
  const lacking = missing(needs);
  if (lacking.length > 0)
    process.stdout.write(`### ${what}\n\nLeft out: this machine lacks ${lacking.join(', ')}.\n\n`);
  return lacking.length === 0;
}
