import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concealing } from './conceal.ts';

test('what was said in secret is masked, in each form in which a server may have it', () => {
  const conceal = concealing('a+b/c ü', ['AGFubgBhK2IvYyDDvA==']);
  assert.equal(conceal('no: a+b/c ü, a+b/c ü!'), 'no: ****, ****!');
  assert.equal(conceal('AUTH PLAIN AGFubgBhK2IvYyDDvA== YStiL2Mgw7w= a%2Bb%2Fc%20%C3%BC'), 'AUTH PLAIN **** **** ****');
  assert.equal(conceal('unknown command'), 'unknown command');
});

test('a form inside another is masked with it, and what is too short is left to chance', () => {
  assert.equal(concealing('secret', ['c2VjcmV0secret'])('c2VjcmV0secret secret'), '**** ****');
  assert.equal(concealing('no')('no such user'), 'no such user');
  assert.equal(concealing(undefined, ['='])('= is not base64'), '= is not base64');
});
