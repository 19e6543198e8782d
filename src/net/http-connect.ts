/**
 * HTTP CONNECT, the client's side: the request, and a parser of the head of the answer (RFC 9110 §9.3.6, RFC 9112). Pure.
 *
 * Only the status counts. Whatever else the head says is read past; behind a success there is no body (§9.3.6), and
 * behind a refusal nobody reads on.
 */
import { LimitError, ProtocolError } from '../errors.ts';
import { asBuffer, LF, latin1 } from '../wire/bytes.ts';
import type { Parser } from '../wire/parser.ts';

/** Octets of a whole head, interim ones included. */
const MAX_HEAD = 16 * 1024;

export interface HttpStatus {
  readonly code: number;
  /** The proxy's own words. */
  readonly reason: string;
}

/** `host` is a name or an address; `login` is one of `basicLogin`. */
export function connectRequest(host: string, port: number, login?: string): Uint8Array {
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const lines = [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`];
  if (login !== undefined) lines.push(`Proxy-Authorization: Basic ${login}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/** `user` has no colon (RFC 7617 §2). */
export function basicLogin(user: string, password: string): string {
  return Buffer.from(`${user}:${password}`).toString('base64');
}

export class StatusParser implements Parser<HttpStatus> {
  result: { readonly value: HttpStatus } | undefined;
  #status: HttpStatus | undefined;
  #line = '';
  #length = 0;

  push(bytes: Uint8Array): number {
    const chunk = asBuffer(bytes);
    let taken = 0;
    while (this.result === undefined && taken < chunk.length) {
      const end = chunk.indexOf(LF, taken);
      const piece = chunk.subarray(taken, end < 0 ? chunk.length : end + 1);
      taken += piece.length;
      this.#length += piece.length;
      if (this.#length > MAX_HEAD) throw new LimitError('bad-proxy', 'The proxy answers with too long a header.');
      this.#line += latin1(piece);
      if (this.#status === undefined && !'HTTP/1.'.startsWith(this.#line.slice(0, 7))) throw notHttp();
      if (end >= 0) this.#take(this.#line.replace(/\r?\n$/, ''));
    }
    return taken;
  }

  #take(line: string): void {
    this.#line = '';
    if (this.#status === undefined) {
      const [, code, reason = ''] = /^HTTP\/1\.\d ([1-5]\d\d)(?: (.*))?$/.exec(line) ?? [];
      if (code === undefined) throw notHttp();
      this.#status = { code: Number(code), reason };
      return;
    }
    if (line !== '') return;
    // RFC 9110 §15.2: what is said before the answer.
    if (this.#status.code < 200) this.#status = undefined;
    else this.result = { value: this.#status };
  }
}

function notHttp(): ProtocolError {
  return new ProtocolError('bad-proxy', 'The proxy does not answer as HTTP proxies do.');
}
