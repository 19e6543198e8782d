/**
 * Two small proxies on loopback, SOCKS 5 and HTTP CONNECT, written for the tests alone: whatever name they are asked
 * for, they connect to 127.0.0.1 at the port that was asked for, and remember what was asked.
 */
import { createServer, connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { onLoopback } from './loopback.ts';

export interface TinyProxy {
  readonly port: number;
  /** What was asked for: `mail.test:995`, an entry each. */
  readonly asked: string[];
  /** All that was said to it, and through it. */
  heard(): Buffer;
}

export interface TinyProxyOptions {
  /** Asked of whoever comes, as `user:password`. */
  readonly login?: string | undefined;
  /** Sends its answer in one segment with the first words of the server. */
  readonly glued?: boolean | undefined;
}

/** Collects octets and hands out the first so many of them once they are there. */
function reader(socket: Socket) {
  let got = Buffer.alloc(0);
  let wake = (): void => undefined;
  const gather = (chunk: Buffer): void => {
    got = Buffer.concat([got, chunk]);
    wake();
  };
  socket.on('data', gather);
  const until = async (enough: () => number): Promise<Buffer> => {
    while (enough() < 0 || enough() > got.length) await new Promise<void>((resolve) => void (wake = resolve));
    const piece = got.subarray(0, enough());
    got = got.subarray(piece.length);
    return piece;
  };
  return {
    octets: (count: number) => until(() => count),
    head: () =>
      until(() => {
        const end = got.indexOf('\r\n\r\n');
        return end < 0 ? -1 : end + 4;
      }),
    /** No more is read here. */
    rest: () => {
      socket.off('data', gather);
      return got;
    },
  };
}

function relay(client: Socket, port: number, answer: Buffer, left: Buffer, glued: boolean): void {
  const server = connect(port, '127.0.0.1');
  server.on('error', () => client.destroy());
  client.on('close', () => server.destroy());
  server.write(left);
  client.pipe(server);
  const join = (first: Buffer): void => {
    client.write(Buffer.concat([answer, first]));
    server.pipe(client);
  };
  if (glued) server.once('data', join);
  else server.once('connect', () => join(Buffer.alloc(0)));
}

export async function startSocks(t: TestContext, { login, glued = false }: TinyProxyOptions = {}): Promise<TinyProxy> {
  const asked: string[] = [];
  const serve = async (socket: Socket): Promise<void> => {
    const { octets, rest } = reader(socket);
    const [, count = 0] = await octets(2);
    const method = login === undefined ? 0 : 2;
    if (!(await octets(count)).includes(method)) return void socket.end(Buffer.from([5, 0xff]));
    socket.write(Buffer.from([5, method]));
    if (login !== undefined) {
      const text = async () => String(await octets((await octets(1))[0] ?? 0));
      await octets(1);
      const right = `${await text()}:${await text()}` === login;
      socket.write(Buffer.from([1, right ? 0 : 1]));
      if (!right) return void socket.end();
    }
    const [, , , kind = 0] = await octets(4);
    const length = kind === 3 ? ((await octets(1))[0] ?? 0) : kind === 1 ? 4 : 16;
    const address = await octets(length);
    const port = (await octets(2)).readUInt16BE();
    asked.push(`${kind === 3 ? String(address) : kind === 1 ? address.join('.') : address.toString('hex')}:${port}`);
    relay(socket, port, Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 80]), rest(), glued);
  };
  const { port, heard } = await onLoopback(t, createServer(), (socket) => void serve(socket));
  return { port, asked, heard };
}

export async function startHttpProxy(t: TestContext, options: TinyProxyOptions = {}): Promise<TinyProxy> {
  const { login, glued = false } = options;
  const asked: string[] = [];
  const serve = async (socket: Socket): Promise<void> => {
    const { head, rest } = reader(socket);
    const text = String(await head());
    const [, target = '', port = ''] = /^CONNECT (\S+):(\d+) HTTP\/1\.1\r\nHost: \1:\2\r\n/.exec(text) ?? [];
    const secret = Buffer.from(login ?? '').toString('base64');
    const said = /^Proxy-Authorization: Basic (\S+)\r$/m.exec(text)?.[1];
    if (login !== undefined && said !== secret)
      return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\nno');
    asked.push(`${target}:${port}`);
    const answer = Buffer.from('HTTP/1.1 200 Connection established\r\nVia: 1.1 tiny\r\n\r\n');
    relay(socket, Number(port), answer, rest(), glued);
  };
  const { port, heard } = await onLoopback(t, createServer(), (socket) => void serve(socket));
  return { port, asked, heard };
}
