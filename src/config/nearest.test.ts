import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestWord } from './nearest.ts';

test('nearestWord', () => {
  const known = ['pop3', 'smtp', 'passwordeval', 'password', 'ca_file', 'keep'];
  assert.equal(nearestWord('pasword', known), 'password');
  assert.equal(nearestWord('password-eval', known), 'passwordeval');
  assert.equal(nearestWord('CA-File', known), 'ca_file');
  assert.equal(nearestWord('stmp', known), 'smtp');
  assert.equal(nearestWord('colour', known), undefined);
  assert.equal(nearestWord('xy', known), undefined);
  assert.equal(nearestWord('p'.repeat(100_000), known), undefined);
});
