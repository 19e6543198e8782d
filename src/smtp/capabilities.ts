/**
 * What an SMTP server can do (RFC 5321 §4.1.1.1): the lines of its answer to EHLO, read by clients, written by servers.
 */
import type { Capabilities } from '../wire/capabilities.ts';
import { parseDecimal } from '../wire/decimal.ts';

/** Reads the text lines of an EHLO reply; the first is the server's name and no keyword. */
export function parseCapabilities(lines: readonly string[]): Capabilities {
  const capabilities = new Map<string, readonly string[]>();
  for (const line of lines.slice(1)) {
    // QUIRK: `AUTH=LOGIN` is what servers said before RFC 2554; some say both.
    const [name = '', ...parameters] = line
      .trim()
      .replace(/^AUTH=/i, 'AUTH ')
      .split(/ +/);
    const key = name.toUpperCase();
    if (key !== '') capabilities.set(key, [...(capabilities.get(key) ?? []), ...parameters]);
  }
  return capabilities;
}

/** The most octets the server takes (RFC 1870 §4); undefined when it names no limit, or none that is a number. */
export function sizeLimit(capabilities: Capabilities): number | undefined {
  const limit = parseDecimal(capabilities.get('SIZE')?.[0] ?? '');
  return limit === 0 ? undefined : limit;
}
