import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UsageError } from '../errors.ts';
import { parseProxyUrl } from './proxy-url.ts';

test('both kinds, with their ports, and none', () => {
  const cases: [string, ReturnType<typeof parseProxyUrl>][] = [
    ['none', 'none'],
    ['socks5://Proxy.Example', { protocol: 'socks5', host: 'proxy.example', port: 1080 }],
    ['SOCKS5H://[::1]:9050/', { protocol: 'socks5', host: '::1', port: 9050 }],
    ['http://a%40b@proxy.example:3128', { protocol: 'http', host: 'proxy.example', port: 3128, user: 'a@b' }],
    ['http://127.0.0.1', { protocol: 'http', host: '127.0.0.1', port: 80 }],
  ];
  for (const [text, expected] of cases) assert.deepEqual(parseProxyUrl(text), expected, text);
});

test('what is wrong quotes nothing', () => {
  const cases: [string, string][] = [
    ...[
      '',
      'geheim',
      'socks5:geheim',
      'socks5://',
      'socks4://geheim',
      'https://geheim',
      'http://h/geheim',
      'http://h:0',
    ].map((text): [string, string] => [text, 'bad-url']),
    ...['http://ann:geheim@h', 'socks5://ann:geh/eim@h', 'http://:geheim@h'].map((text): [string, string] => [
      text,
      'password-in-url',
    ]),
  ];
  for (const [text, code] of cases)
    assert.throws(
      () => parseProxyUrl(text),
      (error: UsageError) => error.code === code && !/geh.?eim/.test(error.message + error.hint),
      text,
    );
});
