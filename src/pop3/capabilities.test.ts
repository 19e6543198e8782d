import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCapabilities } from '../wire/capabilities.ts';
import { expiryOf, implementationOf, loginDelayOf, parseCapabilities } from './capabilities.ts';

test('names in upper case, parameters as sent, of a name that comes twice the first', () => {
  const rows = ['top', 'SASL  PLAIN Login', ' EXPIRE 60 USER', 'Expire NEVER', '', '__proto__ x'];
  assert.deepEqual(
    [...parseCapabilities(rows)],
    [
      ['TOP', []],
      ['SASL', ['PLAIN', 'Login']],
      ['EXPIRE', ['60', 'USER']],
      ['__PROTO__', ['x']],
    ],
  );
});

test('what is written is read', () => {
  const capabilities = new Map([
    ['STLS', []],
    ['SASL', ['PLAIN', 'LOGIN']],
  ]);
  assert.deepEqual(formatCapabilities(capabilities), ['STLS', 'SASL PLAIN LOGIN']);
  assert.deepEqual(parseCapabilities(formatCapabilities(capabilities)), capabilities);
});

test('what the server announces about its users, where it makes sense', () => {
  const of = (...rows: string[]) => {
    const capabilities = parseCapabilities(rows);
    return [loginDelayOf(capabilities), expiryOf(capabilities), implementationOf(capabilities)];
  };
  assert.deepEqual(of('LOGIN-DELAY 900 USER', 'EXPIRE 5 user', 'IMPLEMENTATION Some server 1.0'), [
    { seconds: 900, perUser: true },
    { days: 5, perUser: true },
    'Some server 1.0',
  ]);
  assert.deepEqual(of('LOGIN-DELAY 0', 'EXPIRE Never'), [
    { seconds: 0, perUser: false },
    { days: 'never', perUser: false },
    undefined,
  ]);
  assert.deepEqual(of('EXPIRE 0')[1], { days: 0, perUser: false });
  for (const odd of ['', '-1', '1e3', '0x10', '01', 'soon', '9'.repeat(400)]) {
    assert.deepEqual(of(`LOGIN-DELAY ${odd}`, `EXPIRE ${odd}`, 'IMPLEMENTATION'), [undefined, undefined, undefined]);
  }
  assert.deepEqual(of('EXPIRENEVER'), [undefined, undefined, undefined]);
});
