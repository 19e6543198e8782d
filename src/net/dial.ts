/**
 * From a place to a connected socket: name look-up, the addresses of both families side by side (RFC 8305), or a Unix
 * socket; in time, or stopped. What it must never know: what is spoken over the socket, and TLS.
 */
import { lookup } from 'node:dns/promises';
import { connect, isIP, type NetConnectOpts, type Socket } from 'node:net';
import { AbortedError, UsageError } from '../errors.ts';
import { aborted } from './failures.ts';
import { AllFailed, interleave, race } from './race.ts';
import { cannotConnect, noFamily, type Place } from './unreachable.ts';

/** How long a connection may take to come about, milliseconds. */
export const CONNECT = 30_000;

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** What of the system is used; a test gives its own. */
export interface System {
  /** Every address of a host, in the order in which the system prefers them. */
  lookup(host: string): Promise<readonly Address[]>;
  connect(options: NetConnectOpts): Socket;
}

const SYSTEM: System = { lookup: (host) => lookup(host, { all: true, order: 'verbatim' }), connect };

/** One thing to try. */
interface Target {
  readonly address: string;
  readonly where: NetConnectOpts;
}

/**
 * Connects. `timeout` is for all of it, in milliseconds.
 *
 * @throws ConnectError `unknown-host`, `refused`, `unreachable`, `wrong-family`, `bad-source-address`, `not-permitted`;
 *   for a proxy `proxy-unreachable`. AbortedError. UsageError `bad-source-address`, nothing tried.
 */
export async function dial(
  place: Place,
  timeout: number = CONNECT,
  signal?: AbortSignal,
  system: System = SYSTEM,
): Promise<Socket> {
  const stop = new AbortController();
  const abort = () => stop.abort(aborted(signal, 'connect'));
  const timer = setTimeout(() => stop.abort(failure('ETIMEDOUT')), timeout);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  let targets: readonly Target[] = [];
  try {
    targets = await targetsOf(place, stop.signal, system);
    const attempt = ({ where }: Target, over: AbortSignal) => open(system, where, over);
    return await race(targets, attempt, (socket) => socket.destroy(), stop.signal);
  } catch (error) {
    if (stop.signal.reason instanceof AbortedError) throw stop.signal.reason;
    if (!(error instanceof AllFailed)) throw error;
    const attempts = targets.map(({ address }, at) => ({ address, cause: error.errors[at] as NodeJS.ErrnoException }));
    throw cannotConnect(place, attempts);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** What can be tried: a socket of this machine, or the addresses of the source address's family, where there is one. */
async function targetsOf(place: Place, stop: AbortSignal, system: System): Promise<readonly Target[]> {
  const { host, port, path, sourceAddress } = place;
  if (path !== undefined) return [{ address: path, where: { path } }];
  const own = sourceAddress === undefined ? 0 : isIP(sourceAddress);
  if (sourceAddress !== undefined && own === 0) {
    throw new UsageError('bad-source-address', 'The source address is not an IP address.', {
      hint: 'Write one of the addresses of this machine, such as 192.0.2.1 or 2001:db8::1.',
    });
  }
  const literal = isIP(host);
  const found = literal === 0 ? await lookUp(place, stop, system) : [{ address: host, family: literal }];
  const usable = own === 0 ? found : found.filter(({ family }) => family === own);
  if (usable.length === 0) throw noFamily(place, own);
  const from = sourceAddress === undefined ? {} : { localAddress: sourceAddress };
  return interleave(usable).map(({ address, family }) => ({
    address,
    where: { host: address, port, family, ...from },
  }));
}

/** A look-up cannot be stopped, only left. */
async function lookUp(place: Place, stop: AbortSignal, system: System): Promise<readonly Address[]> {
  const stopped = Promise.withResolvers<readonly Address[]>();
  const leave = () => stopped.reject(failure('EAI_AGAIN'));
  stop.addEventListener('abort', leave, { once: true });
  if (stop.aborted) leave();
  try {
    const found = await Promise.race([stopped.promise, system.lookup(place.host)]);
    if (found.length === 0) throw failure('ENOTFOUND');
    return found;
  } catch (cause) {
    throw cannotConnect(place, [{ address: place.host, cause: cause as NodeJS.ErrnoException }]);
  } finally {
    stop.removeEventListener('abort', leave);
  }
}

/** A reason of ours, in the system's words. */
function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

/** One attempt. Once it is `over` for the others, the socket goes. */
function open(system: System, where: NetConnectOpts, over: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = system.connect({ ...where, noDelay: true, keepAlive: true });
    const settle = (error?: Error) => {
      over.removeEventListener('abort', abandoned);
      socket.off('error', settle).off('connect', settle);
      if (error === undefined) return resolve(socket);
      socket.on('error', () => undefined).destroy();
      reject(error);
    };
    const abandoned = () => settle(failure('ECANCELED'));
    over.addEventListener('abort', abandoned, { once: true });
    socket.on('error', settle).on('connect', settle);
  });
}
