/** Why no connection came about, as a person can use it, from what the system calls it. Pure. */
import { ConnectError, UsageError } from '../errors.ts';

/** What was to be reached. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** A Unix socket, which then counts and not the host. */
  readonly path?: string | undefined;
  /** The address of this machine to connect from. */
  readonly sourceAddress?: string | undefined;
  /** It is a proxy: whoever reads an error should not look for it at the mail server. */
  readonly proxy?: boolean | undefined;
}

/** @throws UsageError `bad-port`, unless it is a number from `least` to 65535. */
export function checkPort(port: number, least: 0 | 1): void {
  if (Number.isInteger(port) && port >= least && port <= 65_535) return;
  throw new UsageError('bad-port', `${port} is no port.`, { hint: `Ports are whole numbers from ${least} to 65535.` });
}

/** One address of a place, and what the system said of it. */
export interface Attempt {
  readonly address: string;
  readonly cause: { readonly code?: string | undefined; readonly message?: string };
}

type Reason = readonly [code: string, reason: string, hint: string];

/** The first that is found counts where several addresses failed: what somebody answered tells more than silence. */
const REASONS: Readonly<Record<string, Reason>> = {
  ECONNREFUSED: ['refused', 'nothing listens on that port', 'Check the port, and that the server is running.'],
  ECONNRESET: ['unreachable', 'the other side broke the connection off', 'Try again later.'],
  ETIMEDOUT: ['unreachable', 'nobody answered', 'Check the host, the port, and any firewall between.'],
  EHOSTUNREACH: ['unreachable', 'the host cannot be reached', 'Check the network connection.'],
  ENETUNREACH: ['unreachable', 'the network cannot be reached', 'Check the network connection.'],
  EADDRNOTAVAIL: ['unreachable', 'this machine has no address to reach it from', 'Check the network connection.'],
  ENOTFOUND: ['unknown-host', 'there is no such host', 'Check the spelling of the host name.'],
  EAI_AGAIN: ['unknown-host', 'its name cannot be looked up now', 'Check the network connection and the host name.'],
};

/** What the table does not have comes last. */
const RANKS: ReadonlyMap<string, number> = new Map(Object.keys(REASONS).map((code, rank) => [code, rank]));

const LOCAL_REASONS: Readonly<Record<string, Reason>> = {
  ENOENT: ['refused', 'there is no such socket', 'Check the path, and that the server is running.'],
  ENOTDIR: ['refused', 'there is no such socket', 'Check the path, and that the server is running.'],
  ECONNREFUSED: ['refused', 'nothing listens on that socket', 'Check that the server is running.'],
  ENOTSOCK: ['refused', 'it is no socket', 'Check the path.'],
  EACCES: ['not-permitted', 'this user may not', 'Ask whoever runs the server for permission to use its socket.'],
  EINVAL: ['refused', 'no socket can have so long a name', 'Use a shorter path.'],
  ENAMETOOLONG: ['refused', 'no socket can have so long a name', 'Use a shorter path.'],
  ETIMEDOUT: ['unreachable', 'nobody answered', 'Check that the server is running.'],
};

const BAD_SOURCE: Reason = [
  'bad-source-address',
  'the source address is not one of this machine',
  'Check --source-address.',
];

/** How many addresses one sentence names. */
const SHOWN = 4;

/** The one error for all that was tried. `attempts` is not empty. */
export function cannotConnect(place: Place, attempts: readonly Attempt[]): ConnectError {
  const found = attempts.map(({ cause }) => reasonOf(place, cause));
  const ranks = attempts.map(({ cause }) => RANKS.get(cause.code ?? '') ?? RANKS.size);
  const most = ranks.indexOf(Math.min(...ranks));
  const [code, reason, hint] = found[most] as Reason;
  const same = found.every(([, other]) => other === reason);
  const others = found.flatMap(([, other], at) => (at === most ? [] : [`${attempts[at]?.address}: ${other}`]));
  const shown = others.length > SHOWN ? [...others.slice(0, SHOWN), '…'] : others;
  const all = same ? reason : `${reason} (${attempts[most]?.address}; ${shown.join('; ')})`;
  return new ConnectError(place.proxy ? 'proxy-unreachable' : code, `Cannot connect to ${nameOf(place)}: ${all}.`, {
    phase: 'connect',
    hint,
    cause: attempts[most]?.cause,
  });
}

/** The place has no address of the source address's family. */
export function noFamily(place: Place, family: number): ConnectError {
  const reason = `it has no IPv${family} address, and the source address is one`;
  return new ConnectError('wrong-family', `Cannot connect to ${nameOf(place)}: ${reason}.`, {
    phase: 'connect',
    hint: 'Leave the source address out, or give one of the other family.',
  });
}

export function nameOf({ host, port, path, proxy }: Place): string {
  return path ?? `${proxy ? 'the proxy ' : ''}${host}, port ${port}`;
}

function reasonOf({ path, sourceAddress }: Place, { code = '', message }: Attempt['cause']): Reason {
  if (code === 'EADDRNOTAVAIL' && sourceAddress !== undefined) return BAD_SOURCE;
  const known = (path === undefined ? REASONS : LOCAL_REASONS)[code];
  return known ?? ['unreachable', `the system reports ${code || message}`, 'Check the network connection.'];
}
