/** Links that begin a letter: what is taken from them, what is not, and what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../errors.ts';
import { formatAddress } from './address.ts';
import { parseMailto } from './mailto.ts';

/** To, Cc, then the other fields. */
function read(url: string): unknown[] {
  const { to, cc, subject, body, inReplyTo, ignored } = parseMailto(url);
  return [to.map(formatAddress).join(), cc.map(formatAddress).join(), subject, body, inReplyTo, ignored.join()];
}

const ROWS: readonly (readonly [url: string, ...expected: (string | undefined)[]])[] = [
  ['mailto:ann@example.org', 'ann@example.org'],
  ['MAILTO:ann@example.org', 'ann@example.org'],
  ['mailto:', ''],
  ['mailto:?to=ann@example.org,bob@example.org', 'ann@example.org,bob@example.org'],
  ['mailto:ann@example.org,bob@example.org?to=cem@example.org', 'ann@example.org,bob@example.org,cem@example.org'],
  ['mailto:%22not%40me%22@example.org', '"not@me"@example.org'],
  ['mailto:%22a%2Cb%22@example.org', '"a,b"@example.org'],
  ['mailto:gorby%25kremvax@example.org', 'gorby%kremvax@example.org'],
  ['mailto:a+b@example.org?subject=1+1', 'a+b@example.org', '', '1+1'],
  ['mailto:user@%E7%B4%8D.example.org', 'user@納.example.org'],
  ['mailto:?cc=Ann%20%3Cann@example.org%3E', '', 'Ann <ann@example.org>'],
  ['mailto:a@example.org?SUBJECT=caf%C3%A9', 'a@example.org', '', 'café'],
  ['mailto:a@example.org?subject=%3D%3Futf-8%3FQ%3Fcaf%3DC3%3DA9%3F%3D', 'a@example.org', '', 'café'],
  ['mailto:a@example.org?body=one%0D%0Atwo%09%C3%BC', 'a@example.org', '', undefined, 'one\ntwo\tü'],
  ['mailto:a@example.org?in-reply-to=%3C1@x%3E', 'a@example.org', '', undefined, undefined, '<1@x>'],
  ['mailto:a@example.org?subject=a?b/c&body=', 'a@example.org', '', 'a?b/c', ''],
  [
    'mailto:a@example.org?attach=~/.ssh/id_rsa&bcc=eve@x.test&from=eve@x.test&X-A=1&x-a=2&attachment=/etc/passwd',
    'a@example.org',
    '',
    undefined,
    undefined,
    undefined,
    'attach,bcc,from,x-a,attachment',
  ],
  [
    'mailto:a@example.org?__proto__=x&constructor=y',
    'a@example.org',
    '',
    undefined,
    undefined,
    undefined,
    '__proto__,constructor',
  ],
];

for (const [url, ...expected] of ROWS) {
  test(url, () =>
    assert.deepEqual(
      read(url),
      ['', '', undefined, undefined, undefined, ''].map((none, at) => expected[at] ?? none),
    ),
  );
}

const REFUSED: readonly (readonly [url: string, code: string])[] = [
  ['http://example.org', 'bad-mailto'],
  ['ann@example.org', 'bad-mailto'],
  ['mailto:ann@example.org?subject=a b', 'bad-mailto'],
  ['mailto:ann@example.org#part', 'bad-mailto'],
  ['mailto:jürgen@example.org', 'bad-mailto'],
  ['mailto:a@example.org?subject=%', 'bad-mailto'],
  ['mailto:a@example.org?subject=%4', 'bad-mailto'],
  ['mailto:a@example.org?subject=%zz', 'bad-mailto'],
  ['mailto:a@example.org?subject=%ff', 'bad-mailto'],
  ['mailto:a@example.org?subject=%C0%80', 'bad-mailto'],
  ['mailto:a@example.org?subject=%ED%A0%80', 'bad-mailto'],
  ['mailto:a@example.org?subject', 'bad-mailto'],
  ['mailto:a@example.org?subject=a&subject=b', 'bad-mailto'],
  ['mailto:a@example.org?body=a&Body=b', 'bad-mailto'],
  ['mailto:a@example.org?in-reply-to=not%20an%20id', 'bad-header'],
  ['mailto:a@example.org?in-reply-to=%3C1@x%3E%0D%0ABcc:%20eve', 'bad-header'],
  ['mailto:a,b@example.org', 'bad-address'],
  ['mailto:a%2Cb@example.org', 'bad-address'],
  ['mailto:-oQ@example.org', 'bad-address'],
  ['mailto:a@b@example.org', 'bad-address'],
  [`mailto:a@example.org?body=${'x'.repeat(256 * 1024)}`, 'bad-mailto'],
];

for (const [url, code] of REFUSED)
  test(`refused: ${url.slice(0, 80)}`, () => assert.throws(() => parseMailto(url), { code }));

test('a control character is refused wherever it stands, but for lines and TABs of the text', () => {
  const places = [
    'mailto:a%s@example.org',
    'mailto:?cc=a@example.org%s',
    'mailto:?subject=a%sb',
    'mailto:?x%s=b',
    'mailto:?in-reply-to=%3C1%s@x%3E',
    'mailto:?body=a%sb',
  ];
  const controls = ['%00', '%0D', '%0A', '%0D%0A', '%0D%0ABcc:%20eve@x.test', '%0B', '%0C', '%1B', '%7F', '%C2%85'];
  for (const place of places) {
    for (const control of controls) {
      const url = place.replace('%s', control);
      if (place.includes('body') && control.startsWith('%0D%0A')) assert.ok(parseMailto(url).body?.includes('\n'));
      else assert.throws(() => parseMailto(url), UsageError, url);
    }
  }
  // An encoded-word says it a second time.
  assert.throws(() => parseMailto('mailto:?subject=%3D%3Futf-8%3FQ%3Fa%3D0D%3D0ABcc%3F%3D'), { code: 'bad-mailto' });
});

test('what was escaped is read back, and nothing that is thrown is a surprise', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((each) => !/[\p{Cc}\u2028\u2029]|=\?/u.test(each));
  fc.assert(
    fc.property(text, text, (subject, body) => {
      const url = `mailto:a@example.org?subject=${encodeURIComponent(subject)}&body=${encodeURIComponent(`${body}\r\n`)}`;
      assert.deepEqual(read(url).slice(2, 4), [subject, `${body}\n`]);
    }),
  );
  const piece = fc.constantFrom(
    'mailto:',
    'a@x',
    '?',
    '&',
    '=',
    '%',
    '%0',
    '%41',
    '%0D%0A',
    'to',
    'body',
    ',',
    '<',
    '"',
    ';',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      try {
        parseMailto(`mailto:${pieces.join('')}`);
      } catch (error) {
        assert.ok(error instanceof UsageError);
      }
    }),
  );
});
