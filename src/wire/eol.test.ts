import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chunkSizes, cutBy, nastyBytes } from '../../test/support/chunks.ts';
import { cuts } from '../../test/support/parse.ts';
import { latin1 } from './bytes.ts';
import { EolNormaliser, normaliseEol, withLf } from './eol.ts';

function normalise(pieces: readonly Uint8Array[]): string {
  const normaliser = new EolNormaliser();
  return latin1(Buffer.concat([...pieces.flatMap((piece) => normaliser.push(piece)), ...normaliser.end()]));
}

const reference = (text: string): string => text.replace(/\r\n|\r|\n/g, '\r\n');

test('every kind of line end becomes CRLF, at every cut', () => {
  for (const text of [
    'a\nb\n',
    'a\rb\r',
    'a\r\nb\r\n',
    '\n\r\n\r\r\n',
    '\r',
    '\n\r',
    '',
    'no line end',
    '\r\n.\r\r\n',
  ]) {
    for (const pieces of cuts(Buffer.from(text))) assert.equal(normalise(pieces), reference(text));
  }
});

test('property: no bare CR or LF is left of any bytes in any chunks, and doing it again changes nothing', () => {
  fc.assert(
    fc.property(nastyBytes, chunkSizes, (bytes, sizes) => {
      const once = normalise(cutBy(bytes, sizes));
      assert.equal(once, reference(latin1(bytes)));
      assert.doesNotMatch(once, /\r(?!\n)|(?<!\r)\n/);
      assert.equal(normalise([Buffer.from(once, 'latin1')]), once);
    }),
    { numRuns: 2000 },
  );
});

test('what is right already leaves as slices of what came', () => {
  const chunk = Buffer.from('a line without an end');
  assert.equal(new EolNormaliser().push(chunk)[0]?.buffer, chunk.buffer);
});

test('over a stream, chunk by chunk', async () => {
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from('a\nb\r');
    yield Buffer.from('');
    yield Buffer.from('\nc\r');
  };
  const pieces: string[] = [];
  for await (const piece of normaliseEol(chunks())) pieces.push(latin1(piece));
  assert.deepEqual(pieces, ['a\r\nb', '\r\nc', '\r\n']);
});

test('withLf: CRLF becomes LF wherever chunks are cut, and nothing else changes', async () => {
  const text = 'a\r\nb\rc\nd\r\r\n\r';
  for (let size = 1; size <= text.length; size++) {
    const chunks = async function* () {
      for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
    };
    let found = '';
    for await (const chunk of withLf(chunks())) found += Buffer.from(chunk).toString();
    assert.equal(found, 'a\nb\rc\nd\r\n\r');
  }
});
