import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoginClient, LoginServer } from './login.ts';
import type { ClientMechanism } from './mechanism.ts';
import { utf8 } from './text.ts';

const credentials = { user: 'tim', password: 'tanstaaftanstaaf' };
const lookup = async (user: string) => (user === credentials.user ? credentials.password : undefined);

test('the client gives the name, then the password, whatever the prompts say', async () => {
  for (const prompts of [
    ['Username:', 'Password:'],
    ['User Name\0', 'Password\0'],
    ['', 'Username:'],
  ]) {
    const client: ClientMechanism = new LoginClient(credentials);
    assert.equal(await client.initial(), undefined);
    const said = [];
    for (const prompt of prompts) said.push(await client.respond(utf8(prompt)));
    assert.deepEqual(said, [utf8('tim'), utf8('tanstaaftanstaaf')]);
    client.finish();
  }
});

test('success between the name and the password is not success', async () => {
  const client: ClientMechanism = new LoginClient(credentials);
  await client.respond(utf8('Username:'));
  assert.throws(() => client.finish(), { name: 'AuthError', code: 'auth-protocol' });
});

test('the server asks twice, or once when the name came at once', async () => {
  const server = new LoginServer(lookup);
  assert.deepEqual(await server.step(undefined), { challenge: utf8('Username:') });
  assert.deepEqual(await server.step(utf8('tim')), { challenge: utf8('Password:') });
  assert.deepEqual(await server.step(utf8('tanstaaftanstaaf')), { user: 'tim' });

  const early = new LoginServer(lookup);
  assert.deepEqual(await early.step(utf8('tim')), { challenge: utf8('Password:') });
  assert.deepEqual(await early.step(utf8('tanstaaftanstaaf')), { user: 'tim' });
});

test('the server refuses what is not UTF-8, in either answer', async () => {
  assert.ok('failed' in (await new LoginServer(lookup).step(Uint8Array.of(0xff))));
  const server = new LoginServer(lookup);
  await server.step(utf8('tim'));
  assert.ok('failed' in (await server.step(Uint8Array.of(0xff))));
});
