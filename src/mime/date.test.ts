import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatDate, parseDate } from './date.ts';

const DATES: readonly [string, string][] = [
  ['Fri, 21 Nov 1997 09:55:06 -0600', '1997-11-21T15:55:06.000Z'],
  ['Tue, 1 Jul 2003 10:52:37 +0200', '2003-07-01T08:52:37.000Z'],
  ['Thu, 13 Feb 1969 23:32:54 -0330', '1969-02-14T03:02:54.000Z'],
  [
    'Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)',
    '1969-02-14T03:02:00.000Z',
  ],
  ['21 Nov 97 09:55:06 GMT', '1997-11-21T09:55:06.000Z'],
  ['Fri, 21 Nov 1997 09(comment):   55  :  06 -0600', '1997-11-21T15:55:06.000Z'],
  ['Mon, 23 Nov 2026 13:36 EST', '2026-11-23T18:36:00.000Z'],
  ['23 Nov 26 13:36:00 PDT', '2026-11-23T20:36:00.000Z'],
  ['1 Jan 101 00:00:00 Z', '2001-01-01T00:00:00.000Z'],
  ['Mon Nov 23 13:36:00 2026', '2026-11-23T13:36:00.000Z'],
  ['Sat, 31 Dec 2016 23:59:60 +0000', '2017-01-01T00:00:00.000Z'],
  ['monday, 23-nov-2026 13:36:00', '2026-11-23T13:36:00.000Z'],
];

for (const [text, iso] of DATES) {
  test(`reads ${JSON.stringify(text)}`, () => assert.equal(parseDate(text)?.toISOString(), iso));
}

test('what names no moment is undefined, whatever it is', () => {
  for (const text of [
    '',
    'soon',
    '31 Feb 2026 10:00:00 +0000',
    '1 Jan 2026 24:00 Z',
    '1 Foo 2026 10:00',
    '('.repeat(1e5),
  ]) {
    assert.equal(parseDate(text), undefined);
  }
  fc.assert(fc.property(fc.string(), (text) => void parseDate(text)));
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0129: ,+-JanMofFebGMT(') }), (text) => {
      const date = parseDate(text);
      assert.ok(date === undefined || Number.isFinite(date.getTime()));
    }),
  );
});

test('what is written is read back, to the second', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('1901-01-01'), max: new Date('9998-12-31'), noInvalidDate: true }), (date) => {
      const text = formatDate(date);
      assert.match(text, /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}$/);
      const lost = parseDate(text)?.getTime() ?? Number.NaN;
      assert.ok(Math.abs(lost - date.getTime()) < 60_000);
    }),
  );
});

test('refuses a date no message can carry', () => {
  for (const date of [new Date(Number.NaN), new Date('-000100-01-01'), new Date(8.64e15)]) {
    assert.throws(() => formatDate(date), { code: 'bad-header' });
  }
});
