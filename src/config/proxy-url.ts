/** A proxy as a URL: `socks5://proxy.example:1080`, `http://ann@proxy.example:3128`. Pure. */
import { UsageError } from '../errors.ts';
import { parseAuthority } from './url-authority.ts';

export interface ProxyUrl {
  readonly protocol: 'socks5' | 'http';
  readonly host: string;
  readonly port: number;
  readonly user?: string;
}

/** `none` is for an account that does without the proxy of all others. */
export type Proxy = ProxyUrl | 'none';

/** `socks5h` is what other programs call SOCKS 5 where the proxy looks names up; here it always does. */
const SCHEMES: ReadonlyMap<string, { protocol: ProxyUrl['protocol']; port: number }> = new Map([
  ['socks5', { protocol: 'socks5', port: 1080 }],
  ['socks5h', { protocol: 'socks5', port: 1080 }],
  ['http', { protocol: 'http', port: 80 }],
]);

/** @throws UsageError `password-in-url` for `user:password@`, `bad-url` for everything else that is wrong. */
export function parseProxyUrl(text: string): Proxy {
  if (text === 'none') return 'none';
  const [, name = '', rest = ''] = /^([A-Za-z][A-Za-z0-9+.-]{0,19}):\/\/(.*)$/s.exec(text) ?? [];
  if (name === '') throw bad('is not of the form scheme://host:port');
  const scheme = SCHEMES.get(name.toLowerCase());
  if (scheme === undefined) throw bad(`begins with ${name.toLowerCase()}://`);
  const { host, port = scheme.port, user } = parseAuthority(rest, bad, passwordInUrl);
  return { protocol: scheme.protocol, host, port, ...(user === undefined ? {} : { user }) };
}

function bad(what: string): UsageError {
  return new UsageError('bad-url', `The URL of the proxy ${what}.`, {
    hint: 'Write for example socks5://proxy.example:1080 or http://proxy.example:3128, or none.',
  });
}

function passwordInUrl(): UsageError {
  return new UsageError(
    'password-in-url',
    'The URL of the proxy contains a password; other users of this machine can see it there.',
    {
      hint: 'Leave it out and use the variable POSTHORN_PROXY_PASSWORD, proxy_passwordeval, or the prompt; write a colon in a user name as %3A.',
    },
  );
}
