import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replyLine } from './reply-line.ts';

test('a line stays a line, whatever stands in it', () => {
  assert.equal(replyLine('250 2.0.0 here'), '250 2.0.0 here');
  assert.equal(replyLine('-ERR no\r\n+OK \0\x1b[31m'), '-ERR no??+OK ??[31m');
});

test('a line has at most 512 octets with its end, and its last character whole', () => {
  assert.equal(replyLine('x'.repeat(510)), 'x'.repeat(510));
  assert.equal(replyLine('x'.repeat(511)), 'x'.repeat(510));
  assert.equal(replyLine(`x${'é'.repeat(300)}`), `x${'é'.repeat(254)}`);
});
