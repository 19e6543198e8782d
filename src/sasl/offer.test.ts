import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerContext, Verifier } from './mechanism.ts';
import { offeredMechanisms } from './offer.ts';

const password = async () => undefined;
const names = (verifier: Verifier, context: ServerContext): string =>
  offeredMechanisms(verifier, context)
    .map(({ name }) => name)
    .join(' ');

test('a server offers what it has the means for', () => {
  const always = 'SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN CRAM-MD5';
  const bindings = [{ type: 'tls-exporter', data: new Uint8Array() }] as const;
  assert.equal(names({ password }, {}), always);
  assert.equal(names({ password }, { bindings }), `SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS ${always}`);
  assert.equal(names({ password, token: async () => true }, {}), `${always} OAUTHBEARER XOAUTH2`);
  assert.equal(names({ password }, { certified: ['ann'] }), `${always} EXTERNAL`);
  assert.equal(names({ password }, { certified: [], bindings: [] }), always);
});
