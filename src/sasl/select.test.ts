import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuthError } from '../errors.ts';
import type { AuthPolicy } from './select.ts';
import { chooseMechanism, offersBinding } from './select.ts';

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

test('without verified TLS every mechanism is refused, even by name', () => {
  for (const name of [...all, 'USER']) {
    refusal([name], clear);
    refusal([name], { ...clear, only: name });
  }
});

test('weak-only offers are taken only by name', () => {
  assert.match(refusal(['CRAM-MD5', 'NTLM'], tls).hint ?? '', /CRAM-MD5 by name/);
  assert.equal(chooseMechanism(['CRAM-MD5', 'NTLM'], { ...tls, only: 'cram-md5' }).mechanism?.name, 'CRAM-MD5');
});

test('a bound form comes first where there is something to bind to, and is left alone where there is not', () => {
  const plus = [...all, 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256-PLUS'];
  const bound = { ...tls, bindable: true };
  assert.equal(chooseMechanism(plus, bound).mechanism?.name, 'SCRAM-SHA-256-PLUS');
  assert.equal(chooseMechanism([...all, 'scram-sha-1-plus'], bound).mechanism?.name, 'SCRAM-SHA-1-PLUS');
  assert.equal(chooseMechanism(plus, tls).mechanism?.name, 'SCRAM-SHA-256');
  assert.match(refusal(plus, { ...tls, only: 'SCRAM-SHA-256-PLUS' }).message, /can be bound/);
  refusal(['SCRAM-SHA-256-PLUS'], tls);
  assert.deepEqual([plus, all].map(offersBinding), [true, false]);
});

test('what there is to prove oneself with decides, or a name does', () => {
  const zoo = [...all, 'XOAUTH2', 'EXTERNAL', 'OAUTHBEARER'];
  assert.equal(chooseMechanism(zoo, { ...tls, proof: 'token' }).mechanism?.name, 'OAUTHBEARER');
  assert.equal(chooseMechanism(zoo, { ...tls, proof: 'certificate' }).mechanism?.name, 'EXTERNAL');
  for (const only of ['EXTERNAL', 'OAUTHBEARER', 'XOAUTH2']) {
    refusal([only], tls);
    assert.equal(chooseMechanism(zoo, { ...tls, only }).mechanism?.name, only);
  }
  refusal(all, { ...tls, proof: 'token' });
  refusal(zoo, { ...clear, proof: 'token' });
});

test('`only` is obeyed: never another, not even a stronger one', () => {
  assert.equal(chooseMechanism(all, { ...tls, only: 'login' }).mechanism?.name, 'LOGIN');
  assert.match(refusal(['PLAIN'], { ...tls, only: 'SCRAM-SHA-1' }).hint ?? '', /PLAIN/);
  refusal(['NTLM', 'PLAIN'], { ...tls, only: 'NTLM' });
});

test('a zoo of 64 KB, lower case, repeated', () => {
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
