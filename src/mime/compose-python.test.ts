/** What is composed, read by an independent parser: the `email` package of Python, where there is one. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { makeAddress } from './address.ts';
import { compose } from './compose.ts';
import type { Draft } from './draft.ts';
import { collect, stream } from './support.test.ts';

const READ = `
import sys, json, base64, email, email.policy
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
names = lambda field: [[a.display_name, a.addr_spec.encode('utf8', 'surrogateescape').decode()] for a in (m[field].addresses if m[field] else [])]
print(json.dumps({
  'subject': m['subject'], 'from': names('from'), 'to': names('to'), 'custom': m['x-test'], 'bcc': m['bcc'],
  'defects': [str(d) for p in m.walk() for d in p.defects],
  'parts': [[p.get_content_type(), p.get_filename(), p['content-id'],
             None if p.is_multipart() else base64.b64encode(p.get_payload(decode=True)).decode()] for p in m.walk()]}))
`;

const missing = spawnSync('python3', ['-c', 'import email.policy']).status !== 0 && 'python3 is not here';

async function readByPython(draft: Draft) {
  const input = await collect(compose(draft).chunks());
  const { stdout, stderr } = spawnSync('python3', ['-c', READ], { input, maxBuffer: 1 << 26 });
  assert.equal(stderr.toString(), '');
  return JSON.parse(stdout.toString());
}

const NAMES = [
  'plain.txt',
  'with space.pdf',
  'Résumé ü.pdf',
  '日本語.txt',
  'a"; x="y',
  'back\\',
  "it's 100%.txt",
  '\u202etxt.exe',
  '=?utf-8?q?x?=',
  'x'.repeat(180),
  'é'.repeat(600),
  'a;b=c',
];

test('Python reads the same structure, names and bytes', { skip: missing }, async () => {
  const octets = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7919) >> 4));
  const read = await readByPython({
    from: makeAddress('Änn "the" Example, Jr.', 'ann', 'exämple.org'),
    to: [
      makeAddress('日本語'.repeat(4), 'b o', 'x.test'),
      makeAddress('', 'c', 'x.test'),
      makeAddress("O'Hara (work)", 'd', 'x.test'),
    ],
    bcc: [makeAddress('', 'secret', 'x.test')],
    subject: `Grüße 日本 =?utf-8?q?x?= ${'long ö '.repeat(40)}end`,
    headers: [['X-Test', `custom ünï ${'word '.repeat(60)}end`]],
    text: 'Hällo \n.\nFrom me\n\ttab \n' + 'x'.repeat(3000),
    html: '<img src="cid:img@x">',
    attachments: [
      { name: 'img.png', inline: true, contentId: 'img@x', size: 3, open: () => stream(Buffer.from('png')) },
      ...NAMES.map((name) => ({ name, open: () => stream(octets, [1, 50_000]) })),
    ],
  });
  assert.deepEqual(read.defects, []);
  assert.equal(read.subject, `Grüße 日本 =?utf-8?q?x?= ${'long ö '.repeat(40)}end`);
  assert.equal(read.custom, `custom ünï ${'word '.repeat(60)}end`);
  assert.equal(read.bcc, null);
  assert.deepEqual(read.from, [['Änn "the" Example, Jr.', 'ann@xn--exmple-cua.org']]);
  assert.deepEqual(read.to, [
    ['日本語'.repeat(4), '"b o"@x.test'],
    ['', 'c@x.test'],
    ["O'Hara (work)", 'd@x.test'],
  ]);
  const encoded = (text: string) => Buffer.from(text).toString('base64');
  assert.deepEqual(read.parts.slice(0, 6), [
    ['multipart/mixed', null, null, null],
    ['multipart/alternative', null, null, null],
    ['text/plain', null, null, encoded(`Hällo \r\n.\r\nFrom me\r\n\ttab \r\n${'x'.repeat(3000)}\r\n`)],
    ['multipart/related', null, null, null],
    ['text/html', null, null, encoded('<img src="cid:img@x">\r\n')],
    ['image/png', 'img.png', '<img@x>', encoded('png')],
  ]);
  const attached = read.parts.slice(6);
  assert.deepEqual(
    attached.map((part: string[]) => part[1]),
    NAMES,
  );
  for (const part of attached) assert.equal(part[3], octets.toString('base64'));
});

test('Python reads raw UTF-8 addresses and a message with nothing but ASCII', { skip: missing }, async () => {
  const utf8 = await readByPython({ from: makeAddress('', 'jürgen', 'x.test'), text: '' });
  assert.deepEqual(utf8.from, [['', 'jürgen@x.test']]);
  const plain = await readByPython({
    from: makeAddress('A', 'a', 'x.test'),
    to: [makeAddress('', 'b', 'x.test')],
    subject: '  two  spaces ',
    text: 'hi',
  });
  assert.deepEqual(plain.parts, [['text/plain', null, null, Buffer.from('hi\r\n').toString('base64')]]);
  assert.equal(plain.subject, '  two  spaces ');
});
