import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { QuotedPrintableDecoder, QuotedPrintableEncoder } from './quoted-printable.ts';
import { runCodec as run } from './support.test.ts';

const encode = (text: string | Uint8Array) => run(new QuotedPrintableEncoder(), Buffer.from(text as string)).toString();
const decode = (text: string) => run(new QuotedPrintableDecoder(), Buffer.from(text)).toString('latin1');
const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 });
const octets = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .string({ unit: fc.constantFrom(...'ab= \t\r\né'), maxLength: 300 })
    .map((text) => new Uint8Array(Buffer.from(text))),
);

test('encodes', () => {
  assert.equal(encode('a=b é\r\n'), 'a=3Db =C3=A9\r\n');
  assert.equal(encode('end \r\ntab\t\r\nlast '), 'end=20\r\ntab=09\r\nlast=20');
  assert.equal(encode('bare\rcr bare\nlf'), 'bare=0Dcr bare=0Alf');
  assert.equal(encode('x'.repeat(80)), `${'x'.repeat(75)}=\r\n${'x'.repeat(5)}`);
});

test('decodes the example of RFC 2045 §6.7 and what programs write', () => {
  assert.equal(
    decode("Now's the time =\r\nfor all folk to come=\r\n to the aid of their country."),
    "Now's the time for all folk to come to the aid of their country.",
  );
  assert.equal(decode('a=3db=3D'), 'a=b=');
  assert.equal(decode('soft=  \r\nbreak= \nx'), 'softbreakx');
  assert.equal(decode('padding  \t\r\nkept a b\n'), 'padding\r\nkept a b\n');
  assert.equal(decode('=ZZ =4'), '=ZZ =4');
  assert.equal(decode('end='), 'end');
});

test('what is encoded is decoded, in short clean lines, however both are cut', () => {
  fc.assert(
    fc.property(octets, sizes, (input, cut) => {
      const encoded = run(new QuotedPrintableEncoder(), input, cut);
      for (const line of encoded.toString('latin1').split('\r\n')) assert.match(line, /^(?:[!-~\t ]{0,75}[!-~])?$/);
      const decoder = new QuotedPrintableDecoder();
      assert.deepEqual(run(decoder, encoded, cut), Buffer.from(input));
      assert.equal(decoder.damaged, false);
    }),
  );
});

test('bad input decodes the same however it is cut', () => {
  const text = fc.string({ unit: fc.constantFrom(...'=4Fx \t\r\n'), maxLength: 120 });
  const long = text.map((start) => `${start}${' '.repeat(990)}${start}=${' '.repeat(1001)}\n`);
  fc.assert(
    fc.property(fc.oneof(text, long), sizes, (input, cut) => {
      const [whole, pieces] = [new QuotedPrintableDecoder(), new QuotedPrintableDecoder()];
      assert.deepEqual(run(pieces, Buffer.from(input), cut), run(whole, Buffer.from(input)));
      assert.equal(pieces.damaged, whole.damaged);
    }),
  );
});
