import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delayHint } from './login-delay.ts';

test('the pause in words, rounded up', () => {
  const words: [seconds: number, words: string][] = [
    [0, '0 seconds'],
    [1, '1 second'],
    [90, '90 seconds'],
    [121, '3 minutes'],
    [900, '15 minutes'],
    [7200, '2 hours'],
    [7201, '3 hours'],
  ];
  for (const [seconds, expected] of words)
    assert.ok(delayHint(seconds).endsWith(`; try again in ${expected}.`), expected);
  assert.match(delayHint(undefined), /; try again later\.$/);
  assert.match(delayHint(900, true), /; try again later, in 15 minutes at the latest\.$/);
  assert.match(delayHint(undefined, true), /; try again later\.$/);
});
