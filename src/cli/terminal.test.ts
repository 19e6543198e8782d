import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cellWidth, padEnd, padStart, safeJson, safeStyledText, safeText, truncate } from './terminal.ts';

/** Written by other means than the code's: code points, one list for each reason. */
const FORBIDDEN = [
  [0x00, 0x1f], [0x7f, 0x9f], [0x61c, 0x61c], [0x115f, 0x1160], [0x180e, 0x180e], [0x200b, 0x200b], [0x200e, 0x200f],
  [0x2028, 0x202e], [0x2060, 0x206f], [0x3164, 0x3164], [0xd800, 0xdfff], [0xfdd0, 0xfdef], [0xfeff, 0xfeff],
  [0xffa0, 0xffa0], [0xfff9, 0xfffb], [0xfffe, 0xffff], [0xe0000, 0xe007f], [0x1fffe, 0x1ffff], [0x10fffe, 0x10ffff],
] as const; // biome-ignore format: a table

function forbidden(text: string, allowed = ''): string[] {
  return [...text].filter((character) => {
    const code = character.codePointAt(0)!;
    return !allowed.includes(character) && FORBIDDEN.some(([from, to]) => code >= from && code <= to);
  });
}

const HOSTILE = [
  '\x1b[2J', '\x1b[31mred', '\x1b[?1049h', '\x1b[6n', '\x1b[201~', '\x1b[21t', '\x1bc', '\x1b#8', '\x1b(0', '\x1bZ', '\x1b%G',
  '\x1b]0;title\x07', '\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\', '\x1b]52;c;aGk=\x07', '\x1b]1337;File=:x\x07', '\x1b]4;1;?\x07',
  '\x1bP$q"p\x1b\\', '\x1bP+q544e\x1b\\', '\x1bX sos \x1b\\', '\x1b^pm\x1b\\', '\x1b_Gapc', '\x1b_unterminated',
  '\x9b31m', '\x9d0;t\x9c', '\x90q\x9c', '\x9f apc \x9c', Buffer.from([0xc2, 0x9b, 0x33, 0x6d]).toString(),
  '\x07', 'abc\b\b\bxyz', 'safe\rEVIL', '\x0e\x0f', '\x00', '\x05', '\x0b\x0c', '\x11\x13', '\x7f', '\x85', '\x84', '\x8d',
  'gpj.\u202eexe', '\u2066a\u2069', '\u2067\u2068', '\u200e\u200f\u061c', 'a\u2028b\u2029c', 'pay\u200bpal', '\ufeff', '\u2060',
  '\u{e0041}\u{e007f}', '\u115f\u1160\u3164\uffa0', '\u180e', '\ud800', '\udc00a', '\ufdd0\uffff', '\u{1fffe}',
]; // biome-ignore format: a table

test('hostile strings become visible and harmless', () => {
  for (const text of HOSTILE) {
    for (const multiline of [false, true]) {
      const safe = safeText(text, { multiline });
      assert.deepEqual(forbidden(safe), [], JSON.stringify(text));
      assert.match(safe, /\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\u\{[0-9a-f]+\}/);
    }
  }
});

test('the visible forms', () => {
  assert.equal(safeText('\x1b[31m'), '\\x1b[31m');
  assert.equal(safeText('\x9b\x7f\0'), '\\x9b\\x7f\\x00');
  assert.equal(safeText('gpj.\u202eexe'), 'gpj.\\u202eexe');
  assert.equal(safeText('\u{e0041}\ud83d!'), '\\u{e0041}\\ud83d!');
  assert.equal(safeText('a\tb\nc'), 'a\\x09b\\x0ac');
  assert.equal(safeText('a\tb\r\nc\rd\n\x1b', { multiline: true }), 'a\tb\nc\\x0dd\n\\x1b');
});

test('what people write is left alone', () => {
  for (const text of [
    'plain', 'Grüße', 'Привет', 'שלום', '你好', 'कर्म', 'क्‍ष', 'می‌خواهم', 'ශ්‍රී', '👨‍👩‍👧', '❤️', '🏳️‍🌈', '👩🏽‍💻', '葛󠄀', 'e\u0301', '⠓⠊⠀⠞⠓⠑⠗⠑', '1️⃣', '⚡︎', 'ᠠ᠋\u200dᠨ', '\u1820\u180b', '≨︀', '\\x1b', '한국어', 'a\u00a0b',
  ]) {
    assert.equal(safeText(text), text);
  } // biome-ignore format: a table
});

test('joiners that join nothing, stacked selectors and stacked marks are shown', () => {
  assert.equal(safeText('pay\u200dpal\u200c'), 'pay\\u200dpal\\u200c');
  assert.equal(safeText('\u{1f600}\u200dx'), '\u{1f600}\\u200dx');
  assert.equal(safeText('\u{1f600}\ufe0f\u{e0101}\u{e0102}'), '\u{1f600}\ufe0f\\u{e0101}\\u{e0102}');
  assert.equal(safeText(`a${'\u0301'.repeat(9)}`), `a${'\u0301'.repeat(8)}\\u0301`);
  assert.equal(safeText('h\u{e0120}i\ufe01!\ufe0f1\ufe0f\u180b'), 'h\\u{e0120}i\\ufe01!\\ufe0f1\\ufe0f\\u180b');
});

