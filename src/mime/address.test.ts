import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { UsageError } from '../errors.ts';
import { addressPieces, distinctAddresses, formatAddress, needsUtf8, wireAddress } from './address.ts';
import { parseAddressList } from './address-list.ts';
import { parseRecipient, parseRecipients } from './recipient.ts';

const shown = (text: string) =>
  parseAddressList(text).addresses.map(({ name, address, group }) => [
    name,
    address,
    ...(group === undefined ? [] : [group]),
  ]);

test('reads the examples of RFC 5322 appendix A', () => {
  assert.deepEqual(shown('John Doe <jdoe@machine.example>'), [['John Doe', 'jdoe@machine.example']]);
  assert.deepEqual(shown('"Joe Q. Public" <john.q.public@example.com>'), [
    ['Joe Q. Public', 'john.q.public@example.com'],
  ]);
  assert.deepEqual(shown('Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>'), [
    ['Mary Smith', 'mary@x.test'],
    ['', 'jdoe@example.org'],
    ['Who?', 'one@y.test'],
  ]);
  assert.deepEqual(shown('<boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>'), [
    ['', 'boss@nil.test'],
    ['Giant; "Big" Box', 'sysservices@example.net'],
  ]);
  assert.deepEqual(shown('A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;'), [
    ['Ed Jones', 'c@a.test', 'A Group'],
    ['', 'joe@where.test', 'A Group'],
    ['John', 'jdoe@one.test', 'A Group'],
  ]);
  assert.deepEqual(shown('Undisclosed recipients:;'), []);
  assert.deepEqual(shown('Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>'), [
    ['Pete', 'pete@silly.test'],
  ]);
  assert.deepEqual(
    shown(
      "A Group(Some people)\r\n :Chris Jones <c@(Chris's host.)public.example>,\r\n joe@example.org,\r\n John <jdoe@one.test> (my dear friend); (the end of the group)",
    ),
    [
      ['Chris Jones', 'c@public.example', 'A Group'],
      ['', 'joe@example.org', 'A Group'],
      ['John', 'jdoe@one.test', 'A Group'],
    ],
  );
  assert.deepEqual(shown('Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example'), [
    ['Mary Smith', 'mary@example.net'],
    ['', 'jdoe@test.example'],
  ]);
});

test('decodes names after the structure is known', () => {
  assert.deepEqual(shown('=?utf-8?q?Ann=2C_b=40evil=2Etest?= <ann@example.org>'), [
    ['Ann, b@evil.test', 'ann@example.org'],
  ]);
  assert.deepEqual(shown('=?utf-8?q?A=0D=0ABcc=3A_x?= <ann@example.org>'), [['A Bcc: x', 'ann@example.org']]);
  assert.deepEqual(shown('ann@example.org (=?utf-8?q?Ann?=)'), [['Ann', 'ann@example.org']]);
});

test('reads hostile lists in linear work and never throws', () => {
  for (const piece of [';', '@', ',', '(', '"', '<', ':', '\\', '"\\', 'a:', '<a', '[', ' ', 'a@b,']) {
    const { defects } = parseAddressList(piece.repeat(100_000));
    assert.ok(defects.length <= 200);
  }
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'a@.<>(),;:"\\[] =?é') }), (text) => {
      for (const address of parseAddressList(text).addresses) assert.equal(typeof formatAddress(address), 'string');
    }),
  );
});

test('takes what people type', () => {
  assert.deepEqual(parseRecipient('Ann Example <ann@example.org>'), {
    name: 'Ann Example',
    local: 'ann',
    domain: 'example.org',
    address: 'ann@example.org',
  });
  assert.equal(parseRecipient('"a@evil.test x"@good.test').address, '"a@evil.test x"@good.test');
  assert.equal(wireAddress(parseRecipient('"a@evil.test x"@good.test')), '"a@evil.test x"@good.test');
  assert.equal(parseRecipient('a%b@c.test').local, 'a%b');
  assert.equal(parseRecipient('root@[127.0.0.1]').domain, '[127.0.0.1]');
  assert.equal(wireAddress(parseRecipient('ann@exämple.org')), 'ann@xn--exmple-cua.org');
  assert.equal(needsUtf8(parseRecipient('änn@example.org')), true);
  assert.deepEqual(
    parseRecipients('a@x.test, "Doe, J" <j@x.test>').map((address) => address.address),
    ['a@x.test', 'j@x.test'],
  );
});

