/**
 * `user@host:port`, the part of a URL that says whom to reach as whom (RFC 3986 §3.2). Pure.
 *
 * Why not the platform's URL class: for schemes it does not know it leaves internationalised names alone and silently
 * removes tabs and line breaks, and its messages quote the whole text. Nothing of the text is ever quoted here, because
 * it may hold a password.
 */
import { domainToASCII } from 'node:url';
import type { UsageError } from '../errors.ts';

/** Makes an error of the end of a sentence that begins with "The … URL". */
export type Bad = (what: string) => UsageError;

export interface Authority {
  /** In lower case; A-labels for an internationalised name, no brackets around an IPv6 address. */
  readonly host: string;
  readonly port: number | undefined;
  /** Percent-decoded, without control characters. */
  readonly user: string | undefined;
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Reads what stands behind `//`. The host may be a name, an internationalised name, an IPv4 address or an IPv6 address
 * in brackets; a single `/` after it is allowed.
 *
 * @throws what `bad` makes of what is wrong; what `withPassword` makes of `user:password@`.
 */
export function parseAuthority(text: string, bad: Bad, withPassword: () => UsageError): Authority {
  const at = text.lastIndexOf('@');
  const userinfo = at < 0 ? undefined : text.slice(0, at);
  // Before any other complaint, so that a password with a slash or a colon in it gets this answer and no other.
  if (userinfo?.includes(':')) throw withPassword();
  const rest = text.slice(at + 1);
  const { host, port } = splitHostPort(rest.endsWith('/') ? rest.slice(0, -1) : rest, bad);
  const user = userinfo === undefined ? undefined : decodeUser(userinfo, bad);
  return { host: normalizeHost(host, bad), port, user };
}

function splitHostPort(authority: string, bad: Bad): { host: string; port: number | undefined } {
  if (/[/?#\\]/.test(authority)) throw bad('has something after the host; only user, host and port belong there');
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/s.exec(authority);
  if (!match) throw bad('has a malformed host; an IPv6 address needs brackets');
  const host = match[1]!;
  const digits = match[2];
  if (host === '' || host === '[]') throw bad('has no host');
  if (digits === undefined) return { host, port: undefined };
  const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > 65_535) throw bad('has a port that is not a number from 1 to 65535');
  return { host, port };
}

function normalizeHost(host: string, bad: Bad): string {
  if (host.startsWith('[')) {
    const literal = normalizeIpv6(host.slice(1, -1));
    if (literal === undefined) throw bad('has a malformed IPv6 address');
    return literal;
  }
  // A name in ASCII is only lowered: the platform would also turn "1" into 0.0.0.1 and decode %-sequences.
  const ascii = /^[!-~]*$/.test(host) ? host.toLowerCase() : /[\s%\p{Cc}]/u.test(host) ? '' : domainToASCII(host);
  const labels = (ascii.endsWith('.') ? ascii.slice(0, -1) : ascii).split('.');
  if (ascii.length > 253 || !labels.every((label) => LABEL.test(label))) throw bad('has a malformed host name');
  return ascii;
}

/** An IPv6 address in its canonical form; undefined for what is none. */
export function normalizeIpv6(text: string): string | undefined {
  // The platform's parser is the judge; anything else it would accept is ruled out beforehand.
  if (!/^[0-9A-Fa-f:.]+$/.test(text) || !URL.canParse(`http://[${text}]`)) return undefined;
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}

/** The user in front of `@`. */
export function decodeUser(userinfo: string, bad: Bad): string {
  const user = decode(userinfo, 'user name', bad);
  if (user === '') throw bad('has an empty user name');
  return user;
}

/** Undoes percent-encoding. CR and LF would end the line that text is put into; nothing we reach has them in its name. */
export function decode(text: string, what: string, bad: Bad): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw bad(`has a malformed %-sequence in its ${what}`);
  }
  if (/\p{Cc}/u.test(decoded)) throw bad(`has a control character in its ${what}`);
  return decoded;
}
