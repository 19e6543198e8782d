import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meaningOf } from './status-codes.ts';

test('failures have words, for now and for good alike', () => {
  assert.equal(meaningOf('5.1.1'), 'there is no such mailbox');
  assert.equal(meaningOf('4.2.2'), 'the mailbox is full');
  assert.equal(meaningOf('5.7.30'), 'the message insists on TLS, which the next server cannot promise');
});

test('of a detail that nobody has registered, the subject is known', () => {
  assert.equal(meaningOf('5.7.999'), 'something about security or a policy');
  assert.equal(meaningOf('4.3.0'), 'something about the mail system');
});

test('a success, no code, and one of another world have none', () => {
  for (const code of ['2.1.5', '5.0.0', '5.9.1', '5.1', '5.1.1.1', 'toString', '', undefined]) {
    assert.equal(meaningOf(code), undefined, code);
  }
});
