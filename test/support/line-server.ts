/** A server that says one line for each line it hears: as a server may be, or as no server should be. */
import { createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { onLoopback } from './loopback.ts';

export interface LineServer {
  readonly port: number;
  /** All that clients said. */
  heard(): string;
  connections(): number;
}

/**
 * @param greeting what is said first, with its CRLF.
 * @param answer what to say to a command line, with its CRLFs; undefined is silence, null the end of the connection.
 */
export async function startLineServer(
  t: TestContext,
  greeting: string,
  answer: (line: string) => string | undefined | null,
): Promise<LineServer> {
  let connections = 0;
  const { port, heard } = await onLoopback(t, createServer(), (socket: Socket) => {
    connections += 1;
    socket.write(greeting, 'latin1');
    let rest = '';
    socket.on('data', (piece: Buffer) => {
      const lines = (rest + piece.toString('latin1')).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const said = answer(line);
        if (said === null) socket.end();
        else if (said !== undefined) socket.write(said, 'latin1');
      }
    });
  });
  return { port, heard: () => heard().toString('latin1'), connections: () => connections };
}

/** An SMTP server that takes everything, without TLS and login. */
export function obliging(line: string): string {
  const verb = line.slice(0, 4).toUpperCase();
  if (verb === 'EHLO') return '250 fake\r\n';
  if (verb === 'QUIT') return '221 bye\r\n';
  if (verb === 'DATA') return '354 go on\r\n';
  return '250 ok\r\n';
}
