import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuthError } from '../errors.ts';
import type { AuthPolicy } from './select.ts';
import { chooseMechanism } from './select.ts';

const tls: AuthPolicy = { tls: true, insecure: false };
const clear: AuthPolicy = { tls: false, insecure: false };
const insecure: AuthPolicy = { tls: false, insecure: true };
const all = ['LOGIN', 'PLAIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256'];

/** Removes what was chosen from the offer until nothing is chosen any more. */
function order(policy: AuthPolicy): string[] {
  const chosen: string[] = [];
  for (;;) {
    const { mechanism } = chooseMechanism(
      all.filter((name) => !chosen.includes(name)),
      policy,
    );
    if (mechanism === undefined) return chosen;
    chosen.push(mechanism.name);
  }
}

function refusal(offered: readonly string[], policy: AuthPolicy): AuthError {
  const { mechanism, refusal } = chooseMechanism(offered, policy);
  assert.equal(mechanism, undefined);
  assert.ok(refusal instanceof AuthError);
  assert.equal(refusal.code, 'auth-no-mechanism');
  return refusal;
}

test('the order under TLS leaves CRAM-MD5 out, the order in clear prefers it to a password', () => {
  assert.deepEqual(order(tls), ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN', 'LOGIN']);
  assert.deepEqual(order(insecure), ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'CRAM-MD5', 'PLAIN', 'LOGIN']);
  assert.deepEqual(order({ tls: true, insecure: true }), order(tls), 'permission for an open channel changes nothing');
});

test('CASES 24: without verified TLS every mechanism is refused, even by name', () => {
  for (const name of [...all, 'USER']) {
    refusal([name], clear);
    refusal([name], { ...clear, only: name });
  }
});

test('CASES 25: weak-only offers are taken only by name', () => {
  assert.match(refusal(['CRAM-MD5', 'NTLM'], tls).hint ?? '', /CRAM-MD5 by name/);
  assert.equal(chooseMechanism(['CRAM-MD5', 'NTLM'], { ...tls, only: 'cram-md5' }).mechanism?.name, 'CRAM-MD5');
});

test('`only` is obeyed: never another, not even a stronger one', () => {
  assert.equal(chooseMechanism(all, { ...tls, only: 'login' }).mechanism?.name, 'LOGIN');
  assert.match(refusal(['PLAIN'], { ...tls, only: 'SCRAM-SHA-1' }).hint ?? '', /PLAIN/);
  refusal(['NTLM', 'PLAIN'], { ...tls, only: 'NTLM' });
});

test('CASES 27: a zoo of 64 KB, lower case, repeated', () => {
  const zoo = Array.from({ length: 8000 }, (_, i) => `X-ZOO-${i}`);
  const offered = [...zoo, 'plain', 'scram-sha-1', 'Plain', 'plain', 'scram-sha-256-plus', 'constructor', '__proto__'];
  assert.equal(chooseMechanism(offered, tls).mechanism?.name, 'SCRAM-SHA-1');
  refusal(zoo, tls);
});

test('a refusal shows names, and nothing else the server sent', () => {
  const { hint = '' } = refusal(['\x1b[31mX', 'NTLM', 'Y\nZ', ...Array.from({ length: 99 }, (_, i) => `X${i}`)], tls);
  assert.match(hint, /^It offers [A-Z0-9, ]+\.$/);
  assert.ok(hint.length < 200);
  assert.equal(refusal([], tls).hint, 'It offers no mechanism at all.');
});
