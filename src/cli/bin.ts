/**
 * The entry of the bundle: gives the process to `main` and takes an exit code back.
 *
 * A first Ctrl-C or SIGTERM lets the work end cleanly; a second one ends the program at once.
 */
import { main } from './main.ts';
import { safeText } from './terminal.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    stop.abort(signal);
    process.once(signal, () => process.exit(130));
  });
}

// What no code of ours has caught: one line, as for every other fault, and never a stack trace.
process.on('uncaughtException', (error) => {
  process.stderr.write(`posthorn: a fault of Posthorn's own: ${safeText(String(error))}\n`);
  process.exit(70);
});

void main(process.argv.slice(2), process as never, stop).then((code) => {
  process.exitCode = code;
});
