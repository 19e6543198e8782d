import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCapabilities } from '../wire/capabilities.ts';
import { parseCapabilities, sizeLimit } from './capabilities.ts';

test('the first line is a name; keywords in upper case; those that come twice add up', () => {
  const lines = [
    'mail.test PIPELINING',
    'pipelining',
    'AUTH LOGIN',
    'AUTH=PLAIN  LOGIN',
    '',
    'Size 10 ',
    '__proto__ x',
  ];
  assert.deepEqual(
    [...parseCapabilities(lines)],
    [
      ['PIPELINING', []],
      ['AUTH', ['LOGIN', 'PLAIN', 'LOGIN']],
      ['SIZE', ['10']],
      ['__PROTO__', ['x']],
    ],
  );
  assert.equal(parseCapabilities(['mail.test']).size, 0);
  assert.equal(parseCapabilities([]).size, 0);
});

test('what is written is read', () => {
  const capabilities = new Map([
    ['SIZE', ['1000']],
    ['8BITMIME', []],
  ]);
  assert.deepEqual(parseCapabilities(['me', ...formatCapabilities(capabilities)]), capabilities);
});

test('a limit is a decimal above nought, or none (RFC 1870 §4)', () => {
  assert.equal(sizeLimit(new Map([['SIZE', ['1000']]])), 1000);
  for (const value of ['0', '-1', 'x', '0x10', '99999999999999999999', '']) {
    assert.equal(sizeLimit(new Map([['SIZE', [value]]])), undefined, value);
  }
  assert.equal(sizeLimit(new Map([['SIZE', []]])), undefined);
  assert.equal(sizeLimit(new Map()), undefined);
});
