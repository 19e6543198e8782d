import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellWidth } from './terminal.ts';
import { wrapLine } from './wrap.ts';

const ROWS: readonly [line: string, columns: number, lines: readonly string[]][] = [
  ['short', 20, ['short']],
  ['one two three four', 10, ['one two', 'three four']],
  ['  indented text here', 12, ['  indented', '  text here']],
  ['> > quoted text that goes on', 16, ['> > quoted text', '> > that goes on']],
  ['>> quoted text that goes on', 15, ['>> quoted text', '>> that goes on']],
  ['* an item of a list', 12, ['* an item of', '  a list']],
  ['12. an item of a list', 13, ['12. an item', '    of a list']],
  [
    'see https://example.org/a/long/path/that/goes/on now',
    20,
    ['see', 'https://example.org/a/long/path/that/goes/on', 'now'],
  ],
  ['漢字漢字漢字', 8, ['漢字漢字', '漢字']],
  ['a 漢字漢字漢字', 8, ['a 漢字漢', '字漢字']],
  ['aaaaaaaaaaaaaaaaaaaa', 8, ['aaaaaaaa', 'aaaaaaaa', 'aaaa']],
  ['a\tb', 20, ['a       b']],
  ['e\u0301e\u0301e\u0301 👨‍👩‍👧👨‍👩‍👧 zz zz', 8, ['e\u0301e\u0301e\u0301 👨‍👩‍👧👨‍👩‍👧', 'zz zz']],
  ['', 10, ['']],
];

for (const [line, columns, lines] of ROWS) {
  test(`wraps ${JSON.stringify(line)} at ${columns}`, () => assert.deepEqual(wrapLine(line, columns), lines));
}

test('nothing is lost, and no line is too wide, at any width', () => {
  const text = `> ${'Grüße aus Köln, 漢字 und 👩‍🚀 words of several lengths, unbreakablewordsthatarelong '.repeat(6)}`;
  const plain = (value: string) => value.replace(/[> ]/g, '');
  for (let columns = 12; columns <= 200; columns += 1) {
    const lines = wrapLine(text, columns);
    assert.equal(plain(lines.join('')), plain(text));
    for (const line of lines) assert.ok(cellWidth(line) <= columns, `${columns}: ${line}`);
  }
});

test('where the output is no terminal nothing is broken', () => {
  const line = `a\t${'word '.repeat(1000)}`;
  assert.deepEqual(wrapLine(line, Number.POSITIVE_INFINITY), [line]);
});

test('lines made to hurt take time in proportion', () => {
  for (const line of [
    'a '.repeat(500_000),
    'a'.repeat(1_000_000),
    '> '.repeat(500_000),
    ' '.repeat(1_000_000),
    '\t'.repeat(100_000),
    '字'.repeat(200_000),
  ]) {
    assert.ok(wrapLine(line, 80).length > 0);
  }
});
