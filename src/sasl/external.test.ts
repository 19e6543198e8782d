import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExternalClient, ExternalServer } from './external.ts';
import type { Verifier } from './mechanism.ts';
import { utf8 } from './text.ts';

const verifier: Verifier = {
  password: async (user) => (['ann', 'ann@example.org', 'jörg'].includes(user) ? 'x' : undefined),
};

async function login(certified: readonly string[], authzid?: string): Promise<string | undefined> {
  const client = new ExternalClient(authzid === undefined ? { user: 'ann' } : { user: 'ann', authzid });
  const step = await new ExternalServer(verifier, certified).step(await client.initial());
  client.finish();
  return 'user' in step ? step.user : undefined;
}

test('whom the certificate names is let in: the first where the client names none', async () => {
  assert.equal(await login(['ann@example.org', 'ann']), 'ann@example.org');
  assert.equal(await login(['ann@example.org', 'ann'], 'ann'), 'ann');
  assert.equal(await login(['jo\u0308rg']), 'jörg');
});

test('nobody is let in without a certificate, as somebody it does not name, or who has no account', async () => {
  assert.equal(await login([]), undefined);
  assert.equal(await login([], 'ann'), undefined);
  assert.equal(await login(['jörg'], 'ann'), undefined);
  assert.equal(await login(['mallory']), undefined);
  assert.equal(await login(['\u0007', 'ann']), undefined);
});

test('RFC 4422 appendix A: an empty message, or whom to act as, and nothing of a password', async () => {
  assert.deepEqual(await new ExternalClient({ user: 'ann' }).initial(), utf8(''));
  assert.deepEqual(await new ExternalClient({ user: 'ann', password: 'x', authzid: 'bob' }).initial(), utf8('bob'));
  assert.throws(() => new ExternalClient({ user: 'ann', authzid: 'a\r\nb' }), { code: 'bad-credentials' });
});

test('one message, and no more', async () => {
  const client = new ExternalClient({ user: 'ann' });
  assert.throws(() => client.finish(), { code: 'auth-protocol' });
  await assert.rejects(client.respond(), { code: 'auth-protocol' });
  const server = new ExternalServer(verifier, ['ann']);
  assert.deepEqual(await server.step(undefined), { challenge: new Uint8Array() });
  assert.ok('failed' in (await server.step(undefined)));
  for (const message of [new Uint8Array([0xff]), utf8('\0'), utf8('ann\0')])
    assert.ok('failed' in (await new ExternalServer(verifier, ['ann']).step(message)));
  const over = new ExternalServer(verifier, ['ann']);
  await over.step(utf8(''));
  assert.ok('failed' in (await over.step(utf8(''))));
});
