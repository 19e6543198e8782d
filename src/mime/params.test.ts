import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parameterCharsets, parameterPieces, parseParameterized } from './params.ts';

const params = (text: string) => Object.fromEntries(parseParameterized(text).params);
const codes = (text: string) => parseParameterized(text).defects.map((defect) => defect.code);

test('reads the examples of RFC 2231', () => {
  assert.deepEqual(
    params(
      'message/external-body; access-type=URL;\r\n URL*0="ftp://";\r\n URL*1="cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"',
    ),
    { 'access-type': 'URL', url: 'ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar' },
  );
  assert.deepEqual(params("application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A"), {
    title: 'This is ***fun***',
  });
  assert.deepEqual(
    params(
      "application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
    ),
    { title: "This is even more ***fun*** isn't it!" },
  );
});

test('the charsets of extended values, and of nothing that only looks like one', () => {
  const rows: [text: string, ...charsets: string[]][] = [
    ["a/b; title*=koi8-r'ru'x; name*0*=cp437''a; name*1*=it's", 'koi8-r', 'cp437'],
    ['a/b;title*="cp850\'\'x"; name="a; b*=c\'"', 'cp850'],
    ['a/b; filename="*=?\'"'],
    ['a/b; filename="\\"; x*=y\'"'],
    ["the sum *=3' of it"],
  ];
  for (const [text, ...charsets] of rows) assert.deepEqual([...parameterCharsets(text)], charsets, text);
  for (const piece of ['x', ' ', '"', '\\"', '"\\', ';', '; a*=', 'a*='])
    assert.equal(parameterCharsets(`a; b="*=${piece.repeat(1_000_000)}`).size, 0);
});

test('reads quotes, comments and what programs get wrong', () => {
  assert.equal(parseParameterized('TEXT/Plain (a ; b="c") ; charset="utf-8"').value, 'text/plain');
  assert.deepEqual(params('a/b; x="a\\"; y=\\"b"; z=1'), { x: 'a"; y="b', z: '1' });
  assert.deepEqual(params('a/b; name="=?utf-8?q?caf=C3=A9?="'), { name: 'café' });
  assert.deepEqual(params('a/b; x=1; X=2'), { x: '1' });
  assert.deepEqual(codes('a/b; x=1; X=2'), ['duplicate-parameter']);
  assert.deepEqual(params("a/b; filename=caf_; filename*=utf-8''caf%C3%A9"), { filename: 'café' });
  assert.deepEqual(params('a/b; x*1=lost'), { x: '' });
  assert.deepEqual(codes('a/b; x*0=a; x*2=lost'), ['missing-parameter-piece']);
  assert.deepEqual(params('a/b; x="open; y=1'), { x: 'open; y=1' });
  assert.deepEqual(params("a/b; x*=utf-8''%zz%E9"), { x: '%zz\uFFFD' });
});

test('names from strangers are only names', () => {
  const { params } = parseParameterized('a/b; __proto__=x; constructor=y');
  assert.equal(params.get('__proto__'), 'x');
  assert.equal(params.get('constructor'), 'y');
  assert.equal(params.get('toString'), undefined);
});

test('the number of parameters is capped and the work is linear', () => {
  const { params, defects } = parseParameterized(
    `a/b${Array.from({ length: 100_000 }, (_, i) => `; n*${i}*=x`).join('')}`,
  );
  assert.ok((params.get('n')?.length ?? 0) <= 1000);
  assert.equal(defects.at(-1)?.code === undefined, defects.length === 0);
  assert.ok(codes(`a/b${'; x=1'.repeat(2000)}`).includes('too-many-parameters'));
  for (const piece of ['(', '"', '\\', ';', '=', ';x*0*=%']) parseParameterized(piece.repeat(200_000));
});

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (value) => {
      const pieces = parameterPieces('filename', value);
      for (const piece of pieces) {
        assert.match(piece, /^[ -~]+$/);
        assert.ok(!piece.includes('\\'));
      }
      assert.equal(parseParameterized(`attachment; ${pieces.join('; ')}`).params.get('filename'), value);
    }),
  );
  assert.deepEqual(parameterPieces('filename', 'Résumé.pdf'), [
    "filename*=utf-8''R%C3%A9sum%C3%A9.pdf",
    'filename="R_sum_.pdf"',
  ]);
});

test('a quoted value of ten million characters is read like any other', () => {
  const long = 'a'.repeat(10_000_000);
  assert.equal(params(`text/plain; name="${long}"`)['name'], long);
  assert.equal(params(String.raw`text/plain; name="a\"b\\c"; x=1`)['name'], String.raw`a"b\c`);
  assert.equal(params('text/plain; name="open\\')['name'], 'open');
});
