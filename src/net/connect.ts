/**
 * From a host and a port to a channel: dialled, and under TLS from the first octet where that is the policy
 * (RFC 8314 §3). What it must never know: what is spoken over the channel.
 */
import type { PosthornError } from '../errors.ts';
import { Channel } from './channel.ts';
import { CONNECT, dial } from './dial.ts';
import { type ProxyOptions, throughProxy } from './proxy.ts';
import { checkSecurity, type Security } from './security.ts';
import { startTls, type TlsOptions } from './tls.ts';
import { Transcript } from './transcript.ts';
import { checkPort, nameOf, type Place } from './unreachable.ts';

export interface ConnectOptions {
  host: string;
  port: number;
  /**
   * A Unix socket to connect to; the host is then only the name that TLS would ask for, and the port counts for nothing.
   * With `security: 'none'` credentials may go through it: they do not leave this machine.
   */
  path?: string | undefined;
  security: Security;
  tls?: TlsOptions | undefined;
  /** Reached through this proxy. TLS goes through it to the server, whose own name is verified. */
  proxy?: ProxyOptions | undefined;
  /** The address of this machine to connect from; only addresses of its family are tried then. */
  sourceAddress?: string | undefined;
  /** Milliseconds for the connection, and for each reply in place of the protocol's own time. */
  timeout?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Gets every line of the conversation as it is said, masked. */
  trace?: ((line: string) => void) | undefined;
}

/** Where the connection itself goes. */
function placeOf({ host, port, path, proxy, sourceAddress }: ConnectOptions): Place {
  if (path !== undefined) return { host, port, path };
  checkPort(port, 1);
  if (proxy === undefined) return { host, port, sourceAddress };
  checkPort(proxy.port, 1);
  return { host: proxy.host, port: proxy.port, sourceAddress, proxy: true };
}

/**
 * Opens a channel. With `security: 'implicit'` it is under verified TLS before anything is read from it.
 *
 * @throws UsageError `bad-security`, `bad-port`; ConnectError when no connection comes about, AuthError `proxy-auth`; TlsError when the server cannot prove who it is.
 */
export async function openChannel(
  options: ConnectOptions,
  unsolicited?: (bytes: Uint8Array) => PosthornError | undefined,
): Promise<Channel> {
  checkSecurity(options.security);
  const place = placeOf(options);
  const socket = await dial(place, options.timeout, options.signal);
  const transcript = new Transcript(options.trace);
  transcript.record('*', `connected to ${nameOf(place)}`);
  const channel = new Channel(socket, { role: 'client', transcript, signal: options.signal, unsolicited });
  if (options.proxy && place.proxy) await throughProxy(channel, options.proxy, options, options.timeout ?? CONNECT);
  if (options.security === 'implicit') await secure(channel, options);
  return channel;
}

/** Puts a channel under TLS, now: after the server agreed to STLS or STARTTLS. */
export function secure(channel: Channel, options: ConnectOptions): Promise<void> {
  return channel.upgrade((plain) => startTls(plain, options.host, options.tls, options.timeout, options.signal));
}
