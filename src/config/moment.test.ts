import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMoment } from './moment.ts';

test('a date, a time here, and a time in a zone', () => {
  assert.deepEqual(parseMoment('2026-12-24'), new Date(2026, 11, 24));
  assert.deepEqual(parseMoment('2026-12-24 18:30'), new Date(2026, 11, 24, 18, 30));
  assert.deepEqual(parseMoment('2026-12-24T18:30:05'), new Date(2026, 11, 24, 18, 30, 5));
  assert.deepEqual(parseMoment('2026-12-24T18:30Z'), new Date('2026-12-24T18:30:00Z'));
  assert.deepEqual(parseMoment('2026-12-24 18:30:05+01:00'), new Date('2026-12-24T17:30:05Z'));
});

for (const text of [
  '',
  'tomorrow',
  '2026-13-01',
  '2026-02-30',
  '24.12.2026',
  '2026-12-24 25:00',
  '2026-12-24T18:00+1',
  '9',
]) {
  test(`${JSON.stringify(text)} is none`, () => {
    assert.throws(() => parseMoment(text, '--hold-until'), {
      name: 'UsageError',
      code: 'bad-time',
      message: /^--hold-until/,
    });
  });
}
