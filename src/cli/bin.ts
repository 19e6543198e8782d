/**
 * The entry of the bundle: gives the process to `main` and takes an exit code back.
 *
 * A first Ctrl-C or SIGTERM lets the work end cleanly; a second one does what the system does by itself: it ends the
 * program at once.
 */
import { main } from './main.ts';
import { safeText } from './terminal.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Milliseconds. */
const GRACE = 500;

const stop = new AbortController();
const stopped = (signal: string): void => {
  for (const name of SIGNALS) process.off(name, stopped);
  stop.abort(signal);
};
for (const signal of SIGNALS) process.on(signal, stopped);

// What no code of ours has caught: one line, as for every other fault, and never a stack trace.
process.on('uncaughtException', (error) => {
  process.stderr.write(`posthorn: a fault of Posthorn's own: ${safeText(String(error))}\n`);
  process.exit(70);
});

// Some releases of Node 24 announce on standard error that their SQLite is young.
const { emitWarning } = process;
process.emitWarning = (warning: string | Error, ...details: unknown[]) => {
  if (details[0] !== 'ExperimentalWarning') Reflect.apply(emitWarning, process, [warning, ...details]);
};

// Node would announce on standard error that it obeys this variable. Nothing here does, and whoever set it is told so.
const env = { ...process.env };
delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
const program = Object.create(process, { env: { value: env }, on: { value: process.on.bind(process) } }) as never;

void main(process.argv.slice(2), program, stop).then((code) => {
  process.exitCode = code;
  // A thread that waits for somebody to open the other end of a named pipe holds up even process.exit.
  if (stop.signal.aborted) setTimeout(() => process.kill(process.pid, 'SIGINT'), GRACE).unref();
});
