/**
 * The arithmetic of SCRAM (RFC 5802 §3): from a password to keys, from keys to the two proofs.
 *
 * Why apart: it is the same for both sides and for every hash, and holds no state. It must never see a message's grammar.
 */

import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** The hash functions registered for SCRAM that are used here, as node:crypto names them. */
export type ScramHash = 'sha1' | 'sha256';

export interface ScramKeys {
  readonly hash: ScramHash;
  readonly client: Uint8Array;
  readonly stored: Uint8Array;
  readonly server: Uint8Array;
}

const HASH_LENGTH: Readonly<Record<ScramHash, number>> = { sha1: 20, sha256: 32 };

// Off the main thread: the iteration count is the server's choice, and timers and signals must run on meanwhile.
const stretch = promisify(pbkdf2);

function hmac(hash: ScramHash, key: Uint8Array, text: string): Uint8Array {
  return createHmac(hash, key).update(text).digest();
}

function hashOf(hash: ScramHash, bytes: Uint8Array): Uint8Array {
  return createHash(hash).update(bytes).digest();
}

/** Both are a hash long. */
function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ (b[i] ?? 0));
}

/** Derives the keys from a prepared password. `iterations` must have been bounded by the caller. */
export async function deriveKeys(
  hash: ScramHash,
  password: string,
  salt: Uint8Array,
  iterations: number,
): Promise<ScramKeys> {
  const salted = await stretch(password, salt, iterations, HASH_LENGTH[hash], hash);
  const client = hmac(hash, salted, 'Client Key');
  return { hash, client, stored: hashOf(hash, client), server: hmac(hash, salted, 'Server Key') };
}

/** What the client sends to prove that it knows the password. */
export function clientProof(keys: ScramKeys, authMessage: string): Uint8Array {
  return xor(keys.client, hmac(keys.hash, keys.stored, authMessage));
}

/** Whether a proof came from someone who knows the client key; in constant time. */
export function provesClient(proof: Uint8Array, keys: ScramKeys, authMessage: string): boolean {
  if (proof.length !== HASH_LENGTH[keys.hash]) return false;
  const client = xor(proof, hmac(keys.hash, keys.stored, authMessage));
  return timingSafeEqual(hashOf(keys.hash, client), keys.stored);
}

/** What the server sends to prove that it knew the password, too. */
export function serverSignature(keys: ScramKeys, authMessage: string): Uint8Array {
  return hmac(keys.hash, keys.server, authMessage);
}

/** Whether a signature came from a server that knows the server key; in constant time. */
export function provesServer(signature: Uint8Array, keys: ScramKeys, authMessage: string): boolean {
  return signature.length === HASH_LENGTH[keys.hash] && timingSafeEqual(signature, serverSignature(keys, authMessage));
}
