/**
 * Loopback ports for servers that cannot be told to pick one themselves.
 *
 * Why: Dovecot and Postfix read their ports from a file before they bind, so "port 0" is no help, and several test
 * files start servers at the same moment. A port is therefore reserved across processes until this one ends. The
 * range lies below the one the kernel hands out to clients (32768 and up on Linux), so no outgoing connection can take
 * a port between the reservation and the server's own bind. What this file must never know: which server it is for.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';

const FIRST = 20_000;
const LAST = 32_000;

/** A number of different free ports on 127.0.0.1, reserved for this process. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  const start = Math.floor(Math.random() * (LAST - FIRST));
  for (let step = 0; ports.length < count; step += 1) {
    if (step === LAST - FIRST) throw new Error(`No ${count} free ports between ${FIRST} and ${LAST} on 127.0.0.1.`);
    const port = FIRST + ((start + step) % (LAST - FIRST));
    if ((await reserve(port)) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

/**
 * A listening socket in Linux's abstract namespace serves as the lock: it belongs to one process, leaves nothing on
 * the disk, and disappears with the process however that ends.
 */
async function reserve(port: number): Promise<boolean> {
  const lock = createServer();
  if (!(await listens(lock, { path: `\0posthorn-test-port-${port}` }))) return false;
  lock.unref();
  return true;
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  if (!(await listens(probe, { host: '127.0.0.1', port }))) return false;
  probe.close();
  await once(probe, 'close');
  return true;
}

async function listens(server: ReturnType<typeof createServer>, where: object): Promise<boolean> {
  server.listen(where);
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  }
}
