/** What servers show and clients trust in the tests of one file: an authority, and certificates of the kinds asked for. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import type { ServerIdentity } from '../../src/net/listen.ts';
import { type CertificateKind, makeAuthority, makeCertificate, readIdentity } from './certificate.ts';

export interface Identities {
  /** The authority, in PEM. */
  readonly ca: string;
  identityOf(kind: CertificateKind): ServerIdentity;
  fingerprintOf(kind: CertificateKind): string;
}

/** Makes them, before a file's first test; they go behind its last one. */
export async function makeIdentities(...kinds: readonly CertificateKind[]): Promise<Identities> {
  const folder = await mkdtemp(join(tmpdir(), 'identities-'));
  after(() => rm(folder, { recursive: true, force: true }));
  const authority = await makeAuthority(folder);
  const make = async (kind: CertificateKind) =>
    [kind, await readIdentity(await makeCertificate(authority, kind))] as const;
  const identities = new Map(await Promise.all(kinds.map(make)));
  const identityOf = (kind: CertificateKind): ServerIdentity => {
    const identity = identities.get(kind);
    assert.ok(identity);
    return identity;
  };
  return {
    ca: await readFile(authority.caFile, 'utf8'),
    identityOf,
    fingerprintOf: (kind) => new X509Certificate(identityOf(kind).certificate).fingerprint256,
  };
}
