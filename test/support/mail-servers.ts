/**
 * What the interop tests say of real servers again and again: their URLs, their environment, and whether mail arrived.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dovecot } from './dovecot.ts';
import type { Postfix } from './postfix.ts';

const LIMIT_MS = 20_000;

/** The three ways to reach a server, by the scheme's ending: `''` upgrades, `s` begins with TLS, `+insecure` has none. */
export const SECURITIES = ['', 's', '+insecure'] as const;
export type SchemeEnding = (typeof SECURITIES)[number];

/** The URL of a Dovecot for one of its users, by name. */
export function pop3Url({ host, ports }: Dovecot, ending: SchemeEnding = 's', user = 'ann'): string {
  const port = ending === 's' ? ports.pop3s : ports.pop3;
  return `pop3${ending}://${encodeURIComponent(user)}@${host}:${port}`;
}

/** The URL of a Postfix for one of its users, by address. */
export function smtpUrl({ host, ports }: Postfix, ending: SchemeEnding = '', user = 'ann@example.org'): string {
  const port = ending === 's' ? ports.submissions : ports.submission;
  return `smtp${ending}://${encodeURIComponent(user)}@${host}:${port}`;
}

/** The environment in which the program uses these servers as ann. */
export function servedBy(dovecot: Dovecot, postfix?: Postfix): Record<string, string> {
  return {
    POSTHORN_POP3: pop3Url(dovecot),
    ...(postfix === undefined ? {} : { POSTHORN_SMTP: smtpUrl(postfix) }),
    POSTHORN_PASSWORD: dovecot.users[0]?.password ?? '',
    POSTHORN_CA_FILE: dovecot.caFile,
  };
}

/** Waits until a user has so many messages; fails where there are more. */
export async function arrived(dovecot: Dovecot, count: number, user = 'ann'): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while ((await dovecot.messageCount(user)) < count) {
    assert.ok(Date.now() < deadline, `Fewer than ${count} messages arrived for ${user}.\n${dovecot.log()}`);
    await sleep(20);
  }
  assert.equal(await dovecot.messageCount(user), count);
}

/** Waits until a server's log has a line of this kind: it is written by a process of its own, a moment later. */
export async function logged(server: { log(): string }, line: RegExp): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while (!line.test(server.log())) {
    assert.ok(Date.now() < deadline, `The log has no ${line}.\n${server.log()}`);
    await sleep(20);
  }
}
