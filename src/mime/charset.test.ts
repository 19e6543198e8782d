import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeText, isKnownCharset, loadCharsets } from './charset.ts';

const decode = (hex: string, label: string) => decodeText(Buffer.from(hex, 'hex'), label);

test('charsets that shift: what Python writes is read', () => {
  assert.deepEqual(decode('1b2429430e475131393e6e0f206d61696c200e3021332a34590f', 'ISO-2022-KR'), {
    text: '한국어 mail 가나다',
    clean: true,
  });
  assert.equal(decode('7e7b56504e447e7d207e7e6d61696c7e7e207e7b3a3a57567e7d', 'hz-gb-2312').text, '中文 ~mail~ 汉字');
  assert.equal(decode('2b5469316c6877206d61696c202b4150772d', 'utf-7').text, '中文 mail ü');
  assert.equal(decodeText(Buffer.from('1 +- 1 +2D3eAA- +AGE'), 'UTF-7').text, '1 + 1 😀 a');
  assert.equal(
    decodeText(Buffer.from('\x1b$)A\x0eVPND\x0f x \x1b$)G\x0e!!\x0f'), 'iso-2022-cn').text.slice(0, 5),
    '中文 x ',
  );
});

test('octets that do not fit become U+FFFD and are told of', () => {
  const cases: readonly [hex: string, label: string][] = [
    ['e282', 'utf-8'],
    ['c080', 'utf-8'],
    ['eda080', 'utf-8'],
    ['61006200ff', 'utf-16le'],
    ['00d8', 'utf-16le'],
    ['1b2442ff', 'iso-2022-jp'],
    ['2b326430', 'utf-7'],
    ['61ff', 'utf-7'],
    ['7e7b217e7d', 'hz'],
  ];
  for (const [hex, label] of cases) {
    const { text, clean } = decode(hex, label);
    assert.deepEqual([clean, text.includes('\uFFFD')], [false, true], label);
    assert.ok(text.isWellFormed());
  }
});

test('U+FFFD that was written is a character like others', () => {
  const cases: readonly [hex: string, label: string][] = [
    ['efbfbd', 'utf-8'],
    ['fdff', 'utf-16le'],
    ['fffd', 'utf-16be'],
    ['8431a437', 'gb18030'],
    ['2b2f2f302d', 'utf-7'],
  ];
  for (const [hex, label] of cases) assert.deepEqual(decode(hex, label), { text: '\uFFFD', clean: true }, label);
  assert.deepEqual(decode('efbfbdff', 'utf-8'), { text: '\uFFFD\uFFFD', clean: false });
});

test('a charset nobody knows is UTF-8 or windows-1252, and told of', async () => {
  const label = 'x'.repeat(1_000_000);
  await loadCharsets([label, 'cp437']);
  assert.equal(isKnownCharset(label), false);
  assert.deepEqual(decode('c3a9', label), { text: 'é', clean: false });
  assert.deepEqual(decode('e980', label), { text: 'é€', clean: false });
  assert.deepEqual(decode('82', 'cp437'), { text: 'é', clean: true });
});

test('Latin is read as browsers read it', () => {
  const octets = Uint8Array.from({ length: 256 }, (_, octet) => octet);
  for (const label of ['windows-1252', 'iso-8859-1', 'latin1', 'cp1252']) {
    assert.equal(decodeText(octets, label).text, new TextDecoder(label).decode(octets));
  }
});