const REFUSED = [
  '',
  ' ',
  'ann',
  '@example.org',
  'ann@',
  'ann @example.org x',
  'a b@example.org',
  'a@b@c.test',
  'a@x.test b@y.test',
  'a@x.test, b@y.test',
  'a@x.test; b@y.test',
  '-OQueueDirectory=/tmp@x.test',
  '"-x"@x.test',
  'a(@evil.test)@good.test',
  '<a@evil.test>b@good.test',
  '<a@evil.test',
  'a@good.test\0.evil.test',
  'a@b>\r\nRCPT TO:<c@d',
  'a@b\nc',
  '@r1,@r2:c@d.test',
  '<@r1,@r2:c@d.test>',
  '=?utf-8?q?a=40evil?=@good.test',
  'group: a@x.test;',
  'evil@x.test <a@y.test>',
  'a@-x.test',
  'a@x..test',
  'a@x.test.',
  'a@x_\u2028.test',
  'a@１２７.1',
  '"a\u0085b"@x.test',
  '\ud800@x.test',
  `${'a'.repeat(65)}@x.test`,
  `a@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}.${'e'.repeat(63)}`,
  '"a@x.test',
];

for (const text of REFUSED) {
  test(`refuses ${JSON.stringify(text).slice(0, 60)}`, () => {
    assert.throws(
      () => parseRecipient(text),
      (error) => error instanceof UsageError && error.code === 'bad-address',
    );
  });
}

test('what is formatted for people is read back the same', () => {
  const word = fc.string({ unit: fc.constantFrom(...'ab .,"\\<>()@:;é日\u00a0\u3000', '  ') });
  fc.assert(
    fc.property(word, fc.stringMatching(/^[a-z .@"\\]{1,20}$/), (name, local) => {
      const domain = 'example.org';
      const written = formatAddress({ name: name.trim(), local, domain, address: wireAddress({ local, domain }) });
      const read = parseAddressList(written).addresses;
      assert.equal(read.length, 1);
      assert.equal(read[0]?.name, name.trim());
      assert.equal(read[0]?.local, local);
    }),
  );
});

test('a header is written from the parts of an address, not from its text', () => {
  const forged = { ...parseRecipient('a@x.test'), address: 'b@evil.test' };
  assert.deepEqual(addressPieces('To', [forged]), ['a@x.test']);
  assert.throws(() => wireAddress({ local: 'a', domain: 'x.test>\r\nRCPT TO:<b@y.test' }), { code: 'bad-address' });
});

test('a list without end is read up to a limit, and colons behind a long phrase cost no more than others', () => {
  const { addresses, defects } = parseAddressList('a@b,'.repeat(20_000));
  assert.deepEqual([addresses.length, defects[0]?.code], [10_000, 'too-many-addresses']);
  assert.equal(parseAddressList(`${'a '.repeat(2_000_000)}@b`).defects[0]?.code, 'too-many-addresses');
  assert.equal(parseAddressList(`${'a '.repeat(200_000)}@${':'.repeat(300_000)}`).addresses.length, 1);
  assert.throws(() => parseRecipients('a@example.org,'.repeat(20_000)), /more than 10000/);
});

test('a field of a message may have groups and be folded with TABs; what a person typed may not', () => {
  const field = (text: string) => parseRecipients(text, { field: true }).map(({ address }) => address);
  assert.deepEqual(field('Friends: a@example.org,\tb@example.org;, c@example.org'), [
    'a@example.org',
    'b@example.org',
    'c@example.org',
  ]);
  assert.deepEqual(field('undisclosed-recipients:;'), []);
  for (const text of [
    'a(@evil.example)@example.org',
    '"a\tb"@example.org',
    'a@example.org b@example.org',
    'a\n@example.org',
  ])
    assert.throws(() => field(text), UsageError, JSON.stringify(text));
  assert.throws(() => parseRecipients('Friends: a@example.org;'), /group/);
  assert.throws(() => parseRecipients('a@example.org,\tb@example.org'), /control character/);
});

test('an address is listed once, whatever the case of its domain', () => {
  const addresses = parseRecipients('Ann@example.org, Ann@EXAMPLE.org, ann@example.org');
  assert.deepEqual(distinctAddresses(addresses), ['Ann@example.org', 'ann@example.org']);
});
