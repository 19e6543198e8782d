import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64, readBase64, readUtf8, utf8 } from './text.ts';

test('UTF-8 is read as it was written, a byte order mark included', () => {
  for (const text of ['', 'abc', 'é 日本 😀', '\ufeffabc', 'a\0b']) assert.equal(readUtf8(utf8(text)), text);
});

test('what is not UTF-8 is not repaired', () => {
  for (const bytes of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
    assert.equal(readUtf8(Uint8Array.from(bytes)), undefined);
  }
});

test('base64 has one spelling (RFC 4648 §10, §3.5)', () => {
  for (const text of ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar']) {
    assert.deepEqual(readBase64(base64(utf8(text))), utf8(text));
  }
  assert.equal(base64(utf8('fooba')), 'Zm9vYmE=');
  for (const text of ['Zg', 'Zg=', 'Zh==', 'Zg==\n', ' Zg==', 'Zm9v=', '====', 'Zm-_', 'Z*==', 'é']) {
    assert.equal(readBase64(text), undefined, JSON.stringify(text));
  }
});
