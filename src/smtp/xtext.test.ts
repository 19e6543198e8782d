import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { decodeUtf8Address, decodeXtext, encodeUtf8Address, encodeXtext } from './xtext.ts';

const text = fc.string({ unit: 'grapheme' });

suite('xtext', () => {
  test('any text comes back, and crosses as printable ASCII that ends no parameter', () => {
    fc.assert(
      fc.property(text, (original) => {
        const xtext = encodeXtext(original);
        assert.match(xtext, /^[!-<>-~]*$/);
        assert.equal(decodeXtext(xtext), original);
      }),
    );
  });

  test('as the RFC writes it', () => {
    assert.equal(encodeXtext('a+b=c d'), 'a+2Bb+3Dc+20d');
    assert.equal(encodeXtext('ä\r\n'), '+C3+A4+0D+0A');
    assert.equal(decodeXtext('e+3Dmc2@example.com'), 'e=mc2@example.com');
    assert.equal(decodeXtext(''), '');
  });

  for (const wrong of ['+', '+2', '+2b', '+GG', 'a=b', 'a b', 'ä', '+FF', '+C3', '+ED+A0+80', 'a\r\n']) {
    test(`${JSON.stringify(wrong)} is none`, () => assert.equal(decodeXtext(wrong), undefined));
  }

  test('what is read is what would be written, but for octets that need no code', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^(?:[!-~]|\+[0-9A-F]{2})*$/), (xtext) => {
        const decoded = decodeXtext(xtext);
        if (decoded !== undefined) assert.equal(decodeXtext(encodeXtext(decoded)), decoded);
      }),
    );
  });
});

suite('utf-8-addr-xtext', () => {
  test('any address comes back, from ASCII alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (address) => {
        const encoded = encodeUtf8Address(address);
        assert.match(encoded, /^[!-<>-~]+$/);
        assert.equal(decodeUtf8Address(encoded), address);
      }),
    );
  });

  test('as the RFC writes it, and as it stands', () => {
    assert.equal(encodeUtf8Address('Grüße+1@bücher.example'), 'Gr\\x{FC}\\x{DF}e\\x{2B}1@b\\x{FC}cher.example');
    assert.equal(decodeUtf8Address('阿@b\\x{FC}cher.example'), '阿@bücher.example');
  });

  for (const wrong of ['', '+', 'a=b', 'a b', '\\', '\\x', '\\x{}', '\\x{f}', '\\x{D800}', '\\x{110000}', 'a\n']) {
    test(`${JSON.stringify(wrong)} is none`, () => assert.equal(decodeUtf8Address(wrong), undefined));
  }
});
