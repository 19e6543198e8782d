/**
 * Server addresses as URLs: `pop3s://ann%40example.org@mail.example.org`.
 *
 * Why not the platform's URL class: for schemes it does not know it leaves internationalised names alone and silently
 * removes tabs and line breaks, and its messages quote the whole text. Nothing of the text after the scheme is ever
 * quoted here, because it may hold a password. The grammar is RFC 3986 §3.2 without path, query and fragment.
 * Pure: no files, no sockets, no settings.
 */

import { domainToASCII } from 'node:url';
import { UsageError } from '../errors.ts';

export type MailProtocol = 'pop3' | 'smtp';

/** `implicit`: TLS from the first byte. `required`: STLS or STARTTLS, or nothing. `none`: plaintext, asked for in words. */
export type Security = 'implicit' | 'required' | 'none';

export interface ServerUrl {
  protocol: MailProtocol;
  /** In lower case; A-labels for an internationalised name, no brackets around an IPv6 address. */
  host: string;
  port: number;
  /** Percent-decoded, without control characters. */
  user?: string;
  security: Security;
}

const SCHEMES: Record<MailProtocol, ReadonlyMap<string, { security: Security; port: number }>> = {
  pop3: new Map([
    ['pop3s', { security: 'implicit', port: 995 }],
    ['pop3', { security: 'required', port: 110 }],
    ['pop3+insecure', { security: 'none', port: 110 }],
  ]),
  smtp: new Map([
    ['smtps', { security: 'implicit', port: 465 }],
    ['smtp', { security: 'required', port: 587 }],
    ['smtp+insecure', { security: 'none', port: 587 }],
  ]),
};

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Reads a server's URL. The host may be a name, an internationalised name, an IPv4 address or an IPv6 address in
 * brackets; a single `/` after it is allowed.
 *
 * @throws UsageError `password-in-url` for `user:password@`, `bad-url` for everything else that is wrong.
 */
export function parseServerUrl(text: string, protocol: MailProtocol): ServerUrl {
  const { scheme, rest } = splitScheme(text, protocol);
  const at = rest.lastIndexOf('@');
  const userinfo = at < 0 ? undefined : rest.slice(0, at);
  // Before any other complaint, so that a password with a slash or a colon in it gets this answer and no other.
  if (userinfo?.includes(':')) throw passwordInUrl(protocol);
  const authority = rest.slice(at + 1);
  const { host, port } = splitHostPort(authority.endsWith('/') ? authority.slice(0, -1) : authority, protocol);
  const user = userinfo === undefined ? undefined : decodeUser(userinfo, protocol);
  return {
    protocol,
    host: normalizeHost(host, protocol),
    port: port ?? scheme.port,
    ...(user === undefined ? {} : { user }),
    security: scheme.security,
  };
}

function splitScheme(text: string, protocol: MailProtocol) {
  const match = /^([A-Za-z][A-Za-z0-9+.-]{0,19}):\/\/(.*)$/s.exec(text);
  if (!match) throw badUrl(protocol, 'is not of the form scheme://user@host');
  const name = match[1]!.toLowerCase();
  const scheme = SCHEMES[protocol].get(name);
  if (!scheme) throw badUrl(protocol, `begins with ${name}://`);
  return { scheme, rest: match[2]! };
}

function splitHostPort(authority: string, protocol: MailProtocol): { host: string; port: number | undefined } {
  if (/[/?#\\]/.test(authority))
    throw badUrl(protocol, 'has something after the host; only user, host and port belong there');
  const match = /^(\[[^\]]*\]|[^:[\]]*)(?::(.*))?$/s.exec(authority);
  if (!match) throw badUrl(protocol, 'has a malformed host; an IPv6 address needs brackets');
  const host = match[1]!;
  const digits = match[2];
  if (host === '' || host === '[]') throw badUrl(protocol, 'has no host');
  if (digits === undefined) return { host, port: undefined };
  const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > 65_535) throw badUrl(protocol, 'has a port that is not a number from 1 to 65535');
  return { host, port };
}

function normalizeHost(host: string, protocol: MailProtocol): string {
  if (host.startsWith('[')) {
    // The platform's parser is the judge of an IPv6 address; anything else it would accept is ruled out beforehand.
    const literal = /^\[[0-9A-Fa-f:.]+\]$/.test(host) && URL.canParse(`http://${host}`);
    if (!literal) throw badUrl(protocol, 'has a malformed IPv6 address');
    return new URL(`http://${host}`).hostname.slice(1, -1);
  }
  // A name in ASCII is only lowered: the platform would also turn "1" into 0.0.0.1 and decode %-sequences.
  const ascii = /^[!-~]*$/.test(host) ? host.toLowerCase() : /[\s%\p{Cc}]/u.test(host) ? '' : domainToASCII(host);
  const labels = (ascii.endsWith('.') ? ascii.slice(0, -1) : ascii).split('.');
  if (ascii.length > 253 || !labels.every((label) => LABEL.test(label)))
    throw badUrl(protocol, 'has a malformed host name');
  return ascii;
}

function decodeUser(userinfo: string, protocol: MailProtocol): string {
  let user: string;
  try {
    user = decodeURIComponent(userinfo);
  } catch {
    throw badUrl(protocol, 'has a malformed %-sequence in its user name');
  }
  if (user === '') throw badUrl(protocol, 'has an empty user name');
  // CR and LF would end the command line they are put into; no user name has any other control character either.
  if (/\p{Cc}/u.test(user)) throw badUrl(protocol, 'has a control character in its user name');
  return user;
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
 * after it where the port is not the scheme's own. Two mailboxes never share a name (a host holds neither `@` nor
 * `+`), and it is never a path: all but `A-Za-z0-9._@+-` and a leading dot is percent-encoded.
 *
 * @throws UsageError `bad-url` when the name would be longer than a file system takes.
 */
export function mailboxName(url: ServerUrl): string {
  const usual = [...SCHEMES[url.protocol].values()].find(({ security }) => security === url.security);
  const host = url.port === usual?.port ? encode(url.host) : `${encode(url.host)}+${url.port}`;
  const name = url.user === undefined ? host : `${encode(url.user)}@${host}`;
  if (name.length > 255) {
    throw new UsageError('bad-url', 'The user name is too long to name a folder after it.', {
      hint: 'Give the mailbox a name of its own: an [account.NAME] in the configuration.',
    });
  }
  return name.startsWith('.') ? `%2E${name.slice(1)}` : name;
}

function encode(text: string): string {
  return text.replace(/[^A-Za-z0-9._@+-]+/g, (run) =>
    Array.from(new TextEncoder().encode(run), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(
      '',
    ),
  );
}
