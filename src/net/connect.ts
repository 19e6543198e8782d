/**
 * From a host and a port to a channel: name look-up, IPv6 and IPv4 side by side (RFC 8305), TLS from the first octet
 * where that is the policy (RFC 8314 §3). What it must never know: what is spoken over the channel.
 */
import { connect, type Socket } from 'node:net';
import { AbortedError, ConnectError, type PosthornError } from '../errors.ts';
import { Channel } from './channel.ts';
import { startTls, type TlsOptions } from './tls.ts';
import { Transcript } from './transcript.ts';

/** `implicit`: TLS from the start. `required`: STLS or STARTTLS, or nothing. `none`: plain text, said aloud. */
export type Security = 'implicit' | 'required' | 'none';

export interface ConnectOptions {
  host: string;
  port: number;
  security: Security;
  tls?: TlsOptions | undefined;
  /** Milliseconds for the connection, and for each reply in place of the protocol's own time. */
  timeout?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Gets every line of the conversation as it is said, masked. */
  trace?: ((line: string) => void) | undefined;
}

/** How long a connection may take to come about, milliseconds. */
const CONNECT = 30_000;

/**
 * How long one address of a host may take while others are left to try, milliseconds. Node gives an address up then,
 * and its own 250 ms are less than a round trip over a satellite.
 */
const ATTEMPT = 2_000;

const REASONS: Record<string, readonly [code: string, reason: string, hint: string]> = {
  ENOTFOUND: ['unknown-host', 'there is no such host', 'Check the spelling of the host name.'],
  EAI_AGAIN: ['unknown-host', 'its name cannot be looked up now', 'Check the network connection and the host name.'],
  ECONNREFUSED: ['refused', 'nothing listens on that port', 'Check the port, and that the server is running.'],
  EHOSTUNREACH: ['unreachable', 'the host cannot be reached', 'Check the network connection.'],
  ENETUNREACH: ['unreachable', 'the network cannot be reached', 'Check the network connection.'],
  ECONNRESET: ['unreachable', 'the other side broke the connection off', 'Try again later.'],
  ETIMEDOUT: ['unreachable', 'nobody answered', 'Check the host, the port, and any firewall between.'],
};

/**
 * Opens a channel. With `security: 'implicit'` it is under verified TLS before anything is read from it.
 *
 * @throws ConnectError when no connection comes about; TlsError when the server cannot prove who it is.
 */
export async function openChannel(
  options: ConnectOptions,
  unsolicited?: (bytes: Uint8Array) => PosthornError | undefined,
): Promise<Channel> {
  const socket = await dial(options);
  const transcript = new Transcript(options.trace);
  transcript.record('*', `connected to ${options.host}, port ${options.port}`);
  const channel = new Channel(socket, { role: 'client', transcript, signal: options.signal, unsolicited });
  if (options.security === 'implicit') await secure(channel, options);
  return channel;
}

/** Puts a channel under TLS, now: after the server agreed to STLS or STARTTLS. */
export function secure(channel: Channel, options: ConnectOptions): Promise<void> {
  return channel.upgrade((plain) => startTls(plain, options.host, options.tls, options.timeout, options.signal));
}

function dial({ host, port, timeout = CONNECT, signal }: ConnectOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ATTEMPT,
    });
    const settle = (error?: Error) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      socket.off('error', failed).off('connect', settle);
      if (!(error instanceof Error)) return resolve(socket);
      socket.on('error', () => undefined).destroy();
      reject(error);
    };
    const aborted = () => settle(new AbortedError('aborted', 'Stopped.', { phase: 'connect' }));
    const failed = (cause: NodeJS.ErrnoException) => settle(explain(cause, host, port));
    const timer = setTimeout(() => settle(explain({ code: 'ETIMEDOUT' }, host, port)), timeout);
    if (signal?.aborted) return aborted();
    signal?.addEventListener('abort', aborted, { once: true });
    socket.on('error', failed).on('connect', settle);
  });
}

function explain(cause: { code?: string | undefined; message?: string }, host: string, port: number): ConnectError {
  const known = REASONS[cause.code ?? ''];
  const [code, reason, hint] = known ?? [
    'unreachable',
    `the system reports ${cause.code ?? cause.message}`,
    'Check the network connection.',
  ];
  return new ConnectError(code, `Cannot connect to ${host}, port ${port}: ${reason}.`, {
    phase: 'connect',
    hint,
    cause,
  });
}
