import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHeaders } from '../mime/summary.ts';
import { senderOf } from './message-view.ts';

test('a listing shows the name, but never a name that poses as an address', async () => {
  const cases = [
    ['Ann <ann@example.org>', 'Ann'],
    ['ann@example.org', 'ann@example.org'],
    ['"bank@example.com" <thief@example.net>', 'thief@example.net (“bank@example.com”)'],
    ['', ''],
  ] as const;
  for (const [from, shown] of cases) {
    assert.equal(senderOf(await readHeaders(Buffer.from(`From: ${from}\r\n\r\n`))), shown);
  }
  assert.equal(senderOf(undefined), '');
});
