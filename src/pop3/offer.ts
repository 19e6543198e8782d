/** What our server announces by CAPA (RFC 2449 §5), which depends on what protects the connection. */
import type { Channel } from '../net/channel.ts';
import { offeredNames } from '../sasl/offer.ts';
import type { Capabilities } from '../wire/capabilities.ts';
import type { State } from './commands.ts';
import type { Pop3ServerOptions } from './server-options.ts';

/** Whether somebody may log in over this channel. */
export function mayLogIn(channel: Channel, { insecure }: Pop3ServerOptions): boolean {
  return channel.tls !== undefined || insecure === true;
}

/** The capabilities, the same before and after the login but for STLS, which is not possible any more (RFC 2595 §4). */
export function offeredCapabilities(channel: Channel, options: Pop3ServerOptions, state: State): Capabilities {
  const { backend, identity, expire, loginDelay } = options;
  const capabilities = new Map<string, readonly string[]>();
  const mayStart = channel.tls === undefined && state === 'authorization';
  if (mayStart && identity !== undefined) capabilities.set('STLS', []);
  if (mayLogIn(channel, options)) capabilities.set('USER', []).set('SASL', offeredNames(backend, channel));
  for (const name of ['TOP', 'UIDL', 'PIPELINING', 'RESP-CODES', 'AUTH-RESP-CODE']) capabilities.set(name, []);
  capabilities.set('UTF8', ['USER']).set('LANG', []);
  if (expire !== undefined) capabilities.set('EXPIRE', [String(expire).toUpperCase()]);
  if (loginDelay !== undefined) capabilities.set('LOGIN-DELAY', [String(loginDelay)]);
  return capabilities.set('IMPLEMENTATION', ['Posthorn']);
}
