/**
 * A way to a server that comes to a halt at an exact point of the conversation, so that the program can be killed there.
 *
 * Why: killed at a random moment, a fetch over loopback is nearly always before its first message or behind its last.
 * What this file must never know: what is being said.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Scope } from './process.ts';

/** Where the conversation comes to a halt: whichever is reached first. */
export interface Halt {
  /** When so many octets have been passed to the client. */
  readonly octets?: number;
  /** Before the request that matches is passed on; those in front of it are. */
  readonly before?: RegExp;
  /** When the request that matches was passed on, before its answer is. */
  readonly behind?: RegExp;
}

export interface StallingProxy {
  readonly port: number;
  /** Makes the next connection come to a halt; resolves when it has. Other connections are passed on whole. */
  halt(where: Halt): Promise<void>;
  /** Breaks every connection. */
  cut(): void;
}

/** Passes connections on to a server on loopback. All of them end with the scope. */
export async function startProxy(scope: Scope, target: { host: string; port: number }): Promise<StallingProxy> {
  const sockets = new Set<Socket>();
  let next: { where: Halt; halted: () => void } | undefined;
  const server = createServer((client) => {
    const upstream = connect(target);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    join(client, upstream, next?.where ?? {}, next?.halted ?? (() => undefined));
    next = undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  scope.after(async () => {
    cut();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    halt: (where) =>
      new Promise((halted) => {
        next = { where, halted };
      }),
    cut,
  };
}

function join(client: Socket, upstream: Socket, { octets, before, behind }: Halt, halted: () => void): void {
  let left = octets ?? Number.POSITIVE_INFINITY;
  let open = true;
  const stop = (): void => {
    open = false;
    // Nothing more is taken either, so that what the client still has to send piles up with it.
    client.pause();
    halted();
  };
  client.on('data', (request) => {
    if (!open) return;
    const text = request.toString('latin1');
    const end = before === undefined ? -1 : text.search(before);
    if (end >= 0 || behind?.test(text)) stop();
    upstream.write(end < 0 ? request : request.subarray(0, end));
  });
  upstream.on('data', (answer) => {
    if (!open) return;
    client.write(answer.subarray(0, left));
    left -= answer.length;
    if (left <= 0) stop();
  });
  // After the halt not even the server's goodbye is passed on.
  upstream.on('end', () => open && client.end()).on('close', () => open && client.destroy());
  client.on('close', () => upstream.destroy());
}
