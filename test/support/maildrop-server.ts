/** A POP3 server whose maildrop is an array, with unique ids of any kind: what it keeps between sessions is the test's to change. */
import type { TestContext } from 'node:test';
import { type LineServer, startLineServer } from './line-server.ts';

export interface Letter {
  readonly uidl: string;
  readonly text: string;
}

export interface MaildropServer extends LineServer {
  /** What it has, oldest first. */
  readonly letters: Letter[];
}

/** `answer` is asked first, and may answer for it; undefined leaves it to the server, null ends the connection. */
export async function startMaildropServer(
  t: TestContext,
  letters: readonly Letter[] = [],
  answer: (line: string) => string | undefined | null = () => undefined,
): Promise<MaildropServer> {
  const own = [...letters];
  const marked = new Set<number>();
  const listing = (row: (letter: Letter) => string | number): string =>
    `+OK\r\n${own.map((letter, at) => `${at + 1} ${row(letter)}\r\n`).join('')}.\r\n`;
  const obey = (line: string): string => {
    const [verb = '', argument = ''] = line.split(' ');
    const text = own[Number(argument) - 1]?.text ?? '';
    if (verb === 'PASS') marked.clear();
    if (verb === 'DELE') marked.add(Number(argument) - 1);
    if (verb === 'QUIT') own.splice(0, own.length, ...own.filter((_, at) => !marked.has(at)));
    if (verb === 'CAPA') return '+OK\r\nUSER\r\nUIDL\r\nTOP\r\nPIPELINING\r\n.\r\n';
    if (verb === 'STAT') return `+OK ${own.length} ${own.reduce((sum, each) => sum + each.text.length, 0)}\r\n`;
    if (verb === 'LIST') return listing((each) => each.text.length);
    if (verb === 'UIDL') return listing(({ uidl }) => uidl);
    if (verb === 'RETR') return `+OK\r\n${text}.\r\n`;
    if (verb === 'TOP') return `+OK\r\n${text.slice(0, text.indexOf('\r\n\r\n') + 4)}.\r\n`;
    return '+OK\r\n';
  };
  const server = await startLineServer(t, '+OK hi\r\n', (line) => {
    const said = answer(line);
    return said === undefined ? obey(line) : said;
  });
  return { ...server, letters: own };
}

/** A letter with a subject and a body of so many letters. */
export function letter(uidl: string, length = 10): Letter {
  return {
    uidl,
    text: `From: a@example.org\r\nSubject: ${uidl}\r\nContent-Type: text/html\r\n\r\n${'x'.repeat(length)}\r\n`,
  };
}
