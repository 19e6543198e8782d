import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatBytes, formatDate, type ListRow, renderList } from './table.ts';
import { cellWidth } from './terminal.ts';

const now = new Date(2026, 10, 3, 18, 0);
const rows: ListRow[] = [
  {
    number: 7,
    flags: 'N',
    date: new Date(2026, 10, 3, 14, 5),
    from: 'Ann Example',
    subject: 'Budget for the coming year, third version',
    size: 1_234_567,
  },
  {
    number: 12,
    flags: 'FR',
    date: new Date(2025, 10, 3),
    from: '邮件系统',
    subject: 'gpj.\u202eexe\x1b[2J',
    size: 900,
  },
  { number: 113, flags: '', from: 'A very long name that goes on and on', subject: '', size: 0 },
];

test('a wide terminal', () => {
  assert.deepEqual(renderList(rows, 80, now), [
    '  7  N        14:05  Ann Example       Budget for the coming year, thir…  1.2 MB',
    ' 12  FR  2025-11-03  邮件系统          gpj.\\u202eexe\\x1b[2J                900 B',
    '113               ?  A very long nam…                                        0 B',
  ]);
});

test('narrow terminals lose the size first, then the date, then the flags', () => {
  const line = (columns: number) => renderList(rows, columns, now)[0];
  assert.equal(line(50), '  7  N        14:05  Ann Exam…  Budget for the co…');
  assert.equal(line(40), '  7  N   Ann Exam…  Budget for the comi…');
  assert.equal(line(32), '  7  Ann Exa…  Budget for the c…');
});

test('nothing is cut where there is no terminal', () => {
  const lines = renderList(rows, Number.POSITIVE_INFINITY, now);
  assert.match(lines[0]!, /Budget for the coming year, third version/);
  assert.match(lines[2]!, /A very long name that goes on and on/);
});

test('lines always fit, hold no control character and stay in order', () => {
  const row = fc.record({
    number: fc.nat(),
    flags: fc.string({ maxLength: 4 }),
    date: fc.option(fc.date({ noInvalidDate: false }), { nil: undefined }),
    from: fc.string({ unit: 'binary' }),
    subject: fc.string({ unit: 'binary' }),
    size: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 5 }), fc.integer({ min: 1, max: 150 }), (list, columns) => {
      const lines = renderList(list, columns, now);
      assert.equal(lines.length, list.length);
      for (const line of lines) {
        assert.ok(cellWidth(line) <= columns, line);
        assert.doesNotMatch(line, /\p{Cc}/u);
      }
    }),
  );
});

test('formatBytes', () => {
  const cases: [number, string][] = [
    [0, '0 B'], [-1, '0 B'], [999, '999 B'], [1000, '1.0 kB'], [1234, '1.2 kB'], [9949, '9.9 kB'], [9950, '10 kB'], [999_499, '999 kB'],
    [999_500, '1.0 MB'], [1_234_567, '1.2 MB'], [34e9, '34 GB'], [5e15, '5.0 PB'], [5e18, '5000 PB'],
  ]; // biome-ignore format: a table
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});

test('formatDate', () => {
  assert.equal(formatDate(new Date(2026, 10, 3, 9, 5), now), '09:05');
  assert.equal(formatDate(new Date(2026, 10, 2, 23, 59), now), '2 Nov');
  assert.equal(formatDate(new Date(2026, 0, 31), now), '31 Jan');
  assert.equal(formatDate(new Date(2025, 10, 3), now), '2025-11-03');
  assert.equal(formatDate(new Date(2027, 0, 1), now), '2027-01-01');
  assert.equal(formatDate(undefined, now), '?');
  assert.equal(formatDate(new Date(Number.NaN), now), '?');
  assert.equal(formatDate(new Date(8.64e15), now), '?');
});
