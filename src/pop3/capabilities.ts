/**
 * What a POP3 server can do (RFC 2449 §5-6): the CAPA listing, read by clients and written by servers.
 */
import type { Capabilities } from '../wire/capabilities.ts';

/** A bound of ours: real servers send a dozen lines. */
export const MAX_CAPABILITIES = 100;

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
