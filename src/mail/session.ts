/** Opens a session for an account: connected, protected as its URL says, and logged in. */
import type { ServerUrl } from '../config/url.ts';
import { AbortedError, ConfigError, Pop3ReplyError, PosthornError, UsageError } from '../errors.ts';
import type { ConnectOptions } from '../net/connect.ts';
import type { TlsInfo } from '../net/tls.ts';
import type { Pop3Client } from '../pop3/client.ts';
import type { Credentials } from '../sasl/credentials.ts';
import type { SmtpClient } from '../smtp/client.ts';
import type { Account, Surroundings } from './account.ts';
import { LoginPause } from './login-pause.ts';

/** What a person is told while it happens. */
export type Say = (text: string) => void;

/** @throws ConfigError `no-server`, `no-user`; ConnectError, TlsError, AuthError and the rest of a connection's errors. */
export async function openPop3(account: Account, surroundings: Surroundings, say: Say): Promise<Pop3Client> {
  const url = pop3Server(account);
  const server = url.path ?? `${url.host}:${url.port}`;
  const pause = await LoginPause.over(account.paths?.state, `${url.user}@${server}`);
  // Asked for first: a server should not be kept waiting for a person, and a missing password connects to nothing.
  const credentials = await credentialsOf(account, url.user);
  warnBefore(url, surroundings, say);
  // Each client is loaded where it is used: nothing needs both.
  const client = await (await import('../pop3/client.ts')).Pop3Client.connect(
    await connectOptions(url, account, surroundings),
  );
  warnNotOffered(url, client.tls, say);
  try {
    await inUtf8(client);
    await client.login({ ...credentials, mechanism: account.auth });
    // RFC 2449 §6.5: what the server asks of this user it says behind the login.
    if (client.loginDelay !== undefined) await client.capa();
    await pause.passed(client.loginDelay);
    return client;
  } catch (error) {
    await pause.refused(error, client.loginDelay);
    await client.close();
    throw error;
  }
}

/** Works in a session, which is kept from running out where the disk is slow, and closed where the work fails. @throws as `openPop3`. */
export async function withPop3<T>(
  account: Account,
  surroundings: Surroundings,
  say: Say,
  work: (client: Pop3Client) => Promise<T>,
): Promise<T> {
  const client = await openPop3(account, surroundings, say);
  try {
    return await client.keepAlive(() => work(client));
  } catch (error) {
    await client.close();
    throw error;
  }
}

/**
 * Turns on UTF-8 mode where the server has it: without, it may refuse mail with UTF-8 in its header, or send something
 * else in its place. It is on before the login or not at all, so that a message never changes within a session.
 */
async function inUtf8(client: Pop3Client): Promise<void> {
  if (!client.capabilities.has('UTF8')) return;
  await client.utf8().catch((error: unknown) => {
    if (!(error instanceof Pop3ReplyError)) throw error;
  });
}

/** The same for SMTP, where a URL without a user means: no login. `chunking`: whether BDAT may be used. */
export async function openSmtp(
  account: Account,
  surroundings: Surroundings,
  say: Say,
  chunking = true,
): Promise<SmtpClient> {
  const url = required(account, 'smtp');
  const credentials = url.user === undefined ? undefined : await credentialsOf(account, url.user);
  warnBefore(url, surroundings, say);
  const protocol = url.lmtp ? 'lmtp' : 'smtp';
  const client = await (await import('../smtp/client.ts')).SmtpClient.connect({
    ...(await connectOptions(url, account, surroundings)),
    protocol,
    chunking,
  });
  warnNotOffered(url, client.tls, say);
  try {
    if (credentials !== undefined) await client.login({ ...credentials, mechanism: account.auth });
    return client;
  } catch (error) {
    await client.close();
    throw error;
  }
}

/** What the account logs in with. EXTERNAL asks nobody for a password: the proof is the client certificate. */
async function credentialsOf(account: Account, user: string): Promise<Credentials> {
  if (account.auth?.toUpperCase() === 'EXTERNAL') return { user };
  return { user, password: await account.password(user) };
}

/**
 * Ends a session in which nothing was to be deleted. Some servers answer QUIT by closing, or not at all; whatever comes
 * of it, what was asked for is here already.
 */
export async function leave(client: Pop3Client): Promise<void> {
  await client.quit().catch((error: unknown) => {
    if (!(error instanceof PosthornError) || error instanceof AbortedError) throw error;
  });
}

/** The POP3 server of an account, with its user. @throws UsageError `no-server`, ConfigError `no-user`. */
export function pop3Server(account: Account): ServerUrl & { user: string } {
  const url = required(account, 'pop3');
  if (url.user !== undefined) return { ...url, user: url.user };
  throw new ConfigError('no-user', 'The POP3 URL names no user.', {
    hint: 'Write it before the host: pop3s://ann%40example.org@mail.example.org',
  });
}

function required(account: Account, protocol: 'pop3' | 'smtp'): ServerUrl {
  const { [protocol]: url, name } = account;
  if (url !== undefined) return url;
  const [whose, otherwise] =
    name === undefined
      ? ['', 'name an account with --account']
      : [` for ${name}`, `write ${protocol} into the account in the configuration`];
  throw new UsageError('no-server', `No ${protocol.toUpperCase()} server is named${whose}.`, {
    hint: `Give one with --${protocol} ${protocol}s://ann%40example.org@mail.example.org, or ${otherwise}.`,
  });
}

/** The ports at which TLS comes first (RFC 8314 §3.2, §3.3). Without it a server says nothing there, for minutes. */
const TLS_PORTS = { pop3: 995, smtp: 465 } as const;

function warnBefore({ protocol, host, port, path, security }: ServerUrl, { env }: Surroundings, say: Say): void {
  if (security !== 'implicit' && port === TLS_PORTS[protocol])
    say(`port ${port} is for TLS from the start: if ${host} does not answer, write ${protocol}s:// in its URL.`);
  if (security !== 'none' && env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0')
    say('NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing here: certificates are always verified.');
  // What goes through a socket of this machine does not leave it.
  if (security === 'none' && path === undefined) say(`the connection to ${host} is not encrypted.`);
}

function warnNotOffered({ host, security }: ServerUrl, tls: TlsInfo | undefined, say: Say): void {
  if (security === 'opportunistic' && tls === undefined)
    say(`${host} offers no TLS: the connection is not encrypted, and no password is sent over it.`);
}

async function connectOptions(
  url: ServerUrl,
  account: Account,
  { signal, trace }: Surroundings,
): Promise<ConnectOptions> {
  const { host, port, path, security } = url;
  const { tls, sourceAddress, timeout } = account;
  // A socket of this machine is not reached through others.
  const proxy = path === undefined ? await account.proxy() : undefined;
  return { host, port, path, security, tls, proxy, sourceAddress, timeout, signal, trace };
}
