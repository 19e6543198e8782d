import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { loadCharsets } from './charset.ts';
import { decodeWords, encodeWords } from './encoded-word.ts';

/** RFC 2047 §8. */
const EXAMPLES: readonly [string, string][] = [
  ['=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>', 'Keith Moore <moore@cs.utk.edu>'],
  ['=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?= <keld@dkuug.dk>', 'Keld Jørn Simonsen <keld@dkuug.dk>'],
  ['=?ISO-8859-1?Q?Andr=E9?= Pirard <PIRARD@vm1.ulg.ac.be>', 'André Pirard <PIRARD@vm1.ulg.ac.be>'],
  [
    '=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?= =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=',
    'If you can read this you understand the example.',
  ],
  ['=?ISO-8859-1?Q?Olle_J=E4rnefors?=', 'Olle Järnefors'],
  ['=?ISO-8859-1?Q?Patrik_F=E4ltstr=F6m?=', 'Patrik Fältström'],
  ['=?iso-8859-8?b?7eXs+SDv4SDs6Oj08A==?=', 'םולש ןב לטטפנ'],
  ['(=?ISO-8859-1?Q?a?=)', '(a)'],
  ['(=?ISO-8859-1?Q?a?= b)', '(a b)'],
  ['(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)', '(ab)'],
  ['(=?ISO-8859-1?Q?a?=\r\n       =?ISO-8859-1?Q?b?=)', '(ab)'],
  ['(=?ISO-8859-1?Q?a_b?=)', '(a b)'],
  ['(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)', '(a b)'],
];

for (const [encoded, text] of EXAMPLES) {
  test(`reads ${JSON.stringify(encoded)}`, () => assert.equal(decodeWords(encoded), text));
}

test('reads what other programs write', () => {
  assert.equal(decodeWords('=?utf-8*en?q?caf=C3=A9?='), 'café');
  assert.equal(decodeWords('=?utf-8?q?caf=C3?= =?utf-8?q?=A9?='), 'café');
  assert.equal(decodeWords('=?UTF-8?B?w6k?=x=?x?='), 'éx=?x?=');
  assert.equal(decodeWords('=?nope?q?=E9?='), 'é');
  assert.equal(decodeWords('=?utf-8?q?a=ZZ b?='), 'a=ZZ b');
  assert.equal(decodeWords('=?utf-8?q?unterminated'), '=?utf-8?q?unterminated');
});

test('8-bit characters inside a word are text already', () => {
  assert.equal(
    decodeWords('=?iso-8859-1?Q?J\u00fcrgen_=E9?= =?iso-8859-1?Q?_Fr=F6sche?='),
    'J\u00fcrgen \u00e9 Fr\u00f6sche',
  );
  assert.equal(decodeWords('=?utf-8?Q?\u65e5=E6=9C=AC?='), '\u65e5\u672c');
});

test('loads what TextDecoder lacks', async () => {
  await loadCharsets(['cp850']);
  assert.equal(decodeWords('=?cp850?q?caf=82?='), 'café');
});

test('what is written is read back; words are short and hold whole characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 70 }), (text, column) => {
      const words = encodeWords(text, column);
      assert.equal(decodeWords(words.join(' ')), text);
      for (const word of words) {
        assert.match(word, /^=\?UTF-8\?[QB]\?[!-~]+\?=$/);
        assert.ok(word.length <= 75);
        assert.ok(text.includes('\uFFFD') || !decodeWords(word).includes('\uFFFD'));
      }
    }),
  );
});

test('hostile input costs no more than its length', () => {
  for (const piece of ['=?', '=?a?q?', '=?a?q?x?= ', '=?utf-8?b?', '?=', '=?a*b?q?=?= ']) {
    assert.equal(typeof decodeWords(piece.repeat(200_000)), 'string');
  }
});
