/** What an account's servers say of themselves: connected, protected, logged in, and left again. */
import type { TlsInfo } from '../net/tls.ts';
import type { Account, Surroundings } from './account.ts';
import { leave, openPop3, openSmtp, type Say } from './session.ts';

export interface ServerInfo {
  readonly greeting: string;
  /** What protects the connection, read from the socket; undefined for none. */
  readonly tls: TlsInfo | undefined;
  /** A line each: the keyword and its parameters. */
  readonly capabilities: readonly string[];
}

/** @throws whatever a session throws. */
export async function greetSmtp(account: Account, surroundings: Surroundings, say: Say): Promise<ServerInfo> {
  const client = await openSmtp(account, surroundings, say);
  const info = { greeting: client.greeting, tls: client.tls, capabilities: lines(client.capabilities) };
  await client.quit();
  return info;
}

/** @throws whatever a session throws. */
export async function greetPop3(account: Account, surroundings: Surroundings, say: Say): Promise<ServerInfo> {
  const client = await openPop3(account, surroundings, say);
  const info = { greeting: client.greeting, tls: client.tls, capabilities: lines(client.capabilities) };
  await leave(client);
  return info;
}

function lines(capabilities: ReadonlyMap<string, readonly string[]>): string[] {
  return [...capabilities].map(([name, parameters]) => [name, ...parameters].join(' '));
}
