/** Every mechanism of the table that proves a password, its client half against its server half. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { ChannelBinding } from './binding.ts';
import type { PasswordCredentials as Credentials } from './credentials.ts';
import type { ClientMechanism, PasswordLookup, ServerStep } from './mechanism.ts';
import type { Mechanism } from './mechanisms.ts';
import { findMechanism, MECHANISMS } from './mechanisms.ts';
import { prepare } from './prep.ts';
import { utf8 } from './text.ts';

const MAX_STEPS = 8;
const binding: ChannelBinding = { type: 'tls-exporter', data: Buffer.from('the same on both sides') };
const CLIENT = { binding, bindingOffered: true };
const serverOf = (mechanism: Mechanism, password: PasswordLookup) =>
  mechanism.server({ password }, { bindings: [binding] });

interface Outcome {
  readonly verdict: ServerStep;
  readonly steps: number;
}

/** Carries messages to and fro as a protocol does, until the verdict; success must satisfy the client, too. */
async function converse(client: ClientMechanism, mechanism: Mechanism, lookup: PasswordLookup): Promise<Outcome> {
  const server = serverOf(mechanism, lookup);
  assert.equal(client.name, mechanism.name);
  assert.equal(server.name, mechanism.name);
  let message = await client.initial();
  for (let steps = 1; ; steps++) {
    assert.ok(steps <= MAX_STEPS, 'the exchange does not end');
    const step = await server.step(message);
    if (!('challenge' in step)) {
      if ('user' in step) client.finish();
      return { verdict: step, steps };
    }
    message = await client.respond(step.challenge);
  }
}

const login = (mechanism: Mechanism, credentials: Credentials, lookup: PasswordLookup): Promise<Outcome> =>
  converse(mechanism.client(credentials, CLIENT), mechanism, lookup);

const users: readonly Credentials[] = [
  { user: 'tim', password: 'tanstaaftanstaaf' },
  { user: 'ann@example.org', password: 'a=b,c "d\\ e' },
  { user: 'jörg', password: 'Straße ½ 日本語' },
  { user: 'with space, and = sign', password: ' ' },
  { user: 'émile', password: 'emoji 😀 🫠' },
];
const lookup: PasswordLookup = async (name) => {
  for (const { user, password } of users) if ((await prepare(user)) === name) return password;
  return undefined;
};

for (const mechanism of MECHANISMS.filter(({ proof }) => proof === 'password')) {
  for (const credentials of users) {
    test(`${mechanism.name} lets ${credentials.user} in with the right password only`, async () => {
      const right = await login(mechanism, credentials, lookup);
      assert.deepEqual(right.verdict, { user: credentials.user });
      const wrong = await login(mechanism, { ...credentials, password: `${credentials.password}x` }, lookup);
      const unknown = await login(mechanism, { ...credentials, user: `${credentials.user}x` }, lookup);
      assert.ok('failed' in wrong.verdict);
      assert.deepEqual(unknown, wrong, 'an unknown user can be told from a wrong password');
    });
  }

  test(`${mechanism.name} ends when the server asks for ever, and when the client answers for ever`, async () => {
    for (const challenge of [new Uint8Array(), utf8('again'), new Uint8Array(1 << 20)]) {
      const client = mechanism.client({ user: 'tim', password: 'x' }, CLIENT);
      await client.initial();
      await assert.rejects(
        async () => {
          for (let steps = 0; steps < MAX_STEPS; steps++) await client.respond(challenge);
        },
        { name: 'AuthError', code: 'auth-protocol' },
      );
      const server = serverOf(mechanism, lookup);
      let step = await server.step(undefined);
      for (let steps = 1; steps < MAX_STEPS && 'challenge' in step; steps++) step = await server.step(challenge);
      assert.ok('failed' in step);
    }
  });

  test(`${mechanism.name} does not take success on trust before it has said anything`, () => {
    const client = mechanism.client({ user: 'tim', password: 'x' }, CLIENT);
    assert.throws(() => client.finish(), { name: 'AuthError' });
  });

  test(`${mechanism.name} fails at an error of the server's store with that error`, async () => {
    const broken = new Error('store');
    const lookup: PasswordLookup = () => Promise.reject(broken);
    await assert.rejects(login(mechanism, { user: 'tim', password: 'x' }, lookup), broken);
  });

  test(`${mechanism.name} lets in whoever has credentials that SASLprep permits`, async () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'binary', minLength: 1 }));
    await fc.assert(
      fc.asyncProperty(text, text, async (user, password) => {
        const name = await prepare(user);
        fc.pre(name !== undefined && (await prepare(password)) !== undefined);
        const store: PasswordLookup = async (asked) => (asked === name ? password : undefined);
        assert.deepEqual((await login(mechanism, { user, password }, store)).verdict, { user: name });
      }),
      { numRuns: 60 },
    );
  });

  test(`${mechanism.name}: a server survives any message`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 4 }), async (messages) => {
        const server = serverOf(mechanism, lookup);
        for (const message of messages) assert.ok(!('user' in (await server.step(message))));
      }),
      { numRuns: 60 },
    );
  });

  test(`${mechanism.name} keeps its secrets out of an inspection`, async () => {
    const { inspect } = await import('node:util');
    const client = mechanism.client({ user: 'tim', password: 'xyzzy-secret' }, CLIENT);
    await client.initial();
    assert.ok(!inspect(client, { depth: 9, showHidden: true }).includes('xyzzy'));
    assert.ok(!JSON.stringify(client).includes('xyzzy'));
  });
}

for (const name of ['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS']) {
  test(`${name} lets a user act as itself, not as somebody else`, async () => {
    const mechanism = findMechanism(name);
    assert.ok(mechanism !== undefined);
    const tim = { user: 'tim', password: 'tanstaaftanstaaf' };
    assert.deepEqual((await login(mechanism, { ...tim, authzid: 'tim' }, lookup)).verdict, { user: 'tim' });
    assert.ok('failed' in (await login(mechanism, { ...tim, authzid: 'ann@example.org' }, lookup)).verdict);
  });
}

test('a mechanism is found by its name in any case of letters, and only by a name', () => {
  assert.equal(findMechanism('scram-sha-256')?.name, 'SCRAM-SHA-256');
  for (const name of ['', 'NTLM', 'SCRAM-SHA-256-PLUS-PLUS', 'constructor'])
    assert.equal(findMechanism(name), undefined);
});
