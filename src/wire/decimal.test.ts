import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDecimal } from './decimal.ts';

test('plain decimals, to the bound and not beyond', () => {
  assert.equal(parseDecimal('0'), 0);
  assert.equal(parseDecimal('9007199254740991'), Number.MAX_SAFE_INTEGER);
  assert.equal(parseDecimal('9007199254740992'), undefined);
  assert.equal(parseDecimal('100', 100), 100);
  assert.equal(parseDecimal('101', 100), undefined);
});

test('everything else that JavaScript takes for a number is none', () => {
  const strange = [
    '',
    ' 1',
    '1 ',
    '+1',
    '-1',
    '-0',
    '01',
    '00',
    '1.0',
    '1e3',
    '0x10',
    '0b1',
    '1_000',
    'Infinity',
    'NaN',
  ];
  for (const text of [...strange, '1\n', '\u0661', '9'.repeat(400)]) {
    assert.equal(parseDecimal(text), undefined, JSON.stringify(text));
  }
});