test('nothing leans on what is itself shown', () => {
  const pairs: [string, string][] = [
    ['\ufe0f\u200d\u0610', '\\ufe0f\\u200d\u0610'], ['\u180e\u180b', '\\u180e\\u180b'], ['\u1820\u180b\u180c', '\u1820\u180b\\u180c'],
    ['\u3164\ufe00', '\\u3164\\ufe00'], ['\u0628\u200d\u180b', '\u0628\\u200d\\u180b'], ['\u2800\ufe00', '\\u2800\\ufe00'],
    [`\u0915${'\u0941'.repeat(9)}\u200d\u0915`, `\u0915${'\u0941'.repeat(8)}\\u0941\\u200d\u0915`],
  ]; // biome-ignore format: a table
  for (const [text, safe] of pairs) {
    assert.equal(safeText(text), safe);
    assert.equal(safeText(safe), safe);
  }
});

test('what only looks like a blank, and blanks that push the rest off the screen, are shown on a single line', () => {
  assert.equal(safeText('\u2800'), '\\u2800');
  assert.equal(safeText(`Bank${' '.repeat(200)}.exe`), 'Bank\\x20{200}.exe');
  assert.equal(safeText(`Bank${'\u3000\u00a0'.repeat(9)}.exe`), 'Bank\\x20{18}.exe');
  assert.equal(safeText(`Bank${' '.repeat(16)}.exe`), `Bank${' '.repeat(16)}.exe`);
  assert.equal(safeText(`a\n${' '.repeat(40)}b\u2800`, { multiline: true }), `a\n${' '.repeat(40)}b\u2800`);
});

test('styles of our own pass, and nothing else that begins with ESC', () => {
  const styled = '\x1b[1mSubject:\x1b[22m a\tb\n\x1b[31mred\x1b[39m';
  assert.equal(safeStyledText(styled), styled);
  assert.equal(safeStyledText('\x1b[1m\x1b[2J\x1b[22m\x9b\x1b[8m'), '\x1b[1m\\x1b[2J\x1b[22m\\x9b\\x1b[8m');
});

const character = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 3 }),
  fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  fc.constantFrom(
    ...HOSTILE,
    '\u{1f600}',
    '\u0301',
    '\u0915',
    '\u1820',
    '\u0628',
    '\u2800',
    '\r\n',
    '界',
    '🇩🇪',
    '1',
    '\u20e3',
  ),
  fc.constantFrom(
    '\u200d',
    '\u200c',
    '\ufe0e',
    '\ufe0f',
    '\ufe00',
    '\u{e0100}',
    '\u180b',
    '\u180c',
    '\u{1f3fd}',
    '\u0941'.repeat(8),
  ),
);
const anything = fc.array(character, { maxLength: 30 }).map((parts) => parts.join(''));

test('whatever comes in, nothing forbidden comes out, and a second time changes nothing', () => {
  fc.assert(
    fc.property(anything, fc.boolean(), (text, multiline) => {
      const safe = safeText(text, { multiline });
      assert.deepEqual(forbidden(safe, multiline ? '\n\t' : ''), []);
      assert.equal(safeText(safe, { multiline }), safe);
    }),
    { numRuns: 1000 },
  );
});

test('safeJson means the same and is safe, on one line', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const json = safeJson({ text });
      assert.deepEqual(forbidden(json), []);
      assert.deepEqual(JSON.parse(json), { text });
    }),
  );
  assert.equal(safeJson(undefined), 'null');
  assert.equal(safeJson('\x9b\u{e0041}'), '"\\u009b\\udb40\\udc41"');
});

test('cellWidth', () => {
  const widths: [string, number][] = [
    ['', 0], ['abc', 3], ['Grüße', 5], ['e\u0301', 1], ['你好', 4], ['한국', 4], ['\u1112\u1161\u11ab', 2], ['👨‍👩‍👧', 2], ['❤️', 2], ['🇩🇪', 2], ['👍🏽', 2],
    ['｡', 1], ['ＡＢ', 4], ['кот', 3], ['…', 1], ['1', 1],
  ]; // biome-ignore format: a table
  for (const [text, width] of widths) assert.equal(cellWidth(text), width, text);
});

test('truncate', () => {
  assert.equal(truncate('hello', 5), 'hello');
  assert.equal(truncate('hello', 4), 'hel…');
  assert.equal(truncate('hello', 1), '…');
  assert.equal(truncate('hello', 0), '');
  assert.equal(truncate('你好吗', 5), '你好…');
  assert.equal(truncate('你好吗', 4), '你…');
  assert.equal(truncate('ae\u0301👨‍👩‍👧x', 4), 'ae\u0301…');
  assert.equal(truncate('ae\u0301👨‍👩‍👧x', 5), 'ae\u0301👨‍👩‍👧x');
});

test('truncated text is never wider than asked, and padded text exactly as wide', () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 0, max: 40 }), (text, cells) => {
      const cut = truncate(safeText(text), cells);
      assert.ok(cellWidth(cut) <= cells, `${JSON.stringify(cut)} is wider than ${cells}`);
      assert.equal(cellWidth(padEnd(cut, cells)), cells);
      assert.equal(cellWidth(padStart(cut, cells)), cells);
    }),
    { numRuns: 1000 },
  );
});
