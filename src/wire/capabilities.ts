/** What a server says it can do: keywords with parameters, the same in POP3 (RFC 2449 §5) and SMTP (RFC 5321 §4.1.1.1). */

/** Keywords in upper case, since servers differ, with their parameters as sent. */
export type Capabilities = ReadonlyMap<string, readonly string[]>;

/** One line a keyword, as a server sends them. */
export function formatCapabilities(capabilities: Capabilities): string[] {
  return [...capabilities].map(([name, parameters]) => [name, ...parameters].join(' '));
}
