import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from './message.ts';
import { type SignOptions, signs } from './signs.ts';

const GOOD = 'From: Ann <ann@example.org>\r\n';
const word = (text: string) => `=?utf-8?b?${Buffer.from(text).toString('base64')}?=`;

async function read(head: string, body = 'text') {
  return readMessage(Buffer.from(`${head}\r\n${body}\r\n`));
}

async function codes(head: string, options?: SignOptions): Promise<string[]> {
  return signs(await read(head), options).map(({ code }) => code);
}

/** Header fields, and the signs in them. */
const HEADS: readonly [what: string, head: string, expected: readonly string[]][] = [
  ['an ordinary letter', `${GOOD}Reply-To: ann@mail.example.org\r\nSubject: Grüße aus Köln ☕\r\n`, []],
  ['a name in a comment', 'From: ann@example.org (Ann Example)\r\n', []],
  ['a name that is the same address', 'From: "Ann@Example.org" <ann@example.org>\r\n', []],
  ['a group of emoji, Persian, a flag', `${GOOD}Subject: 👨‍👩‍👧 می‌خواهم 🏴󠁧󠁢󠁥󠁮󠁧󠁿\r\n`, []],
  ['a domain in one script', 'From: x@bücher.example\r\n', []],
  ['Japanese in three scripts', 'From: x@日本語テスト.example\r\n', []],
  ['no From', 'Subject: x\r\n', ['from-missing']],
  ['an empty From', 'From: \r\n', ['from-missing']],
  ['a From without an address', 'From: Ann Example\r\n', ['from-missing']],
  ['two From fields', `${GOOD}From: bob@example.net\r\n`, ['from-several']],
  ['two addresses', 'From: ann@example.org, bob@example.net\r\n', ['from-several']],
  ['a name with another address', 'From: "bank@bank.example" <x@evil.test>\r\n', ['name-address']],
  ['a name with another address, full width', 'From: "bank＠bank.example" <x@evil.test>\r\n', ['name-address']],
  [
    'an encoded name with another address',
    `From: ${word('Bank bank@bank.example')} <x@evil.test>\r\n`,
    ['name-address'],
  ],
  ['a domain in mixed scripts', 'From: x@раypal.com\r\n', ['domain-lookalike']],
  ['the same, encoded', 'From: x@xn--ypal-43d9g.com\r\n', ['domain-lookalike']],
  ['a domain in Cyrillic that looks Latin', 'From: x@аррӏе.com\r\n', ['domain-lookalike']],
  ['answers that go elsewhere', `${GOOD}Reply-To: thief@evil.test\r\n`, ['reply-elsewhere']],
  ['a subject turned round', `${GOOD}Subject: ${word('a\u202egnp.exe')}\r\n`, ['hidden-text']],
  ['an invisible subject', `${GOOD}Subject: ${word('pay\u200bpal')}\r\n`, ['hidden-text']],
  ['a name filled up with space', `From: "Bank${' '.repeat(60)}x" <x@evil.test>\r\n`, ['hidden-text']],
  ['a subject with controls', `${GOOD}Subject: ${word('a\u0000b\nBcc: x')}\r\n`, ['hidden-text']],
];

for (const [what, head, expected] of HEADS) {
  test(`signs: ${what}`, async () => assert.deepEqual(await codes(head), expected));
}

/** The forms of Mailsploit: where a decoder puts NUL or a line end, programs ended the address. */
const POTUS = 'potus@whitehouse.example';
const SPLOITS: readonly [from: string, expected: readonly string[]][] = [
  [`${word(POTUS)}=?utf-8?Q?=00?=${word(POTUS)}@evil.test`, ['from-ambiguous', 'from-control']],
  [`${word(POTUS)}=?utf-8?Q?=0A=00?=${word(POTUS)}@evil.test`, ['from-ambiguous', 'from-control']],
  [`${word(`${POTUS}\0`)}@evil.test`, ['from-ambiguous', 'from-control']],
  [`"${POTUS}\\" <x@evil.test>"@evil.test`, []],
  [`=?utf-8?Q?=42=45=47=49=4E=20/=28=7C=29/=20=00=00=00?= <${POTUS}>, <x@evil.test>`, ['from-several', 'from-control']],
  [`${word(POTUS)} <x@evil.test>`, ['name-address']],
  [`${word(`${POTUS}\n`)} <x@evil.test>`, ['from-control', 'name-address']],
  [`${word(`${POTUS}\0`)} <x@evil.test>`, ['from-control', 'name-address']],
  [`"${POTUS}" <x@evil.test>`, ['name-address']],
  [`${POTUS} <x@evil.test>`, ['name-address']],
  [`<${POTUS}>x@evil.test`, ['from-ambiguous']],
  [`${POTUS}(x@evil.test)`, ['name-address']],
  [`(${POTUS}) x@evil.test`, ['name-address']],
  [`${word(`"${POTUS}" <test>`)} <x@evil.test>`, ['name-address']],
];

for (const [index, [from, expected]] of SPLOITS.entries()) {
  test(`signs: an address that ends early, form ${index + 1}`, async () => {
    const message = await read(`From: ${from}\r\n`);
    const found = signs(message).map(({ code }) => code);
    for (const code of expected) assert.ok(found.includes(code), `${code} of ${found.join()} for ${from}`);
    for (const { name, address } of message.from) assert.doesNotMatch(name + address, /\p{Cc}/u);
  });
}

