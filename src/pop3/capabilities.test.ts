import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCapabilities } from '../wire/capabilities.ts';
import { parseCapabilities } from './capabilities.ts';

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
