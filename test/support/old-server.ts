/** A POP3 server from before RFC 2449: no CAPA, no UIDL, no TOP, one command at a time. Its maildrop is an array. */
import type { TestContext } from 'node:test';
import { type LineServer, startLineServer } from './line-server.ts';

export interface OldServer extends LineServer {
  /** What it has; a test may add to it, or take away, between two sessions. */
  readonly messages: string[];
  /** How many messages were asked for until now. */
  retrieved(): number;
}

/** `answer` is asked first, and may answer for it; undefined leaves it to the server, null ends the connection. */
export async function startOldServer(
  t: TestContext,
  messages: readonly string[],
  answer: (line: string) => string | undefined | null = () => undefined,
): Promise<OldServer> {
  const own = [...messages];
  const marked = new Set<number>();
  const server = await startLineServer(t, '+OK old\r\n', (line) => {
    const own = answer(line);
    return own === undefined ? obey(line) : own;
  });

  function obey(line: string): string {
    const [verb = '', argument = ''] = line.split(' ');
    const number = Number(argument);
    switch (verb) {
      case 'PASS':
        marked.clear();
        return '+OK\r\n';
      case 'USER':
      case 'NOOP':
        return '+OK\r\n';
      case 'STAT':
        return `+OK ${own.length} ${own.join('').length}\r\n`;
      case 'LIST':
        return `+OK\r\n${own.map((text, at) => `${at + 1} ${text.length}\r\n`).join('')}.\r\n`;
      case 'RETR':
        return `+OK\r\n${own[number - 1]}.\r\n`;
      case 'DELE':
        marked.add(number - 1);
        return '+OK\r\n';
      case 'QUIT':
        own.splice(0, own.length, ...own.filter((_, at) => !marked.has(at)));
        return '+OK\r\n';
      default:
        return '-ERR unknown command\r\n';
    }
  }

  return { ...server, messages: own, retrieved: () => server.heard().split('RETR ').length - 1 };
}
