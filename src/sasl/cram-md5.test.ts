import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CramMd5Client, CramMd5Server } from './cram-md5.ts';
import { utf8 } from './text.ts';

// RFC 2195 §2.
const challenge = '<1896.697170952@postoffice.reston.mci.net>';
const answer = 'tim b913a602c7eda7a495b4e6e7334d3890';
const credentials = { user: 'tim', password: 'tanstaaftanstaaf' };
const lookup = async (user: string) => (user === credentials.user ? credentials.password : undefined);

test('RFC 2195 §2: the example, from both sides', async () => {
  const client = new CramMd5Client(credentials);
  assert.equal(await client.initial(), undefined);
  assert.deepEqual(await client.respond(utf8(challenge)), utf8(answer));
  client.finish();

  const server = new CramMd5Server(lookup, challenge);
  assert.deepEqual(await server.step(undefined), { challenge: utf8(challenge) });
  assert.deepEqual(await server.step(utf8(answer)), { user: 'tim' });
  assert.ok('failed' in (await server.step(utf8(answer))));
});

test('the client refuses an empty challenge', async () => {
  await assert.rejects(new CramMd5Client(credentials).respond(utf8('')), { code: 'auth-protocol' });
});

test('challenges have the form of a message identifier and never repeat', async () => {
  const challenges = new Set<string>();
  for (let i = 0; i < 20; i++) {
    const step = await new CramMd5Server(lookup).step(undefined);
    assert.ok('challenge' in step);
    const text = Buffer.from(step.challenge).toString('latin1');
    assert.match(text, /^<[0-9a-f]{32}\.[0-9]+@[a-z.]+>$/);
    challenges.add(text);
  }
  assert.equal(challenges.size, 20);
});

for (const bad of [
  '',
  'tim',
  'b913a602c7eda7a495b4e6e7334d3890',
  'tim ',
  'tim b913a602c7eda7a495b4e6e7334d3891',
  `${answer} `,
  ` ${answer}`,
  `tom ${answer.slice(4)}`,
  `tim  ${answer.slice(4)}`,
]) {
  test(`the server refuses ${JSON.stringify(bad)}`, async () => {
    const server = new CramMd5Server(lookup, challenge);
    await server.step(undefined);
    assert.ok('failed' in (await server.step(utf8(bad))));
  });
}

test('an answer before the challenge is refused', async () => {
  assert.ok('failed' in (await new CramMd5Server(lookup, challenge).step(utf8(answer))));
});
