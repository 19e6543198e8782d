/** A bare server on loopback for one test, which remembers every octet it heard. */
import type { AddressInfo, Server, Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** Listens on a free port; each connection is given to `serve`. The server and its connections end with the test. */
export async function onLoopback(
  t: TestContext,
  server: Server,
  serve: (socket: Socket) => void,
): Promise<{ port: number; heard: () => Buffer }> {
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    // A TLS server reads its sockets itself.
    if (server.listenerCount('secureConnection') === 0) socket.on('data', (chunk) => heard.push(chunk));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, heard: () => Buffer.concat(heard) };
}
