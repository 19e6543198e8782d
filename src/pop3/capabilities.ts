/**
 * What a POP3 server can do (RFC 2449 §5-6): the CAPA listing, read by clients and written by servers.
 */
import type { Capabilities } from '../wire/capabilities.ts';
import { parseDecimal } from '../wire/decimal.ts';

/** A bound of ours: real servers send a dozen lines. */
export const MAX_CAPABILITIES = 100;
/** The longest time that is believed, in days: ten years. */
const MAX_DAYS = 3650;

/** A rule that the server announces about its users. */
interface Policy {
  /** It may be another one after the login: before it, this is the strictest that any user has. */
  readonly perUser: boolean;
}

/** RFC 2449 §6.5: the least time between two logins. */
export interface LoginDelay extends Policy {
  readonly seconds: number;
}

/** RFC 2449 §6.7: the least time the server keeps mail; 0 means that it may erase what was fetched, without DELE. */
export interface Expiry extends Policy {
  readonly days: number | 'never';
}

/** Reads the rows of CAPA. Of a name that comes twice, the first row counts. */
export function parseCapabilities(rows: readonly string[]): Capabilities {
  const capabilities = new Map<string, readonly string[]>();
  for (const row of rows) {
    const [name = '', ...parameters] = row.trim().split(/ +/);
    const key = name.toUpperCase();
    if (key !== '' && !capabilities.has(key)) capabilities.set(key, parameters);
  }
  return capabilities;
}

/** The pause between logins that the server asks for; undefined where it says nothing, or nothing that makes sense. */
export function loginDelayOf(capabilities: Capabilities): LoginDelay | undefined {
  const [time = '', who] = capabilities.get('LOGIN-DELAY') ?? [];
  const seconds = parseDecimal(time, MAX_DAYS * 86_400);
  return seconds === undefined ? undefined : { seconds, perUser: isUser(who) };
}

/** How long the server keeps mail; undefined where it says nothing, or nothing that makes sense. */
export function expiryOf(capabilities: Capabilities): Expiry | undefined {
  const [time = '', who] = capabilities.get('EXPIRE') ?? [];
  const days = time.toUpperCase() === 'NEVER' ? 'never' : parseDecimal(time, MAX_DAYS);
  return days === undefined ? undefined : { days, perUser: isUser(who) };
}

/** What the server calls itself (RFC 2449 §6.9): for people, and never for a decision. */
export function implementationOf(capabilities: Capabilities): string | undefined {
  return capabilities.get('IMPLEMENTATION')?.join(' ') || undefined;
}

function isUser(word: string | undefined): boolean {
  return word?.toUpperCase() === 'USER';
}
