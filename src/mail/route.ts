/**
 * How the servers of an account are reached, whichever they are: what they must prove, through which proxy, from which
 * address, and how long they may take. The order: flags, then the account, then what holds for all accounts.
 */
import type { AccountConfig, Defaults } from '../config/account.ts';
import { readAuthority, readOwnCertificate } from '../config/certificates.ts';
import { parseTimeout } from '../config/duration.ts';
import { parseFingerprint } from '../config/fingerprint.ts';
import type { Env } from '../config/paths.ts';
import { type Proxy, parseProxyUrl } from '../config/proxy-url.ts';
import { resolvePassword } from '../config/secrets.ts';
import { parseSourceAddress } from '../config/source-address.ts';
import type { ProxyOptions } from '../net/proxy.ts';
import type { TlsOptions } from '../net/tls.ts';

/** What was asked for on the command line, or by a program. */
export interface RouteRequest {
  readonly caFile?: string | undefined;
  readonly tlsFingerprint?: string | undefined;
  /** PEM files: our own certificate and its key. */
  readonly tlsCertificate?: string | undefined;
  readonly tlsKey?: string | undefined;
  /** A URL, or `none`. */
  readonly proxy?: string | undefined;
  readonly sourceAddress?: string | undefined;
  /** Such as `30s`. */
  readonly timeout?: string | undefined;
}

/** Where a password may come from. */
export interface Asking {
  readonly env: Env;
  /** Asks a person for the password of `user`; absent where nobody can be asked. */
  readonly askPassword?: ((user: string) => Promise<string>) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Route {
  readonly tls: TlsOptions;
  /** The address of this machine to connect from. */
  readonly sourceAddress: string | undefined;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  /** The proxy, with its password, which is asked for once a run; undefined for none. */
  proxy(): Promise<ProxyOptions | undefined>;
}

/** @throws ConfigError, UsageError; nothing has been connected to by then. */
export async function resolveRoute(
  request: RouteRequest,
  account: AccountConfig | undefined,
  defaults: Defaults,
  asking: Asking,
): Promise<Route> {
  const { tlsFingerprint, sourceAddress, timeout } = request;
  const caFile = request.caFile ?? account?.caFile ?? defaults.caFile;
  const own = [request.tlsCertificate ?? account?.tlsCertificate, request.tlsKey ?? account?.tlsKey] as const;
  return {
    tls: {
      ...(await readOwnCertificate(...own)),
      ca: caFile === undefined ? undefined : [await readAuthority(caFile)],
      fingerprint: tlsFingerprint === undefined ? account?.tlsFingerprint : parseFingerprint(tlsFingerprint),
    },
    sourceAddress:
      sourceAddress === undefined
        ? (account?.sourceAddress ?? defaults.sourceAddress)
        : parseSourceAddress(sourceAddress),
    timeout: timeout === undefined ? (account?.timeout ?? defaults.timeout) : parseTimeout(timeout, '--timeout'),
    proxy: proxySource(
      request.proxy === undefined ? (account?.proxy ?? defaults.proxy) : parseProxyUrl(request.proxy),
      account?.proxyPasswordeval ?? defaults.proxyPasswordeval,
      asking,
    ),
  };
}

function proxySource(
  proxy: Proxy | undefined,
  passwordeval: string | undefined,
  { env, askPassword, signal }: Asking,
): Route['proxy'] {
  if (proxy === undefined || proxy === 'none') return async () => undefined;
  const { user, host } = proxy;
  if (user === undefined) return async () => proxy;
  const prompt = askPassword && (() => askPassword(`${user} at the proxy ${host}`));
  const account = passwordeval === undefined ? undefined : { passwordeval };
  let password: Promise<string> | undefined;
  return async () => {
    password ??= resolvePassword({ of: 'proxy', env, account, prompt, signal });
    return { ...proxy, password: await password };
  };
}
