/**
 * APOP (RFC 1939 §7): a login by the MD5 of the greeting's timestamp and the password; what both sides need of it.
 *
 * It is never taken by itself. Whoever reads the exchange can guess passwords at full speed, the server is never proven,
 * and one that forges timestamps learns the password letter by letter, from digests that collide (CVE-2007-1558). Such
 * timestamps need octets that no message identifier has, so a client takes one only in exactly that form.
 */
import { createHash, randomBytes } from 'node:crypto';

/** RFC 5322 §3.6.4: `msg-id`, without what it calls obsolete. */
const ATOMS = String.raw`[\w!#$%&'*+\-/=?^\x60{|}~]+(?:\.[\w!#$%&'*+\-/=?^\x60{|}~]+)*`;
const TIMESTAMP = new RegExp(String.raw`^[^<>]*(<${ATOMS}@(?:${ATOMS}|\[[!-Z^-~]*\])>)[^<>]*$`);
/** RFC 2449 §4: a response has at most 512 octets. */
const MAX_GREETING = 512;

/** The timestamp of a greeting that has one, and nothing else in angle brackets; undefined for none that can be trusted. */
export function findTimestamp(greeting: string): string | undefined {
  if (greeting.length > MAX_GREETING) return undefined;
  return TIMESTAMP.exec(greeting)?.[1];
}

/** A timestamp that never repeats. */
export function newTimestamp(): string {
  return `<${randomBytes(16).toString('hex')}.${Date.now()}@posthorn.invalid>`;
}

/** What proves the password, in hex. RFC 6856 §2.2: the password has been through SASLprep. */
export function apopDigest(timestamp: string, password: string): string {
  return createHash('md5').update(timestamp).update(password).digest('hex');
}
