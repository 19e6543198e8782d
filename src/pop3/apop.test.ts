import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apopDigest, findTimestamp, newTimestamp } from './apop.ts';

test('the example of RFC 1939 §7', () => {
  const timestamp = findTimestamp('POP3 server ready <1896.697170952@dbc.mtview.ca.us>');
  assert.equal(timestamp, '<1896.697170952@dbc.mtview.ca.us>');
  assert.equal(apopDigest(timestamp, 'tanstaaf'), 'c4c9334bac560ecc979e58001b3e22fb');
});

test('timestamps of real servers are found, wherever they stand', () => {
  for (const timestamp of ['<1ef4.4.5f0@mail.example.org>', '<a+b/c=.1@h>', '<1.2@[127.0.0.1]>', newTimestamp()]) {
    assert.equal(findTimestamp(`Dovecot ready. ${timestamp}`), timestamp);
    assert.equal(findTimestamp(`${timestamp} ready`), timestamp);
  }
});

test('what is no message identifier, or not the only one, is no timestamp', () => {
  const id = '<1@a>';
  const forged = [
    '',
    '<>',
    '<@>',
    '<1@>',
    '<@a>',
    '<1>',
    '<1@a',
    '1@a>',
    `${id}${id}`,
    `${id} <`,
    '> <1@a>',
    '<1@a@b>',
  ];
  const octets = [
    '<1\x80@a>',
    '<1\0@a>',
    '<1\x7f@a>',
    '<1\t@a>',
    '<1 @a>',
    '<"1"@a>',
    '<1@[a\x1b]>',
    '<.1@a>',
    '<1.@a>',
  ];
  const long = `<1@${'a'.repeat(1000)}>`;
  for (const greeting of [...forged, ...octets, long]) assert.equal(findTimestamp(greeting), undefined, greeting);
});

test('a timestamp never comes twice', () => assert.notEqual(newTimestamp(), newTimestamp()));
