import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../errors.ts';
import { prepare, prepareOwn } from './prep.ts';

// RFC 4013 §3, and what follows from §2.
const cases: readonly (readonly [string, string | undefined])[] = [
  ['I\u00ADX', 'IX'],
  ['user', 'user'],
  ['USER', 'USER'],
  ['\u00AA', 'a'],
  ['\u2168', 'IX'],
  ['\u0007', undefined],
  ['\u0627\u0031', undefined],
  ['a\u00A0b', 'a b'],
  ['e\u0301', 'é'],
  ['tab\there', undefined],
  ['\u00AD', undefined],
  ['lone \ud800', undefined],
  ['emoji 😀', 'emoji 😀'],
  ['', undefined],
  ['é'.repeat(1025), undefined],
  ['é'.repeat(1024), 'é'.repeat(1024)],
];

for (const [text, expected] of cases) {
  test(`${JSON.stringify(text.slice(0, 20))} becomes ${JSON.stringify(expected?.slice(0, 20))}`, async () => {
    assert.equal(await prepare(text), expected);
  });
}

test('our own text that cannot be prepared is refused without being shown', async () => {
  await assert.rejects(prepareOwn('password', 'bell\u0007'), (error) => {
    assert.ok(error instanceof UsageError);
    assert.equal(error.code, 'bad-credentials');
    assert.ok(!error.message.includes('bell'));
    return true;
  });
});
