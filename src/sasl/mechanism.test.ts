import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../errors.ts';
import { checkCredentials, MAX_CREDENTIAL_LENGTH } from './mechanism.ts';
import { MECHANISMS } from './mechanisms.ts';

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
      for (const mechanism of MECHANISMS) assert.throws(() => mechanism.client(credentials), refused);
    });
  }
}

test('other characters are not the business of the check', () => {
  checkCredentials({ user: 'ann@example.org', password: ' =,"\\\t😀', authzid: 'bob' });
  checkCredentials({ user: 'x'.repeat(MAX_CREDENTIAL_LENGTH), password: 'é' });
});