/** Forms of From that servers check and programs show differently. */
const FORMS: readonly [what: string, head: string, shown: readonly string[], expected: readonly string[]][] = [
  ['two fields', 'From: a@evil.test\r\nFrom: b@bank.example\r\n', ['a@evil.test', 'b@bank.example'], ['from-several']],
  ['a list', 'From: a@evil.test, b@bank.example\r\n', ['a@evil.test', 'b@bank.example'], ['from-several']],
  ['two angles', 'From: <a@evil.test><b@bank.example>\r\n', ['a@evil.test'], ['from-ambiguous']],
  ['an address behind the angle', 'From: <a@evil.test>b@bank.example\r\n', ['a@evil.test'], ['from-ambiguous']],
  ['an address before it', 'From: b@bank.example<a@evil.test>\r\n', ['a@evil.test'], ['name-address']],
  ['a route', 'From: <@bank.example,@x.example:a@evil.test>\r\n', ['a@evil.test'], ['from-ambiguous']],
  ['two at signs', 'From: a@bank.example@evil.test\r\n', ['"a@bank.example"@evil.test'], ['from-ambiguous']],
  ['quotes', 'From: "a@bank.example"@evil.test\r\n', ['"a@bank.example"@evil.test'], []],
  ['a folded name', 'From:\r\n b@bank.example\r\n <a@evil.test>\r\n', ['a@evil.test'], ['name-address']],
  ['an encoded address', `From: ${word('b@bank.example')}\r\n`, [], ['from-missing']],
  ['an unclosed angle', 'From: x <a@evil.test\r\n', ['a@evil.test'], ['from-ambiguous']],
  ['a space', 'From: b@bank.example a@evil.test\r\n', ['"b@bank.examplea"@evil.test'], ['from-ambiguous']],
  ['a sender besides', 'Sender: b@bank.example\r\nFrom: a@evil.test\r\n', ['a@evil.test'], []],
  ['nothing but a resent one', 'Resent-From: b@bank.example\r\n', [], ['from-missing']],
];

for (const [what, head, shown, expected] of FORMS) {
  test(`signs: From with ${what}`, async () => {
    const message = await read(head);
    const found = signs(message).map(({ code }) => code);
    for (const code of expected) assert.ok(found.includes(code), `${code} of ${found.join()}`);
    if (expected.length === 0) assert.deepEqual(found, []);
    assert.deepEqual(
      message.from.filter(({ domain }) => domain !== '').map(({ address }) => address),
      shown,
    );
  });
}

test('signs: a message that programs read differently, or that is not shown whole', async () => {
  const rows: readonly [head: string, body: string, code: string][] = [
    [`${GOOD}Content-Type: text/plain\r\nContent-Type: text/html\r\n`, 'x', 'structure-ambiguous'],
    [`${GOOD}Content-Type: multipart/mixed; boundary=a; boundary=b\r\n`, '--b\r\n\r\n--b--', 'structure-ambiguous'],
    [GOOD, 'x'.repeat(9_000_000), 'not-all-shown'],
    [`${GOOD}Content-Type: multipart/mixed; boundary=b\r\n`, '--b\r\n\r\n'.repeat(10_010), 'not-all-shown'],
  ];
  for (const [head, body, code] of rows) {
    const found = signs(await read(head, body)).map((sign) => sign.code);
    assert.deepEqual(found, [code], head);
  }
});

test('signs: what is attached', async () => {
  const rows: readonly [name: string, type: string, code: string | undefined][] = [
    ['report.pdf', 'application/pdf', undefined],
    ['setup.exe', 'application/octet-stream', 'file-program'],
    ['invoice.pdf.exe', 'application/octet-stream', 'file-disguised'],
    ['invoice.pdf          .scr', 'application/pdf', 'file-disguised'],
    ['photo.lnk', 'image/png', 'file-disguised'],
    ['a.js ', 'application/octet-stream', 'file-program'],
    ['readme.txt.', 'text/plain', undefined],
  ];
  for (const [name, type, code] of rows) {
    const head = `${GOOD}Content-Type: ${type}\r\nContent-Disposition: attachment; filename="${name}"\r\n`;
    assert.deepEqual(await codes(head), code === undefined ? [] : [code], name);
  }
  const turned = Buffer.from('photo\u202egnp.exe').toString('base64');
  const head = `${GOOD}Content-Disposition: attachment; filename="=?utf-8?b?${turned}?="\r\n`;
  const found = await codes(head);
  assert.deepEqual(found, ['hidden-text', 'file-disguised']);
});

test('signs: what a trusted server found, and nobody else', async () => {
  const results = (server: string, rest: string) => `Authentication-Results: ${server}; ${rest}\r\n`;
  const failed = results(
    'mx.example.org',
    'spf=fail smtp.mailfrom=x@evil.test; dkim=none; dmarc=fail header.from=bank.example',
  );
  const trusted = ['MX.example.org'];
  assert.deepEqual(await codes(failed + GOOD), []);
  assert.deepEqual(await codes(failed + GOOD, { trusted: ['mx.example.net'] }), []);
  assert.deepEqual(await codes(failed + GOOD, { trusted }), ['authentication-failed', 'authentication-failed']);
  const passed = results('mx.example.org', 'spf=softfail; dkim=pass header.d=example.org; dmarc=pass');
  assert.deepEqual(await codes(passed + GOOD, { trusted }), []);
  // A field that came with the message stands below the one of the server.
  assert.deepEqual(
    (await codes(failed + passed.replace(' dkim=pass header.d=example.org;', '') + GOOD, { trusted })).length,
    2,
  );
});

test('signs: a message made of them is told of in few', async () => {
  const names = Array.from({ length: 5000 }, (_, index) => `"a@b${index}.test" <x@evil.test>`).join(', ');
  assert.equal((await codes(`From: ${names}\r\n`)).length, 20);
});
