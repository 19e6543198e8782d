/**
 * The way through a proxy: on a channel that leads to it, until that leads to the server behind.
 *
 * It is spoken over the channel itself, so that no octet which came behind the proxy's answer is lost: it is the
 * beginning of the server's greeting. (Where TLS comes first no server speaks first: the channel refuses it then.)
 * What this file must never know: mail.
 */
import {
  AuthError,
  ConnectError,
  ConnectionLostError,
  LimitError,
  type PosthornError,
  ProtocolError,
  TimeoutError,
  UsageError,
} from '../errors.ts';
import { concealing } from '../sasl/conceal.ts';
import type { Parser } from '../wire/parser.ts';
import type { Channel } from './channel.ts';
import { basicLogin, connectRequest as httpRequest, StatusParser } from './http-connect.ts';
import { connectRequest, greeting, login, loginParser, METHOD, methodParser, replyParser } from './socks.ts';

export interface ProxyOptions {
  /** `socks5`: RFC 1928, where the proxy looks the server's name up. `http`: CONNECT, RFC 9110 §9.3.6. */
  readonly protocol: 'socks5' | 'http';
  readonly host: string;
  readonly port: number;
  /** For a proxy that asks for a login (RFC 1929; Basic, RFC 7617). It goes to the proxy in clear. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** The server behind. */
interface Target {
  readonly host: string;
  readonly port: number;
}

type Ask = <T>(request: Uint8Array, parser: Parser<T>) => Promise<T>;
type Reason = readonly [code: string, reason: string];

/** RFC 1928 §6. */
const SOCKS_REPLIES: Readonly<Record<number, Reason>> = {
  1: ['unreachable', 'the proxy reports a failure of its own'],
  2: ['proxy-refused', 'the rules of the proxy do not allow it'],
  3: ['unreachable', 'the proxy cannot reach the network'],
  4: ['unreachable', 'the proxy cannot reach the host'],
  5: ['refused', 'nothing listens on that port'],
  6: ['unreachable', 'nobody answered the proxy'],
  7: ['proxy-refused', 'the proxy does not make connections'],
  8: ['proxy-refused', 'the proxy does not take that kind of address'],
};

/** So much of a proxy's own words is passed on. */
const SHOWN = 100;

const HINTS: Readonly<Record<string, string>> = {
  'proxy-refused': 'Ask whoever runs the proxy, or use another one with --proxy.',
  'proxy-auth': 'Check the user in the URL of the proxy, and POSTHORN_PROXY_PASSWORD or proxy_passwordeval.',
  refused: 'Check the port, and that the server is running.',
  unreachable: 'Check the host and the port.',
};

/**
 * Has the proxy connect to the server. `timeout` is for each of its answers, in milliseconds.
 *
 * @throws ConnectError `proxy-refused`, `proxy-lost`, `refused`, `unreachable`; AuthError `proxy-auth`; ProtocolError
 *   `bad-proxy`; TimeoutError `proxy-timeout`; UsageError `bad-proxy-login`, `bad-host`, nothing sent.
 */
export async function throughProxy(
  channel: Channel,
  proxy: ProxyOptions,
  target: Target,
  timeout: number,
): Promise<void> {
  const ask: Ask = (request, parser) => channel.exchange(request, parser, { timeout, phase: 'proxy' });
  try {
    check(proxy, target);
    await (proxy.protocol === 'http' ? overHttp : overSocks)(ask, proxy, target);
  } catch (error) {
    const told = inWords(error as PosthornError, proxy, target, timeout);
    if (told.transcript.length === 0) told.transcript = channel.transcript.tail();
    channel.fail(told);
    throw told;
  }
  channel.transcript.record('*', `the proxy connected to ${target.host}, port ${target.port}`);
}

async function overSocks(ask: Ask, proxy: ProxyOptions, target: Target): Promise<void> {
  const { user, password = '' } = proxy;
  const method = await ask(greeting(user !== undefined), methodParser());
  if (method === METHOD.password && user !== undefined) {
    if (!(await ask(login(user, password), loginParser()))) throw loginRefused(proxy);
  } else if (method !== METHOD.none) throw loginRefused(proxy);
  const code = await ask(connectRequest(target.host, target.port), replyParser());
  if (code !== 0) throw noWay(target, SOCKS_REPLIES[code] ?? ['unreachable', `the proxy reports code ${code}`]);
}

async function overHttp(ask: Ask, proxy: ProxyOptions, target: Target): Promise<void> {
  const { user, password = '' } = proxy;
  const login = user === undefined ? undefined : basicLogin(user, password);
  const request = httpRequest(target.host, target.port, login);
  const { code, reason } = await ask(request, new StatusParser());
  if (code >= 200 && code < 300) return;
  // QUIRK: tinyproxy answers a login that is wrong with 401, which is an origin server's (RFC 9110 §15.5.2).
  if (code === 407 || code === 401) throw loginRefused(proxy);
  const words = concealing(proxy.password, login === undefined ? [] : [login])(reason);
  // RFC 9110 §15.6.3: a gateway's failure is about the server; some say 500 for it.
  throw noWay(target, [
    code >= 500 ? 'unreachable' : 'proxy-refused',
    `the proxy says ${code} ${words}`.trimEnd().slice(0, SHOWN),
  ]);
}

/** What would break the form of a request is refused before anything leaves. */
function check({ protocol, user, password = '' }: ProxyOptions, { host }: Target): void {
  if (!/^[A-Za-z0-9._:-]{1,255}$/.test(host))
    throw new UsageError('bad-host', 'The name of the server cannot be given to a proxy.', {
      phase: 'proxy',
      hint: 'Write it in ASCII, as name servers know it.',
    });
  if (user === undefined) return;
  const said = (text: string) => text !== '' && !/\p{Cc}/u.test(text);
  const fits = (text: string) => protocol === 'http' || Buffer.byteLength(text) <= 255;
  const splits = protocol === 'socks5' || !user.includes(':');
  if ([user, password].every((text) => said(text) && fits(text)) && splits) return;
  throw new UsageError('bad-proxy-login', 'The user or the password of the proxy cannot be sent to it.', {
    phase: 'proxy',
    hint: 'For SOCKS 5 each has 1 to 255 octets; the user of an HTTP proxy has no colon.',
  });
}

function noWay({ host, port }: Target, [code, reason]: Reason): ConnectError {
  const message = `Cannot connect to ${host}, port ${port}, through the proxy: ${reason}.`;
  return new ConnectError(code, message, { phase: 'proxy', hint: HINTS[code] });
}

function loginRefused({ host, user }: ProxyOptions): AuthError {
  const message =
    user === undefined
      ? `The proxy ${host} asks for a login, and its URL names no user.`
      : `The proxy ${host} does not take the login of ${user}.`;
  return new AuthError('proxy-auth', message, { phase: 'proxy', hint: HINTS['proxy-auth'] });
}

/** The failures of any connection, told of this one. */
function inWords(error: PosthornError, proxy: ProxyOptions, target: Target, timeout: number): PosthornError {
  const { cause, transcript } = error;
  const name = `The proxy ${proxy.host}, port ${proxy.port},`;
  const server = `${target.host}, port ${target.port}`;
  const details = { phase: 'proxy', cause: cause ?? error, transcript };
  if (error instanceof ConnectionLostError) {
    const message = `${name} closed the connection instead of connecting to ${server}.`;
    return new ConnectError('proxy-lost', message, { ...details, hint: HINTS['proxy-refused'] });
  }
  if (error instanceof TimeoutError) {
    const message = `${name} did not connect to ${server} within ${timeout / 1000} seconds.`;
    return new TimeoutError('proxy-timeout', message, { ...details, hint: 'Try again later, or use another proxy.' });
  }
  if (error instanceof ProtocolError || error instanceof LimitError) {
    const kind = proxy.protocol === 'http' ? 'an HTTP' : 'a SOCKS 5';
    const message = `${name} does not answer as ${kind} proxy does.`;
    return new ProtocolError('bad-proxy', message, { ...details, hint: 'Check the URL of the proxy, and its port.' });
  }
  return error;
}
