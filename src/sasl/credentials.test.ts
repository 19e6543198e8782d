import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../errors.ts';
import type { ChannelBinding } from './binding.ts';
import { checkCredentials, type Credentials, MAX_CREDENTIAL_LENGTH, MAX_TOKEN_LENGTH } from './credentials.ts';
import { MECHANISMS } from './mechanisms.ts';

const binding: ChannelBinding = { type: 'tls-exporter', data: new Uint8Array(32) };
const good = { user: 'ann', password: 'secret' };
const bad: readonly string[] = [
  '',
  'a\r\nDELE 1',
  'a\rb',
  'a\nb',
  'a\0b',
  'lone \ud800',
  'x'.repeat(MAX_CREDENTIAL_LENGTH + 1),
];

function refused(error: unknown): boolean {
  assert.ok(error instanceof UsageError);
  assert.equal(error.code, 'bad-credentials');
  for (const text of bad.slice(1)) assert.ok(!`${error.message}${error.hint}`.includes(text), 'the content is shown');
  return true;
}

for (const field of ['user', 'password', 'authzid'] as const) {
  for (const text of bad) {
    test(`${field} ${JSON.stringify(text.slice(0, 20))} is refused by the check and by every mechanism`, () => {
      const credentials = { ...good, [field]: text };
      assert.throws(() => checkCredentials(credentials), refused);
      for (const mechanism of MECHANISMS.filter(({ proof }) => proof === 'password' || field === 'user'))
        assert.throws(() => mechanism.client(credentials, { binding }), refused);
    });
  }
}

test('what is missing, such as an environment variable, is said to be; it is no login by certificate', () => {
  // @ts-expect-error: the type refuses it as well.
  const withoutPassword: Credentials = { user: 'ann', password: process.env['NO_SUCH_VARIABLE'] };
  // @ts-expect-error: as above.
  const withoutToken: Credentials = { user: 'ann', token: process.env['NO_SUCH_VARIABLE'] };
  const withoutUser = { user: undefined, password: 'secret' } as unknown as Credentials;
  for (const [credentials, field] of [
    [withoutPassword, 'password'],
    [withoutToken, 'token'],
    [withoutUser, 'user name'],
  ] as const) {
    const message = `The ${field} is missing.`;
    assert.throws(() => checkCredentials(credentials), { name: 'UsageError', code: 'bad-credentials', message });
    assert.throws(() => MECHANISMS.map((mechanism) => mechanism.client(credentials, { binding })), refused);
  }
  checkCredentials({ user: 'ann', password: 'secret', authzid: undefined });
});

test('other characters are not the business of the check', () => {
  checkCredentials({ user: 'ann@example.org', password: ' =,"\\\t😀', authzid: 'bob' });
  checkCredentials({ user: 'x'.repeat(MAX_CREDENTIAL_LENGTH), password: 'é' });
});

test('a token is visible ASCII, may be long, and is never shown', () => {
  checkCredentials({ user: 'ann', token: 'x'.repeat(MAX_TOKEN_LENGTH) });
  for (const token of ['', 'a b', 'a\r\nDELE 1', 'a\x01b', 'é', 'x'.repeat(MAX_TOKEN_LENGTH + 1)]) {
    assert.throws(
      () => checkCredentials({ user: 'ann', token }),
      (error) =>
        error instanceof UsageError &&
        error.code === 'bad-credentials' &&
        (token === '' || !`${error.message}${error.hint}`.includes(token)),
    );
  }
});

test('a mechanism refuses credentials that do not hold what it needs, before anything is sent', () => {
  const certificate = { user: 'ann' };
  const token = { user: 'ann', token: 'abc' };
  for (const mechanism of MECHANISMS) {
    const misfits = { password: [certificate, token], token: [certificate], certificate: [] }[mechanism.proof];
    for (const credentials of misfits)
      assert.throws(() => mechanism.client(credentials, { binding }), { code: 'bad-credentials', phase: 'auth' });
  }
});

test('a mechanism that binds is not begun without a channel to bind to', () => {
  for (const mechanism of MECHANISMS.filter(({ binds }) => binds))
    assert.throws(() => mechanism.client(good), { name: 'UsageError', code: 'no-channel-binding' });
});
