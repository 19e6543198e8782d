/** What octets are, by every way of cutting them, against a judge that looks at one octet after another. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cuts } from '../../test/support/parse.ts';
import { random } from '../../test/support/random.ts';
import { type DataKind, LineScanner } from './lines.ts';

const LONG = 'x'.repeat(998);

const JUDGED: readonly (readonly [octets: string, DataKind])[] = [
  ['', '7bit'],
  ['a\r\nb', '7bit'],
  ['\r\n\r\n', '7bit'],
  [`${LONG}\r\n${LONG}`, '7bit'],
  ['a\u00e4\r\n', '8bit'],
  [`${LONG}x\r\n`, 'binary'],
  ['\na', 'binary'],
  ['a\nb\r\n', 'binary'],
  ['a\rb\r\n', 'binary'],
  ['a\r\n\n', 'binary'],
  ['a\r\r\n', 'binary'],
  ['a\r', 'binary'],
  ['a\0\r\n', 'binary'],
  ['\u00e4\n', 'binary'],
];

function kindOf(pieces: readonly Uint8Array[]): DataKind {
  const scanner = new LineScanner();
  for (const piece of pieces) scanner.push(piece);
  return scanner.end();
}

/** RFC 2045 §2.7 to §2.9, as slow as it can be read. */
function judge(text: string): DataKind {
  const lines = text.split('\r\n');
  if (lines.some((line) => /[\r\n\0]/.test(line) || line.length > 998)) return 'binary';
  return /[^\0-\x7f]/.test(text) ? '8bit' : '7bit';
}

test('octets are lines of ASCII, lines, or no lines', () => {
  for (const [text, kind] of JUDGED)
    for (const pieces of cuts(Buffer.from(text, 'latin1')))
      assert.equal(kindOf(pieces), kind, JSON.stringify([text.slice(0, 20), pieces.map(({ length }) => length)]));
});

test('octets drawn at random are what the slow judge says, however they are cut', () => {
  const draw = random(7);
  const pick = ['a', '\r\n', '\r\n', '\r\n', '\n', '\r', '\u00e4', 'b', 'c'];
  for (let round = 0; round < 2000; round++) {
    const text = Array.from({ length: Math.floor(draw() * 9) }, () => pick[Math.floor(draw() * pick.length)]).join('');
    for (const pieces of cuts(Buffer.from(text, 'latin1')))
      assert.equal(kindOf(pieces), judge(text), JSON.stringify(text));
  }
});
