/**
 * The server's side of the door: a listening socket whose connections become channels.
 *
 * Loopback is the default, and the only thing the sandbox asks for.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { ConnectError, TlsError } from '../errors.ts';
import { bindingsOf, certifiedNames } from './binding.ts';
import { Channel } from './channel.ts';
import { HANDSHAKE, type Secured, tlsInfo } from './tls.ts';
import { Transcript } from './transcript.ts';
import { checkPort, nameOf, type Place } from './unreachable.ts';

const REASONS: Record<string, readonly [code: string, reason: string, hint: string]> = {
  EADDRINUSE: ['port-in-use', 'it is in use', 'Choose another port, or leave it out to get a free one.'],
  EACCES: ['cannot-listen', 'this user may not', 'Choose a port from 1024 on.'],
  EADDRNOTAVAIL: ['cannot-listen', 'the address is not one of this machine', 'Listen on 127.0.0.1.'],
};

const LOCAL_REASONS: typeof REASONS = {
  EADDRINUSE: ['port-in-use', 'there is something of that name', 'If no server is running, remove it.'],
  // The system says the same where the folder is missing.
  EACCES: [
    'cannot-listen',
    'its folder is missing, or this user may not write there',
    'Choose a folder that is yours.',
  ],
  EINVAL: ['cannot-listen', 'no socket can have so long a name', 'Use a shorter path.'],
};

/** A certificate and its key, in PEM. */
export interface ServerIdentity {
  readonly certificate: string;
  readonly key: string;
  /** In PEM: asks clients for a certificate of this authority. Whoever shows none, or another one, is served as well. */
  readonly clientAuthority?: string | undefined;
}

export interface ListenOptions {
  host?: string | undefined;
  /** 0 takes a free port. */
  port?: number | undefined;
  /**
   * Listens on a Unix socket of this name instead, which goes when the listener is closed. Who may connect is a matter
   * of the folder it is in.
   */
  path?: string | undefined;
  /** With an identity here, TLS comes before the greeting. */
  implicit?: ServerIdentity | undefined;
  trace?: ((line: string) => void) | undefined;
}

export interface Listener extends AsyncDisposable {
  readonly host: string;
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Stops listening and ends every connection. */
  close(): Promise<void>;
}

/** Listens, and gives each connection to `serve` as a channel. @throws UsageError `bad-port`; ConnectError `port-in-use`, `cannot-listen`. */
export async function listen(options: ListenOptions, serve: (channel: Channel) => void): Promise<Listener> {
  const { host = '127.0.0.1', port = 0, path } = options;
  checkPort(port, 0);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    void accept(socket, options, serve);
  });
  await bind(server, { host, port, path });
  const address = server.address();
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const found = typeof address === 'object' && address !== null ? address.port : 0;
  return { host, port: found, close, [Symbol.asyncDispose]: close };
}

async function accept(socket: Socket, options: ListenOptions, serve: (channel: Channel) => void): Promise<void> {
  const channel = new Channel(socket, { role: 'server', transcript: new Transcript(options.trace) });
  try {
    if (options.implicit !== undefined) await secureServer(channel, options.implicit);
    serve(channel);
  } catch {
    // The handshake failed: the client went away or would not trust us. There is nobody to tell.
  }
}

/** Puts a server's channel under TLS, now: behind the reply to STLS or STARTTLS. */
export function secureServer(channel: Channel, identity: ServerIdentity): Promise<void> {
  return channel.upgrade((plain) => answerTls(plain, identity));
}

function answerTls(plain: Duplex, identity: ServerIdentity): Promise<Secured> {
  return new Promise((resolve, reject) => {
    const { certificate: cert, key, clientAuthority } = identity;
    // A server that never listens: it verifies what a client shows, and serves a Duplex that is no Socket as well.
    const server = createTlsServer({
      cert,
      key,
      minVersion: 'TLSv1.2',
      ...(clientAuthority === undefined ? {} : { ca: clientAuthority, requestCert: true, rejectUnauthorized: false }),
    });
    const fail = (cause?: unknown) => {
      clearTimeout(timer);
      plain.off('end', closed).destroy();
      reject(new TlsError('tls-handshake', 'The TLS handshake failed.', { phase: 'tls', cause }));
    };
    const closed = () => fail();
    // Node does not notice by itself that a pair in memory ended; a real socket reports it by 'tlsClientError'.
    plain.once('end', closed);
    const timer = setTimeout(fail, HANDSHAKE);
    server.on('tlsClientError', fail).on('secureConnection', (socket) => {
      clearTimeout(timer);
      plain.off('end', closed);
      const bindings = bindingsOf(socket, ownCertificate(socket));
      resolve({ socket, tls: tlsInfo(socket), bindings, certified: certifiedNames(socket) });
    });
    server.emit('connection', plain);
  });
}

function ownCertificate(socket: TLSSocket): Uint8Array | undefined {
  const own = socket.getCertificate();
  return own !== null && 'raw' in own ? own.raw : undefined;
}

function bind(server: Server, place: Place): Promise<void> {
  const { host, port, path } = place;
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException) => reject(explain(cause, place));
    server.once('error', failed).listen(path === undefined ? { port, host } : { path }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function explain(cause: NodeJS.ErrnoException, place: Place): ConnectError {
  const reasons = place.path === undefined ? REASONS : LOCAL_REASONS;
  const [code, reason, hint] = reasons[cause.code ?? ''] ?? [
    'cannot-listen',
    `the system reports ${cause.code ?? cause.message}`,
    'Choose another address or port.',
  ];
  return new ConnectError(code, `Cannot listen on ${nameOf(place)}: ${reason}.`, { phase: 'listen', hint, cause });
}
