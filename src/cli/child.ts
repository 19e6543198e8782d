/**
 * A program of the person's that is run beside our work: without a shell, without our secrets, for a limited time.
 *
 * What it says is read so that it cannot block, and thrown away but for its first line of complaint. It leads a process
 * group of its own, so that what it started ends with it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { withoutSecrets } from '../config/secrets.ts';
import { splitWords, whyNotStarted } from './command-line.ts';

/** Of its complaint. Octets. */
const MOST = 4096;

export interface ChildOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Besides the environment. */
  readonly variables: Readonly<Record<string, string>>;
  readonly input: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

/** How it ended. `complaint` is the first line it wrote to standard error; any text. */
export type ChildEnd = { readonly complaint: string } & ({ readonly code: number } | { readonly failure: string });

/** Runs a command line. Never rejects. */
export async function runChild(command: string, options: ChildOptions): Promise<ChildEnd> {
  const [program = '', ...args] = splitWords(command);
  const child = spawn(program, args, {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...withoutSecrets(options.env), ...options.variables },
    detached: true,
  });
  let why: string | undefined;
  const end = (reason: string) => {
    why ??= reason;
    if (child.pid !== undefined) killGroup(child.pid);
  };
  const stopped = () => end('was stopped');
  const timer = setTimeout(() => end(`did not end within ${options.timeout / 1000} seconds`), options.timeout);
  options.signal?.addEventListener('abort', stopped, { once: true });
  const said: Buffer[] = [];
  let octets = 0;
  child.stderr.on('data', (chunk: Buffer) => {
    if (octets < MOST) said.push(chunk);
    octets += chunk.length;
  });
  // A program that does not want to read all of it is no failure by itself: its exit code says.
  const fed = pipeline(Readable.from(options.input), child.stdin).catch((error: unknown) => {
    if (!isClosedPipe(error)) end('could not be given the message');
  });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    // What it left behind would hold the pipes open.
    if (child.pid !== undefined) killGroup(child.pid);
    await fed;
    const complaint = Buffer.concat(said).toString().split('\n', 1)[0] ?? '';
    if (why !== undefined) return { failure: why, complaint };
    return code === null ? { failure: 'was ended by a signal', complaint } : { code, complaint };
  } catch (error) {
    return { failure: `could not be started: ${whyNotStarted(error)}`, complaint: '' };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stopped);
    child.stderr.destroy();
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // None of it is left.
  }
}

function isClosedPipe(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return (
    code === 'EPIPE' ||
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    code === 'ERR_STREAM_DESTROYED' ||
    code === 'ECONNRESET'
  );
}
