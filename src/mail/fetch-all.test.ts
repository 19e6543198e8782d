import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchEach } from './fetch-all.ts';

test('a few at a time, in the order of the names, and none keeps the others from theirs', async () => {
  let underWay = 0;
  let most = 0;
  const results = await fetchEach([5, 4, 3, 2, 1, 0], async (account) => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, account));
    underWay -= 1;
    if (account === 3) throw new Error('three');
    return account * 10;
  });
  assert.equal(most, 4);
  assert.deepEqual(
    results.map(({ account, report, error }) => [account, report, (error as Error | undefined)?.message]),
    [5, 4, 3, 2, 1, 0].map((account) => (account === 3 ? [3, undefined, 'three'] : [account, account * 10, undefined])),
  );
});
