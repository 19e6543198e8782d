import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration, parseTimeout } from './duration.ts';

test('parseDuration', () => {
  assert.equal(parseDuration('30'), 30_000);
  assert.equal(parseDuration('30s'), 30_000);
  assert.equal(parseDuration('5m'), 300_000);
  assert.equal(parseDuration('2h'), 7_200_000);
  assert.equal(parseDuration('14d'), 1_209_600_000);
  assert.equal(parseDuration('14', 'd'), 1_209_600_000);
  for (const bad of ['', '0', '0d', 'd', '-1s', '1.5h', '1w', '1e3', ' 1s', '1s\n', '9999999d', 'Infinity']) {
    assert.throws(() => parseDuration(bad), { code: 'bad-duration' }, bad);
  }
});

test('parseTimeout: at most a day, which a timer can still wait for', () => {
  assert.equal(parseTimeout('30'), 30_000);
  assert.equal(parseTimeout('1d'), 86_400_000);
  assert.throws(() => parseTimeout('25h', '--timeout'), { code: 'bad-duration', message: /^--timeout is longer/ });
  assert.throws(() => parseTimeout('0', '--timeout'), { code: 'bad-duration', message: /^--timeout must be/ });
});
