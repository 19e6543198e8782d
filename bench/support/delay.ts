/** A stretch of network: everything through it takes `oneWay` milliseconds in each direction, in order. */
import { connect, createServer, type Socket } from 'node:net';

export interface DelayedRoad {
  readonly port: number;
  /** Round trips counted so far: times the direction of talk turned from client to server. */
  trips(): number;
  close(): void;
}

/** Listens on loopback and passes everything on to `port`. */
export async function delayedRoad(port: number, oneWay: number): Promise<DelayedRoad> {
  const sockets = new Set<Socket>();
  let [trips, speaker] = [0, 'server'];
  const forward = (from: Socket, to: Socket, who: 'client' | 'server'): void => {
    sockets.add(from);
    from.setNoDelay(true).on('error', () => from.destroy());
    from.on('data', (chunk) => {
      if (who === 'client' && speaker === 'server') trips += 1;
      speaker = who;
      setTimeout(() => to.writable && to.write(chunk), oneWay);
    });
    from.on('end', () => setTimeout(() => to.end(), oneWay)).on('close', () => sockets.delete(from));
  };
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    forward(client, upstream, 'client');
    forward(upstream, client, 'server');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    trips: () => trips,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
