import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../errors.ts';
import { mailboxName, parseServerUrl, type ServerUrl } from './url.ts';

test('schemes carry their security and their port', () => {
  const cases: [string, 'pop3' | 'smtp', ServerUrl['security'], number][] = [
    ['pop3s://h', 'pop3', 'implicit', 995],
    ['pop3://h', 'pop3', 'required', 110],
    ['pop3+insecure://h', 'pop3', 'none', 110],
    ['smtps://h', 'smtp', 'implicit', 465],
    ['SMTP://h/', 'smtp', 'required', 587],
    ['smtp+insecure://h', 'smtp', 'none', 587],
    ['smtp+insecure://h:25', 'smtp', 'none', 25],
    ['smtp+opportunistic://h', 'smtp', 'opportunistic', 587],
    ['pop3+opportunistic://h', 'pop3', 'opportunistic', 110],
  ];
  for (const [text, protocol, security, port] of cases) {
    assert.deepEqual(parseServerUrl(text, protocol), { protocol, host: 'h', port, security }, text);
  }
});

test('LMTP takes the place of SMTP', () => {
  const there = { protocol: 'smtp', host: 'h', port: 24, lmtp: true } as const;
  assert.deepEqual(parseServerUrl('lmtp://h', 'smtp'), { ...there, security: 'required' });
  assert.deepEqual(parseServerUrl('LMTP+insecure://h:2424', 'smtp'), { ...there, security: 'none', port: 2424 });
  const local = { ...there, host: 'localhost', port: 0, security: 'none', path: '/run/lmtp' };
  assert.deepEqual(parseServerUrl('lmtp+unix:///run/lmtp', 'smtp'), local);
  assert.throws(() => parseServerUrl('lmtp://h', 'pop3'), { code: 'bad-url' });
});

test('users are decoded, hosts made canonical', () => {
  assert.equal(parseServerUrl('pop3s://ann%40example.org@Mail.Example.ORG', 'pop3').user, 'ann@example.org');
  assert.equal(parseServerUrl('pop3s://ann@example.org@h', 'pop3').user, 'ann@example.org');
  assert.equal(parseServerUrl('pop3s://j%C3%BCrgen%3Ax@h', 'pop3').user, 'jürgen:x');
  assert.equal(parseServerUrl('pop3s://Mail.Example.ORG', 'pop3').host, 'mail.example.org');
  assert.equal(parseServerUrl('pop3s://bücher.example', 'pop3').host, 'xn--bcher-kva.example');
  assert.equal(parseServerUrl('pop3s://127.0.0.1:1995', 'pop3').host, '127.0.0.1');
  const six = parseServerUrl('smtp://a@[2001:DB8::0:1]:2525', 'smtp');
  assert.deepEqual([six.host, six.port, six.user], ['2001:db8::1', 2525, 'a']);
});

test('a socket of this machine is a path in the place of a host', () => {
  const local = { protocol: 'smtp', host: 'localhost', port: 0, security: 'none' } as const;
  assert.deepEqual(parseServerUrl('smtp+unix:///run/mail.sock', 'smtp'), { ...local, path: '/run/mail.sock' });
  const url = parseServerUrl('smtp+unix://ann%40example.org@/run/a%20b/x@y', 'smtp');
  assert.deepEqual(url, { ...local, path: '/run/a b/x@y', user: 'ann@example.org' });
  for (const [text, code] of [
    ['pop3+unix://', 'bad-url'],
    ['pop3+unix:///', 'bad-url'],
    ['pop3+unix:///run/', 'bad-url'],
    ['pop3+unix://run/mail.sock', 'bad-url'],
    ['pop3+unix://ann@host/run/mail.sock', 'bad-url'],
    ['pop3+unix://@/run/mail.sock', 'bad-url'],
    ['pop3+unix:///run/%00', 'bad-url'],
    ['pop3+unix:///run/%0A', 'bad-url'],
    ['pop3+unix:///run/%FF', 'bad-url'],
    ['pop3+unix://ann%0D@/run/x', 'bad-url'],
    ['pop3+unix://ann:geheim@/run/x', 'password-in-url'],
    ['pop3+unix://ann:ge/heim@/run/x', 'password-in-url'],
  ] as const)
    assert.throws(
      () => parseServerUrl(text, 'pop3'),
      (error: UsageError) => error.code === code && !/ge.?heim/.test(error.message + error.hint),
      text,
    );
});

