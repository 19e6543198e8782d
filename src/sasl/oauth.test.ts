import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { AuthError } from '../errors.ts';
import type { Verifier } from './mechanism.ts';
import { OAuthClient, OAuthServer } from './oauth.ts';
import { complaintOf } from './oauth-message.ts';
import { base64, utf8 } from './text.ts';

const TOKEN = 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==';
const USER = 'user@example.com';
const verifier: Verifier = {
  password: async () => undefined,
  token: async (user, token) => user === USER && token === TOKEN,
};
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const NAMES = ['OAUTHBEARER', 'XOAUTH2'] as const;
const messages = {
  OAUTHBEARER: `n,a=${USER},\x01host=server.example.com\x01port=143\x01auth=Bearer ${TOKEN}\x01\x01`,
  XOAUTH2: `user=${USER}\x01auth=Bearer ${TOKEN}\x01\x01`,
};

test('RFC 7628 §4.1: the message of the example', async () => {
  const client = new OAuthClient(
    'OAUTHBEARER',
    { user: USER, token: TOKEN },
    { host: 'server.example.com', port: 143 },
  );
  const encoded =
    'bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB';
  assert.equal(base64(await client.initial()), encoded);
  client.finish();
});

test('RFC 7628 §4.3: the refusal of the example, and its answer', async () => {
  const challenge = Buffer.from(
    'eyJzdGF0dXMiOiJpbnZhbGlkX3Rva2VuIiwic2NvcGUiOiJleGFtcGxlX3Njb3BlIiwib3BlbmlkLWNvbmZpZ3VyYXRpb24iOiJodHRwczovL2V4YW1wbGUuY29tLy53ZWxsLWtub3duL29wZW5pZC1jb25maWd1cmF0aW9uIn0=',
    'base64',
  );
  const client = new OAuthClient('OAUTHBEARER', { user: USER, token: TOKEN });
  await client.initial();
  assert.equal(base64(await client.respond(challenge)), 'AQ==');
  assert.equal(client.complaint, 'invalid_token, scope example_scope');
});

test('XOAUTH2: the message of its documentation, and an empty answer to a refusal', async () => {
  const token = 'ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg';
  const client = new OAuthClient('XOAUTH2', { user: 'someuser@example.com', token });
  const encoded =
    'dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==';
  assert.equal(base64(await client.initial()), encoded);
  const refusal = '{"status":"401","schemes":"bearer mac","scope":"https://mail.google.com/"}';
  assert.equal((await client.respond(utf8(refusal))).length, 0);
  assert.equal(client.complaint, '401, scope https://mail.google.com/');
});

for (const name of NAMES) {
  test(`${name}: a refusal is answered once, and no success is believed after it`, async () => {
    const client = new OAuthClient(name, { user: USER, token: TOKEN });
    assert.throws(() => client.finish(), { code: 'auth-protocol' });
    await client.initial();
    await client.respond(utf8('{}'));
    assert.throws(() => client.finish(), AuthError);
    await assert.rejects(client.respond(utf8('{}')), { name: 'AuthError', code: 'auth-protocol' });
  });

  test(`${name}: client and server, the right token, another, another user, a password for a token`, async () => {
    const outcome = async (user: string, token: string): Promise<unknown> => {
      const client = new OAuthClient(name, { user, password: token });
      const server = new OAuthServer(name, verifier);
      const step = await server.step(await client.initial());
      if (!('challenge' in step)) return step;
      const verdict = await server.step(await client.respond(step.challenge));
      return [client.complaint, Object.keys(verdict)];
    };
    assert.deepEqual(await outcome(USER, TOKEN), { user: USER });
    for (const [user, token] of [
      [USER, 'other'],
      ['ann', TOKEN],
      ['a,b=c', TOKEN],
    ] as const)
      assert.deepEqual(await outcome(user, token), ['invalid_token', ['failed']]);
  });

  test(`${name}: the server takes its message, in any case of "bearer", and no other`, async () => {
    const step = (message: string) => new OAuthServer(name, verifier).step(utf8(message));
    const good = messages[name];
    assert.deepEqual(await step(good), { user: USER });
    assert.deepEqual(await step(good.replace('Bearer', 'bearer')), { user: USER });
    const refusal = { challenge: utf8('{"status":"invalid_request"}') };
    for (const bad of [
      '',
      '\x01',
      good.slice(0, -1),
      good.slice(0, -2),
      `${good}x`,
      good.replace('Bearer', 'Basic'),
      good.replace('auth=', 'auth=Bearer x\x01auth='),
      good.replace(TOKEN, ''),
      good.replace(TOKEN, 'a b'),
      good.replace(USER, ''),
      good.slice(1),
      good.replace(/^n,/, 'p=tls-exporter,').replace(/^user=/, 'USER='),
    ])
      assert.deepEqual(await step(bad), refusal, JSON.stringify(bad));
  });

  test(`${name}: a server asks for the message, ends after the refusal, and needs somebody who knows tokens`, async () => {
    const server = new OAuthServer(name, { password: verifier.password });
    assert.deepEqual(await server.step(undefined), { challenge: new Uint8Array() });
    assert.ok('challenge' in (await server.step(utf8(messages[name]))));
    assert.ok('failed' in (await server.step(utf8('\x01'))));
    assert.ok('failed' in (await server.step(utf8(messages[name]))));
    const silent = new OAuthServer(name, verifier);
    await silent.step(undefined);
    assert.ok('failed' in (await silent.step(undefined)));
  });

  test(`${name}: a server survives any message`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 4 }), async (said) => {
        const server = new OAuthServer(name, verifier);
        for (const message of said) assert.ok(!('user' in (await server.step(message))));
      }),
    );
  });

  test(`${name}: no name can add a field of its own`, async () => {
    const client = new OAuthClient(name, { user: 'ann\x01auth=Bearer stolen', token: TOKEN });
    await assert.rejects(client.initial(), { name: 'UsageError', code: 'bad-credentials' });
  });

  test(`${name} keeps its token out of an inspection`, async () => {
    const { inspect } = await import('node:util');
    const client = new OAuthClient(name, { user: USER, token: TOKEN });
    await client.initial();
    assert.ok(!`${inspect(client, { depth: 9, showHidden: true })}${JSON.stringify(client)}`.includes('vF9dft4'));
  });
}

test('a comma in a name is written as RFC 5801 has it', async () => {
  const client = new OAuthClient('OAUTHBEARER', { user: 'a,b=c', token: 'T' });
  assert.equal(text(await client.initial()), 'n,a=a=2Cb=3Dc,\x01auth=Bearer T\x01\x01');
});

test('of a refusal only plain words are repeated', () => {
  for (const [challenge, complaint] of [
    ['{"status":"invalid_token\\u001b[31m","scope":"mail"}', 'scope mail'],
    ['{"status":"x\\r\\nDELE 1"}', undefined],
    [`{"status":"${'x'.repeat(201)}"}`, undefined],
    ['{"status":{"toString":1},"scope":["a"]}', undefined],
    ['{"__proto__":{"status":"x"}}', undefined],
    ['"invalid_token"', undefined],
    ['null', undefined],
    ['[', undefined],
    ['', undefined],
  ] as const)
    assert.equal(complaintOf(utf8(challenge)), complaint, challenge);
  assert.equal(complaintOf(new Uint8Array([0xff])), undefined);
});
