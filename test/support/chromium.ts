/** Debian's Chromium without a window; the one name it can find leads to a server of the test's own, which counts who comes. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, chromium } from 'playwright-core';
import type { Scope } from './process.ts';

const PROGRAM = '/usr/bin/chromium';

/** False, or why tests that need it are skipped. */
export const noChromium = existsSync(PROGRAM) ? false : 'needs chromium';

export interface Visited {
  readonly browser: Browser;
  /** The address of the server, without a path. */
  readonly origin: string;
  /** What was asked for so far. */
  readonly requests: string[];
  /** How many connections were made so far, also such that asked for nothing. */
  connections(): number;
}

export async function startChromium(scope: Scope): Promise<Visited> {
  const requests: string[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.end('x');
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const flags =
    '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
  const browser = await chromium.launch({
    executablePath: PROGRAM,
    args: [...flags.split(' '), `--host-resolver-rules=MAP tracker.example 127.0.0.1:${port}, MAP * ~NOTFOUND`],
  });
  scope.after(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
  });
  return { browser, origin: `http://tracker.example:${port}`, requests, connections: () => connections };
}
