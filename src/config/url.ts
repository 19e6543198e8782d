/**
 * Server addresses as URLs: `pop3s://ann%40example.org@mail.example.org`, `smtp+unix:///run/mail.sock`. The scheme is the
 * one place where protocol and protection are chosen.
 *
 * The grammar is RFC 3986 §3.2 without path, query and fragment; for a socket of this machine it is user and path
 * without a host. Pure: no files, no sockets, no settings.
 */

import { UsageError } from '../errors.ts';
import type { Security } from '../net/security.ts';
import { type Bad, decode, decodeUser, parseAuthority } from './url-authority.ts';

export type MailProtocol = 'pop3' | 'smtp';

export interface ServerUrl {
  protocol: MailProtocol;
  /** In lower case; A-labels for an internationalised name, no brackets around an IPv6 address. */
  host: string;
  port: number;
  /** Percent-decoded, without control characters. */
  user?: string;
  security: Security;
  /** A socket of this machine, absolute; `host` is then `localhost` and `port` 0. */
  path?: string;
  /** LMTP is spoken there, in the place of SMTP. */
  lmtp?: true;
}

/** A port of 0 stands for a socket of this machine. */
interface Scheme {
  readonly security: Security;
  readonly port: number;
  readonly lmtp?: true;
}

const SCHEMES: Record<MailProtocol, ReadonlyMap<string, Scheme>> = {
  pop3: new Map([
    ['pop3s', { security: 'implicit', port: 995 }],
    ['pop3', { security: 'required', port: 110 }],
    ['pop3+opportunistic', { security: 'opportunistic', port: 110 }],
    ['pop3+insecure', { security: 'none', port: 110 }],
    ['pop3+unix', { security: 'none', port: 0 }],
  ]),
  smtp: new Map([
    ['smtps', { security: 'implicit', port: 465 }],
    ['smtp', { security: 'required', port: 587 }],
    ['smtp+opportunistic', { security: 'opportunistic', port: 587 }],
    ['smtp+insecure', { security: 'none', port: 587 }],
    ['smtp+unix', { security: 'none', port: 0 }],
    // No port is LMTP's own; 24 is for "any private mail system" (RFC 2033 §5 forbids 25).
    ['lmtp', { security: 'required', port: 24, lmtp: true }],
    ['lmtp+insecure', { security: 'none', port: 24, lmtp: true }],
    ['lmtp+unix', { security: 'none', port: 0, lmtp: true }],
  ]),
};

/**
 * Reads a server's URL; see `parseAuthority` for what a host may be.
 *
 * @throws UsageError `password-in-url` for `user:password@`, `bad-url` for everything else that is wrong.
 */
export function parseServerUrl(text: string, protocol: MailProtocol): ServerUrl {
  const bad: Bad = (what) => badUrl(protocol, what);
  const { port: usual, rest, ...scheme } = splitScheme(text, protocol, bad);
  if (usual === 0) return { protocol, host: 'localhost', port: 0, ...parseLocal(rest, protocol, bad), ...scheme };
  const { host, port, user } = parseAuthority(rest, bad, () => passwordInUrl(protocol));
  return { protocol, host, port: port ?? usual, ...(user === undefined ? {} : { user }), ...scheme };
}

function splitScheme(text: string, protocol: MailProtocol, bad: Bad) {
  const match = /^([A-Za-z][A-Za-z0-9+.-]{0,19}):\/\/(.*)$/s.exec(text);
  if (!match) throw bad('is not of the form scheme://user@host');
  const name = match[1]!.toLowerCase();
  const scheme = SCHEMES[protocol].get(name);
  if (!scheme) throw bad(`begins with ${name}://`);
  return { ...scheme, rest: match[2]! };
}

/** What stands behind `//` where the server is on this machine: `user@/path`, or `/path`. */
function parseLocal(rest: string, protocol: MailProtocol, bad: Bad): { user?: string; path: string } {
  const [authority = ''] = rest.split('/', 1);
  if (authority.includes(':')) throw passwordInUrl(protocol);
  const path = decode(rest.slice(authority.length), 'path', bad);
  if (path === '' || path.endsWith('/')) throw bad('has no path of a socket, such as /run/mail.sock');
  if (authority === '') return { path };
  if (!authority.endsWith('@'))
    throw bad('names a host, but a socket is on this machine: begin its path with a third /');
  return { user: decodeUser(authority.slice(0, -1), bad), path };
}

function passwordInUrl(protocol: MailProtocol): UsageError {
  return new UsageError(
    'password-in-url',
    `The ${protocol.toUpperCase()} URL contains a password; other users of this machine can see it there.`,
    {
      hint: 'Leave it out and use --passwordeval CMD, the variable POSTHORN_PASSWORD, or the prompt; write a colon in a user name as %3A.',
    },
  );
}

function badUrl(protocol: MailProtocol, what: string): UsageError {
  const schemes = [...SCHEMES[protocol].keys()].map((name) => `${name}://`);
  return new UsageError('bad-url', `The ${protocol.toUpperCase()} URL ${what}.`, {
    hint: `Write for example ${schemes[0]}ann%40example.org@mail.example.org; the schemes are ${schemes.join(', ')}.`,
  });
}

/**
 * A folder's name for the mail of a URL without an account: `ann@example.org@host`, `host` without a user, `+PORT`
 * after it where the port is not the scheme's own; a socket's path in the place of a host. Two mailboxes never share a
 * name (a host holds neither `@` nor `+`), and it is never a path: all but `A-Za-z0-9._@+-` and a leading dot is
 * percent-encoded, in a socket's path those two as well.
 *
 * @throws UsageError `bad-url` when the name would be longer than a file system takes.
 */
export function mailboxName(url: ServerUrl): string {
  const place = url.path === undefined ? hostName(url) : encode(url.path).replaceAll('@', '%40').replaceAll('+', '%2B');
  const name = url.user === undefined ? place : `${encode(url.user)}@${place}`;
  if (name.length > 255) {
    throw new UsageError('bad-url', 'The user name is too long to name a folder after it.', {
      hint: 'Give the mailbox a name of its own: an [account.NAME] in the configuration.',
    });
  }
  return name.startsWith('.') ? `%2E${name.slice(1)}` : name;
}

function hostName({ protocol, security, host, port }: ServerUrl): string {
  const usual = [...SCHEMES[protocol].values()].find((scheme) => scheme.security === security);
  return port === usual?.port ? encode(host) : `${encode(host)}+${port}`;
}

function encode(text: string): string {
  return text.replace(/[^A-Za-z0-9._@+-]+/g, (run) =>
    Array.from(new TextEncoder().encode(run), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(
      '',
    ),
  );
}
