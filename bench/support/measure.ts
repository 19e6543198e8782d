/** Runs programs alternately and compares them: medians, ratios, and the most memory each had. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Run {
  readonly seconds: number;
  /** The most resident memory of the process, MiB. */
  readonly memory: number;
}

export interface Contender {
  readonly name: string;
  /** One run, from nothing to done. */
  run(): Promise<Run>;
}

/** Runs a program to its end. @throws when it fails. */
export function runProgram(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const started = performance.now();
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
      if (code === 0) resolve({ seconds, memory });
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${said}`));
    });
  });
}

/** A script of this folder in a process of its own: what is measured includes the start, as for any other program. */
export function runScript(path: string, args: readonly string[]): Promise<Run> {
  return runProgram(process.execPath, [path, ...args]);
}

export interface Comparison {
  readonly what: string;
  readonly rows: readonly {
    readonly name: string;
    readonly seconds: number;
    readonly memory: number;
    readonly ratio: number;
  }[];
}

/** Runs all contenders `rounds` times in turn; ratios are to the first: 2 means that it took twice as long. */
export async function compare(what: string, rounds: number, contenders: readonly Contender[]): Promise<Comparison> {
  const runs = contenders.map((): Run[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, contender] of contenders.entries()) runs[at]?.push(await contender.run());
  }
  const seconds = runs.map((each) => median(each.map((run) => run.seconds)));
  const rows = contenders.map(({ name }, at) => ({
    name,
    seconds: seconds[at] ?? 0,
    memory: Math.max(...(runs[at] ?? []).map((run) => run.memory)),
    ratio: (seconds[at] ?? 0) / (seconds[0] ?? 1),
  }));
  const comparison = { what, rows };
  process.stdout.write(`${render(comparison)}\n`);
  return comparison;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** A comparison as a Markdown table. */
export function render({ what, rows }: Comparison): string {
  const lines = rows.map(
    ({ name, seconds, memory, ratio }) =>
      `| ${name} | ${seconds.toFixed(2)} | ${ratio.toFixed(2)} | ${Math.round(memory)} |`,
  );
  return [`### ${what}`, '', '| program | seconds | ratio | MiB |', '|---|---|---|---|', ...lines, ''].join('\n');
}
