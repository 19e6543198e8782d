import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkParser, checkRefused } from '../../test/support/parse.ts';
import { connectRequest, greeting, login, loginParser, METHOD, methodParser, replyParser } from './socks.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const shown = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

test('the greeting offers a password only where there is one (RFC 1928 §3)', () => {
  assert.equal(shown(greeting(false)), '050100');
  assert.equal(shown(greeting(true)), '05020002');
});

test('a login, in UTF-8 (RFC 1929 §2)', () => {
  assert.equal(shown(login('ann', 'ü')), '0103616e6e02c3bc');
});

test('the three kinds of address (RFC 1928 §5)', () => {
  const cases: [host: string, octets: string][] = [
    ['mail.test', '03 09 6d61696c2e74657374'],
    ['192.0.2.1', '01 c0000201'],
    ['2001:db8::1', '04 20010db8000000000000000000000001'],
    ['::1', '04 00000000000000000000000000000001'],
    ['::', '04 00000000000000000000000000000000'],
    ['1:2:3:4:5:6:7:8', '04 00010002000300040005000600070008'],
    ['fe80::', '04 fe800000000000000000000000000000'],
    ['::ffff:192.0.2.1', '04 00000000000000000000ffffc0000201'],
  ];
  for (const [host, octets] of cases)
    assert.equal(shown(connectRequest(host, 995)), `050100${octets.replaceAll(' ', '')}03e3`, host);
});

test('the method', () => {
  checkParser(methodParser, hex('05 00'), METHOD.none);
  checkParser(methodParser, hex('05 02'), METHOD.password);
  checkParser(methodParser, hex('05 ff'), METHOD.refused);
  checkRefused(methodParser, hex('04 00'), 'bad-proxy');
  checkRefused(methodParser, Buffer.from('HTTP/1.1 400 Bad Request\r\n'), 'bad-proxy');
});

test('the answer to a login: 0 and nothing else is a yes', () => {
  checkParser(loginParser, hex('01 00'), true);
  for (const no of ['01 01', '01 ff']) checkParser(loginParser, hex(no), false);
  checkRefused(loginParser, hex('05 00'), 'bad-proxy');
});

test('the reply, with each kind of address, is read to its last octet and no further', () => {
  checkParser(replyParser, hex('05 00 00 01 7f000001 0050'), 0);
  checkParser(replyParser, hex('05 00 00 04 20010db8000000000000000000000001 0050'), 0);
  checkParser(replyParser, hex('05 00 00 03 09 6d61696c2e74657374 0050'), 0);
  checkParser(replyParser, hex('05 00 00 03 00 0050'), 0);
});

test('a refusal is its code, whether or not anything follows', () => {
  for (const code of [1, 5, 8, 9, 255]) checkParser(replyParser, Buffer.from([5, code]), code);
});

test('a reply that is none', () => {
  checkRefused(replyParser, hex('04 5a'), 'bad-proxy');
  checkRefused(replyParser, hex('05 00 00 02 00'), 'bad-proxy');
});