test('a password in a URL is refused and never repeated', () => {
  for (const tail of [
    'ann:geheim@h',
    'ann:ge/heim@h',
    'ann:geheim@h:1/x',
    'ann:ge@heim@h',
    ':geheim@h',
    'ann:@h',
    'ann:geheim@',
  ]) {
    assert.throws(
      () => parseServerUrl(`pop3s://${tail}`, 'pop3'),
      (error: UsageError) =>
        error.code === 'password-in-url' &&
        !/ge.?heim/.test(error.message + error.hint) &&
        /passwordeval/.test(error.hint ?? ''),
      tail,
    );
  }
});

test('malformed URLs are bad-url and quote nothing', () => {
  const bad = [
    '', 'h', 'pop3s:h', 'pop3s://', 'pop3s:///', 'http://geheim', 'smtps://geheim', 'ann:geheim@h', 'pop3s://@h', 'pop3s://h/geheim',
    'pop3s://h?geheim', 'pop3s://h#geheim', 'pop3s://h//', 'pop3s://h:', 'pop3s://h:0', 'pop3s://h:65536', 'pop3s://h:geheim',
    'pop3s://::1', 'pop3s://[::1', 'pop3s://[]', 'pop3s://[geheim]', 'pop3s://[fe80::1%25eth0]', 'pop3s://[::1]x', 'pop3s://a b',
    'pop3s://h\r\n', 'pop3s://h\tx', 'pop3s://%68', 'pop3s://a..b', 'pop3s://-a', 'pop3s://ü\u0000', 'pop3s://ü b', 'pop3s://a%0D%0Ab@h',
    'pop3s://a%00@h', 'pop3s://a%7F@h', 'pop3s://a%C2%9B@h', 'pop3s://a\nb@h', 'pop3s://a%@h', 'pop3s://a%FF@h', `pop3s://${'a.'.repeat(200)}b`,
  ]; // biome-ignore format: a list
  for (const text of bad) {
    assert.throws(
      () => parseServerUrl(text, 'pop3'),
      (error: unknown) => error instanceof UsageError && error.code === 'bad-url' && !error.message.includes('geheim'),
      JSON.stringify(text),
    );
  }
});

test('a parser of hostile text throws UsageError or returns a host fit for DNS', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webAuthority({ withUserInfo: true })), (tail) => {
      try {
        const url = parseServerUrl(`pop3s://${tail}`, 'pop3');
        assert.match(url.host, /^[a-z0-9_.:-]+$/);
        assert.ok(url.port > 0 && url.port < 65_536);
        assert.doesNotMatch(url.user ?? '', /[\r\n\0]/);
      } catch (error) {
        assert.ok(error instanceof UsageError);
      }
    }),
  );
});

test('mailboxName', () => {
  const name = (text: string) => mailboxName(parseServerUrl(text, 'pop3'));
  assert.equal(name('pop3s://ann%40example.org@host'), 'ann@example.org@host');
  assert.equal(name('pop3://ann@host:110'), 'ann@host');
  assert.equal(name('pop3s://ann@host:110'), 'ann@host+110');
  assert.equal(name('pop3s://host'), 'host');
  assert.equal(name('pop3s://..%2F..%2Fetc@host'), '%2E.%2F..%2Fetc@host');
  assert.equal(name('pop3s://%C3%A4%25@[::1]'), '%C3%A4%25@%3A%3A1');
  assert.equal(name('pop3+opportunistic://ann@host'), 'ann@host');
  assert.equal(name('pop3+unix://ann@/run/a@b+1'), 'ann@%2Frun%2Fa%40b%2B1');
  assert.equal(name('pop3+unix:///run/x'), '%2Frun%2Fx');
  assert.throws(() => name(`pop3s://${'a'.repeat(300)}@host`), { code: 'bad-url' });
});

test('mailboxName is one folder name, and one mailbox each', () => {
  const url = fc.record({
    protocol: fc.constant('pop3' as const),
    host: fc.constantFrom('h', 'h.example', '::1', '127.0.0.1'),
    port: fc.constantFrom(995, 1, 65_535),
    user: fc.string({
      unit: fc.constantFrom('a', '@', '+', '1', '.', '/', '%', '2', 'F', 'ä', '\\'),
      minLength: 1,
      maxLength: 8,
    }),
    security: fc.constant('implicit' as const),
  });
  fc.assert(
    fc.property(url, url, (a, b) => {
      assert.match(mailboxName(a), /^[A-Za-z0-9_@+%-][A-Za-z0-9._@+%-]*$/);
      assert.equal(mailboxName(a) === mailboxName(b), a.host === b.host && a.port === b.port && a.user === b.user);
    }),
  );
});
