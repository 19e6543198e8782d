import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAuthenticationResults } from './authentication.ts';

/** Fields, and what they say, shortly. Most are the examples of RFC 8601, appendix B. */
const ROWS: readonly [value: string, said: string][] = [
  ['example.org 1; none', ''],
  ['example.com; spf=pass smtp.mailfrom=example.net', 'example.com spf pass smtp.mailfrom=example.net'],
  [
    'example.com; auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net',
    'example.com auth pass smtp.auth=sender@example.net | example.com spf pass smtp.mailfrom=example.net',
  ],
  [
    'example.com; dkim=pass reason="good signature; = (really)" header.i=@mail-router.example.net; dkim=fail reason="bad" header.i=@newyork.example.com',
    'example.com dkim pass reason=good signature; = (really),header.i=@mail-router.example.net | example.com dkim fail reason=bad,header.i=@newyork.example.com',
  ],
  [
    "foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) fail policy (A dot can go here) . (like that) expired (this surprised me) = (as I wasn't expecting it) 1362471462",
    '',
  ],
  ['foo.example.net; DKIM/1 = Fail', 'foo.example.net dkim fail '],
  ['(a (nested) \\) comment) mx.test; spf = none', 'mx.test spf none '],
  ['"quoted;name"; spf=pass', 'quoted;name spf pass '],
  ['spf=pass', ''],
  ['', ''],
  ['; spf=pass', ''],
  ['mx.test; spf', ''],
  ['mx.test; spf=', ''],
  ['mx.test; (unclosed spf=pass', ''],
];

for (const [value, said] of ROWS) {
  test(`Authentication-Results: ${value.slice(0, 60)}`, () => {
    const results = parseAuthenticationResults(value);
    const shortly = results.map(
      ({ server, method, result, properties }) => `${server} ${method} ${result} ${properties.join()}`,
    );
    assert.equal(shortly.join(' | '), said);
  });
}

test('Authentication-Results made to hurt', () => {
  for (const value of [
    '('.repeat(1_000_000),
    ';'.repeat(1_000_000),
    'a; '.repeat(300_000),
    `x; ${'spf=pass;'.repeat(100_000)}`,
    '\\'.repeat(1_000_001),
    '"'.repeat(1_000_001),
  ]) {
    assert.ok(parseAuthenticationResults(value).length <= 50);
  }
});
