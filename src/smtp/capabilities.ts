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

/** The same as if CHUNKING had not been announced. */
export function withoutChunking(capabilities: Capabilities): Capabilities {
  return new Map([...capabilities].filter(([name]) => name !== 'CHUNKING'));
}

/** The most octets the server takes (RFC 1870 §4); undefined when it names no limit, or none that is a number. */
export function sizeLimit(capabilities: Capabilities): number | undefined {
  const limit = parseDecimal(capabilities.get('SIZE')?.[0] ?? '');
  return limit === 0 ? undefined : limit;
}

/** What a backend can do with a message beyond taking it. Each is announced, and only then asked for. */
export interface Extensions {
  /** It reports on deliveries as asked (RFC 3461). */
  readonly dsn?: boolean | undefined;
  /** It never passes a message on without verified TLS where that is asked for (RFC 8689); announced under TLS only. */
  readonly requireTls?: boolean | undefined;
  /** How long it holds a message back at most; `until`, by default so far from now (RFC 4865). */
  readonly futureRelease?: { readonly seconds: number; readonly until?: Date | undefined } | undefined;
  /** It delivers in time or does as asked; `least`: the fewest seconds it needs for that (RFC 2852). */
  readonly deliverBy?: { readonly least?: number | undefined } | undefined;
  /** It delivers urgent messages first; a string names the profile of priorities (RFC 6710). */
  readonly priority?: true | string | undefined;
  /** It takes bodies that are not made of lines (RFC 3030 §3). */
  readonly binary?: boolean | undefined;
}

/** The lines of an EHLO reply for them. `chunking`: without it nothing binary can come. */
export function announce(extensions: Extensions, tls: boolean, chunking: boolean): Capabilities {
  const { dsn, requireTls, futureRelease, deliverBy, priority, binary } = extensions;
  const { seconds = 0, until = new Date(Date.now() + seconds * 1000) } = futureRelease ?? {};
  const rows: readonly (readonly [offered: unknown, name: string, ...words: (string | undefined)[]])[] = [
    [dsn, 'DSN'],
    [requireTls && tls, 'REQUIRETLS'],
    [futureRelease, 'FUTURERELEASE', String(seconds), formatTime(until)],
    [deliverBy, 'DELIVERBY', deliverBy?.least?.toString()],
    [priority, 'MT-PRIORITY', priority === true ? undefined : priority],
    [binary && chunking, 'BINARYMIME'],
  ];
  const offered = rows.filter(([is]) => Boolean(is));
  return new Map(offered.map(([, name, ...words]) => [name, words.filter((word) => word !== undefined)]));
}

/** A time as FUTURERELEASE says it: that of RFC 3339, in UTC (RFC 4865 §3). */
export function formatTime(time: Date): string {
  return Number.isNaN(time.getTime()) ? '' : time.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Reads one; undefined when it is none. */
export function parseTime(text: string): Date | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
