/**
 * The program in the test's own process, from its source: for the sweeps that run it a thousand times. What only a
 * process of its own can show (bundle, signals, a real terminal) is test/support/program.ts.
 */
import { Readable, Writable } from 'node:stream';
import { main } from '../../src/cli/main.ts';
import type { Ended, RunOptions } from './program.ts';

export interface HereOptions extends RunOptions {
  /** As on a terminal of so many columns; without it, on a pipe. */
  readonly columns?: number;
}

/** @param env of the run, whole; relative paths are from the current folder. */
export async function runHere(
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  { env: more, stdin = '', columns }: HereOptions = {},
): Promise<Ended> {
  const said = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const stream = (name: keyof typeof said) =>
    Object.assign(
      new Writable({
        decodeStrings: true,
        write: (chunk: Buffer, _, done) => {
          said[name].push(chunk);
          done();
        },
      }),
      columns === undefined ? {} : { isTTY: true, columns },
    ) as unknown as NodeJS.WriteStream;
  const program = {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    env: { ...env, ...more },
    getuid: () => process.getuid?.() ?? 0,
  };
  const code = await main(args, program);
  return { code, stdout: Buffer.concat(said.stdout).toString(), stderr: Buffer.concat(said.stderr).toString() };
}
