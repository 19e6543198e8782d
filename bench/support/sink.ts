/**
 * An SMTP server that does as little as one can: it answers, and drops what it gets. In a process of its own, so that
 * what is measured is the client. `SINK_KEYWORDS` replaces what it offers.
 *
 * Prints one line of JSON: its ports (plain and TLS) and the authority to trust.
 */
import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { makeIdentity } from '../../src/sandbox/certificate.ts';

const KEYWORDS = (process.env['SINK_KEYWORDS'] ?? 'PIPELINING CHUNKING 8BITMIME SMTPUTF8 ENHANCEDSTATUSCODES').split(
  ' ',
);
const TAKEN = '250 2.0.0 taken\r\n';
const DOT_CRLF = Buffer.from('.\r\n');
const CR = 13;
const LF = 10;

/** One connection: commands by line, a body up to its end, a chunk by its count. */
class Session {
  readonly #socket: Socket;
  #input: Buffer = Buffer.alloc(0);
  #inData = false;
  /** Octets of a BDAT chunk still to come. */
  #chunk = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket
      .setNoDelay(true)
      .on('data', (bytes: Buffer) => this.#take(bytes))
      .on('error', () => socket.destroy());
    socket.write('220 sink\r\n');
  }

  #take(bytes: Buffer): void {
    this.#input = this.#input.length === 0 ? bytes : Buffer.concat([this.#input, bytes]);
    let replies = '';
    for (let reply = this.#step(); reply !== undefined; reply = this.#step()) replies += reply;
    if (replies !== '') this.#socket.write(replies);
  }

  /** What is to be said next; undefined when more has to come first. */
  #step(): string | undefined {
    if (this.#chunk > 0) {
      const taken = Math.min(this.#chunk, this.#input.length);
      this.#chunk -= taken;
      this.#input = this.#input.subarray(taken);
      return this.#chunk > 0 || taken === 0 ? undefined : TAKEN;
    }
    if (this.#inData) {
      const end = endOfData(this.#input);
      // Only what may begin the end is kept.
      this.#input = this.#input.subarray(end < 0 ? Math.max(0, this.#input.length - 4) : end);
      if (end < 0) return undefined;
      this.#inData = false;
      return TAKEN;
    }
    const end = this.#input.indexOf('\r\n');
    if (end < 0) return undefined;
    const line = this.#input.toString('latin1', 0, end);
    this.#input = this.#input.subarray(end + 2);
    return this.#answer(line);
  }

  #answer(line: string): string {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO')
      return `250-sink\r\n${KEYWORDS.map((word, at) => `250${at === KEYWORDS.length - 1 ? ' ' : '-'}${word}\r\n`).join('')}`;
    if (verb === 'DATA') {
      this.#inData = true;
      return '354 go on\r\n';
    }
    if (verb === 'BDAT') {
      this.#chunk = Number(line.split(' ')[1]);
      return this.#chunk === 0 ? TAKEN : '';
    }
    if (verb !== 'QUIT') return '250 2.0.0 ok\r\n';
    setImmediate(() => this.#socket.end());
    return '221 2.0.0 bye\r\n';
  }
}

/** Where the octets behind CRLF dot CRLF begin; -1 without one. Dots are rarer than line ends, so they are searched for. */
function endOfData(input: Buffer): number {
  for (let dot = input.indexOf(DOT_CRLF, 2); dot >= 0; dot = input.indexOf(DOT_CRLF, dot + 1))
    if (input[dot - 2] === CR && input[dot - 1] === LF) return dot + DOT_CRLF.length;
  return -1;
}

const identity = await makeIdentity();
const plain = createServer((socket) => void new Session(socket));
const secure = createTlsServer({ cert: identity.certificate, key: identity.key }, (socket) => void new Session(socket));
const port = (server: typeof plain): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
process.stdout.write(
  `${JSON.stringify({ plain: await port(plain), tls: await port(secure), authority: identity.authority })}\n`,
);
process.on('disconnect', () => process.exit(0));
