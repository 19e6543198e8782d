/**
 * The server's decision about a name and a password that were presented in clear (PLAIN, LOGIN).
 *
 * Why apart: both mechanisms must take the same decision in the same time, whether the name is unknown, the password
 * wrong, or either is unpreparable. This file must never know how the two arrived.
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { PasswordLookup, ServerStep } from './mechanism.ts';
import { prepare } from './prep.ts';

/** Compares two secrets in a time that does not depend on where they differ, nor on their lengths. */
export function sameSecret(a: string | Uint8Array, b: string | Uint8Array): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}

/** A password nobody has: the stand-in for an unknown user, so that the same work is done. */
export function unguessable(): string {
  return randomBytes(24).toString('base64');
}

/** The one reason given for a wrong password and for an unknown user alike. */
export const WRONG_CREDENTIALS = { failed: 'the user name or the password is wrong' } as const;

/**
 * Prepares both sides (RFC 4616 §2) and compares. `authzid` must be empty or the user's own name: nobody may act as
 * somebody else.
 */
export async function verifyPassword(
  lookup: PasswordLookup,
  presented: { readonly user: string; readonly password: string; readonly authzid: string },
): Promise<ServerStep> {
  const user = await prepare(presented.user);
  const password = await prepare(presented.password);
  if (user === undefined || password === undefined) return WRONG_CREDENTIALS;
  const known = await lookup(user);
  const expected = known === undefined ? undefined : await prepare(known);
  if (!sameSecret(password, expected ?? unguessable())) return WRONG_CREDENTIALS;
  return (await mayActAs(user, presented.authzid)) ? { user } : { failed: 'the user may not act as somebody else' };
}

/** Whether the prepared `user` may act as `authzid`: as nobody in particular, or as itself. */
export async function mayActAs(user: string, authzid: string): Promise<boolean> {
  return authzid === '' || (await prepare(authzid)) === user;
}
