/** `openssl s_server` on loopback, for one test: a TLS server that can be made as old and as weak as a test asks. */
import { spawn } from 'node:child_process';
import type { TestContext } from 'node:test';

/** Starts one with these arguments, and resolves to its port. It ends with the test. */
export function startSServer(t: TestContext, args: readonly string[]): Promise<number> {
  const child = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...args]);
  t.after(() => child.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (piece: Buffer): void => {
      said += String(piece);
      const port = /^ACCEPT 127\.0\.0\.1:(\d+)$/m.exec(said)?.[1];
      if (port !== undefined) resolve(Number(port));
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`openssl s_server ${args.join(' ')} ended with ${code}: ${said}`)));
  });
}
