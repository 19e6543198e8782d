/**
 * SOCKS 5, the client's side: the octets of requests, and parsers of replies (RFC 1928), with a user name and a password
 * where the proxy asks for them (RFC 1929). Pure.
 *
 * A host's name goes to the proxy as it is: the proxy looks it up, so that nothing of where we go is asked of a name
 * server here.
 */
import { isIP } from 'node:net';
import { ProtocolError } from '../errors.ts';
import type { Parser } from '../wire/parser.ts';

const VERSION = 5;
/** Of the sub-negotiation of RFC 1929. */
const LOGIN_VERSION = 1;
const CONNECT = 1;

/** RFC 1928 §3. */
export const METHOD = { none: 0, password: 2, refused: 0xff } as const;

/** RFC 1928 §5: the kinds of address, and the octets of those with a fixed length. */
const IPV4 = { kind: 1, length: 4 };
const NAME = 3;
const IPV6 = { kind: 4, length: 16 };

/** The ways to log in that we know; that of a password only where there is one. */
export function greeting(withPassword: boolean): Uint8Array {
  const methods = withPassword ? [METHOD.none, METHOD.password] : [METHOD.none];
  return Uint8Array.from([VERSION, methods.length, ...methods]);
}

/** `user` and `password` have 1 to 255 octets each. */
export function login(user: string, password: string): Uint8Array {
  const [name, secret] = [Buffer.from(user), Buffer.from(password)];
  return Uint8Array.from([LOGIN_VERSION, name.length, ...name, secret.length, ...secret]);
}

/** Asks for a connection. `host` is an address, or a name of at most 255 octets. */
export function connectRequest(host: string, port: number): Uint8Array {
  return Uint8Array.from([VERSION, CONNECT, 0, ...addressOctets(host), port >> 8, port & 0xff]);
}

function addressOctets(host: string): number[] {
  const family = isIP(host);
  if (family === 4) return [IPV4.kind, ...host.split('.').map(Number)];
  if (family === 6) return [IPV6.kind, ...ipv6Octets(host)];
  const name = Buffer.from(host);
  return [NAME, name.length, ...name];
}

/** The platform's parser brings an address into a form without an IPv4 address in it (RFC 5952). */
function ipv6Octets(address: string): number[] {
  const [front = '', back] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const [head, tail] = [groups(front), groups(back ?? '')];
  const all = [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
  return all.map((group) => Number.parseInt(group, 16)).flatMap((group) => [group >> 8, group & 0xff]);
}

/** Octets whose beginning tells how many there are. */
class Octets<T> implements Parser<T> {
  result: { readonly value: T } | undefined;
  #got = new Uint8Array();
  /** How many there will be, as far as those that are there tell. */
  readonly #length: (got: Uint8Array) => number;
  readonly #read: (got: Uint8Array) => T;

  constructor(length: (got: Uint8Array) => number, read: (got: Uint8Array) => T) {
    this.#length = length;
    this.#read = read;
  }

  push(bytes: Uint8Array): number {
    let taken = 0;
    while (this.result === undefined && taken < bytes.length) {
      const missing = this.#length(this.#got) - this.#got.length;
      const piece = bytes.subarray(taken, taken + missing);
      taken += piece.length;
      this.#got = Buffer.concat([this.#got, piece]);
      if (this.#length(this.#got) === this.#got.length) this.result = { value: this.#read(this.#got) };
    }
    return taken;
  }
}

/** The method the proxy chose, one of `METHOD` or one that was not offered. */
export function methodParser(): Parser<number> {
  return new Octets(([version]) => expecting(VERSION, version, 2), second);
}

/** Whether the proxy took the login. RFC 1929 §2: 0, and nothing else. */
export function loginParser(): Parser<boolean> {
  return new Octets(
    ([version]) => expecting(LOGIN_VERSION, version, 2),
    (got) => second(got) === 0,
  );
}

/** The reply to `connectRequest`: 0 for a connection, else one of the codes of RFC 1928 §6. */
export function replyParser(): Parser<number> {
  return new Octets(replyLength, second);
}

/** Of a refusal only the code is read: some proxies hang up behind it. The address they connect from is of no use. */
function replyLength([version, code, , kind, first]: Uint8Array): number {
  if (expecting(VERSION, version, 2) && code === undefined) return 2;
  if (code !== 0) return 2;
  if (kind === undefined) return 4;
  if (kind === NAME) return first === undefined ? 5 : 7 + first;
  const known = [IPV4, IPV6].find((each) => each.kind === kind);
  if (known === undefined) throw notSocks();
  return 6 + known.length;
}

function expecting(version: number, got: number | undefined, length: number): number {
  if (got !== undefined && got !== version) throw notSocks();
  return length;
}

function second(got: Uint8Array): number {
  return got[1] ?? METHOD.refused;
}

function notSocks(): ProtocolError {
  return new ProtocolError('bad-proxy', 'The proxy does not answer as SOCKS 5 proxies do.');
}
