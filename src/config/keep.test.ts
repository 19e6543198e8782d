import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../errors.ts';
import { parseKeep } from './keep.ts';

test('a time, or a number of the newest', () => {
  assert.equal(parseKeep('14d'), 14 * 86_400_000);
  assert.equal(parseKeep('14'), 14 * 86_400_000);
  assert.deepEqual(parseKeep('newest 500'), { newest: 500 });
  for (const text of ['', 'newest', 'newest 0', 'newest  5', 'newest -1', 'Newest 5', '0d', 'ever'])
    assert.throws(() => parseKeep(text), UsageError, text);
});
