import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Base64Decoder, Base64Encoder, base64Length } from './base64.ts';
import { runCodec } from './support.test.ts';

const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 });

test('encodes as the platform does, in lines of 76 with CRLF, however the input is cut', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), sizes, (octets, cut) => {
      const encoded = runCodec(new Base64Encoder(), octets, cut);
      assert.equal(
        encoded.toString(),
        Buffer.from(octets)
          .toString('base64')
          .replace(/.{1,76}/g, '$&\r\n'),
      );
      assert.equal(encoded.length, base64Length(octets.length));
    }),
  );
});

test('encodes across its block size', () => {
  const octets = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7919) >> 3));
  const expected = octets.toString('base64').replace(/.{1,76}/g, '$&\r\n');
  for (const size of [1000, 58_367, 58_368, 58_369, 65_536, 300_000]) {
    assert.equal(runCodec(new Base64Encoder(), octets, [size]).toString(), expected);
  }
});

test('decodes what was encoded, at every split', () => {
  const octets = Buffer.from(Uint8Array.from({ length: 200 }, (_, index) => index * 31));
  for (const length of [0, 1, 2, 3, 56, 57, 58, 113, 200]) {
    const encoded = runCodec(new Base64Encoder(), octets.subarray(0, length));
    for (let split = 1; split <= encoded.length; split++) {
      const decoder = new Base64Decoder();
      assert.deepEqual(runCodec(decoder, encoded, [split, encoded.length]), octets.subarray(0, length));
      assert.equal(decoder.damaged, false);
    }
  }
});

test('bad base64 decodes the same however it is cut', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ABCz09+/-_==\r\n \t!*é\0'), maxLength: 200 });
  fc.assert(
    fc.property(text, sizes, (input, cut) => {
      const [whole, pieces] = [new Base64Decoder(), new Base64Decoder()];
      const octets = Buffer.from(input);
      assert.deepEqual(runCodec(pieces, octets, cut), runCodec(whole, octets));
      assert.equal(pieces.damaged, whole.damaged);
    }),
  );
});

test('reads on over junk, joined pieces and missing padding', () => {
  const cases: readonly [string, string, boolean][] = [
    ['YW\tJ j\r\n', 'abc', false],
    ['Y*W*Jj', 'abc', true],
    ['YQ==YWJj', 'aabc', false],
    ['YWJjYQ', 'abca', true],
    ['YWJjY', 'abc', true],
    ['====', '', false],
    ['', '', false],
  ];
  for (const [input, expected, damaged] of cases) {
    const decoder = new Base64Decoder();
    assert.equal(runCodec(decoder, Buffer.from(input)).toString(), expected, input);
    assert.equal(decoder.damaged, damaged, input);
  }
});
