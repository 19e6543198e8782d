import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chunkSizes, cutBy } from '../../test/support/chunks.ts';
import { MAX_LINE } from './line.ts';
import { RowCollector } from './rows.ts';

test('rows come out however the body is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', ' ', '.', '\r', '\n', 'é') })),
      chunkSizes,
      (rows, sizes) => {
        const text = rows.map((row) => `${row}\r\n`).join('');
        const collector = new RowCollector(1000);
        for (const chunk of cutBy(Buffer.from(text, 'latin1'), sizes)) void collector.sink(chunk);
        assert.deepEqual(collector.rows, text.split('\r\n').slice(0, -1));
      },
    ),
  );
});

test('rows past the bound are refused', () => {
  const collector = new RowCollector(2);
  void collector.sink(Buffer.from('1\r\n2\r\n'));
  assert.throws(() => collector.sink(Buffer.from('3\r\n')), { name: 'LimitError', code: 'listing-too-long' });
});

test('a row past the bound is refused, whether its end has come or not', () => {
  const long = Buffer.from('a'.repeat(MAX_LINE + 1));
  assert.throws(() => new RowCollector(2).sink(long), { name: 'LimitError', code: 'line-too-long' });
  const ended = Buffer.concat([long, Buffer.from('\r\n')]);
  assert.throws(() => new RowCollector(2).sink(ended), { name: 'LimitError', code: 'line-too-long' });
});

test('a transcript shows a short listing, and the beginning of a long one', () => {
  const collector = new RowCollector(1000);
  void collector.sink(Buffer.from('1 a\r\n2 b\r\n'));
  assert.deepEqual(collector.said, ['1 a', '2 b', '.']);
  void collector.sink(Buffer.from('x\r\n'.repeat(100)));
  assert.equal(collector.said.length, 22);
  assert.deepEqual(collector.said.slice(-2), ['(82 more lines)', '.']);
});

test('a listing of few rows, each within its bound, is still not without end', () => {
  const collector = new RowCollector(1_000_000);
  const chunk = Buffer.from(`${'a'.repeat(8000)}\r\n`.repeat(1000));
  assert.throws(
    () => {
      for (let octets = 0; octets <= 2 ** 27; octets += chunk.length) void collector.sink(chunk);
    },
    { name: 'LimitError', code: 'listing-too-long' },
  );
});
