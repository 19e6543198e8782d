import assert from 'node:assert/strict';
import { test } from 'node:test';
import { random } from '../../test/support/random.ts';
import { parseQuery, type Query } from './query.ts';

const NOW = new Date(2026, 10, 24, 12, 30);
const parse = (text: string): Query => parseQuery(text, NOW);
const word = (words: string, field?: 'from' | 'subject' | 'to' | 'cc' | 'body' | 'file', prefix = false): Query => ({
  kind: 'words',
  field,
  words,
  prefix,
});
const and = (...of: Query[]): Query => ({ kind: 'and', of });
const or = (...of: Query[]): Query => ({ kind: 'or', of });
const not = (of: Query): Query => ({ kind: 'not', of });

const QUERIES: readonly (readonly [text: string, query: Query])[] = [
  ['', { kind: 'all' }],
  ['  ', { kind: 'all' }],
  ['*', { kind: 'all' }],
  ['budget', word('budget')],
  ['annual report', and(word('annual'), word('report'))],
  ['annual and report', and(word('annual'), word('report'))],
  ['"annual report"', word('annual report')],
  ['"not closed', word('not closed')],
  ['rechnung*', word('rechnung', undefined, true)],
  ['"rechnung*"', word('rechnung*')],
  ['from:ann', word('ann', 'from')],
  ['FROM:ann@example.org', word('ann@example.org', 'from')],
  ['from:"Ann Example"', word('Ann Example', 'from')],
  ['from:Zo*', word('Zo', 'from', true)],
  [
    'to:a cc:b subject:c body:d file:e.pdf',
    and(word('a', 'to'), word('b', 'cc'), word('c', 'subject'), word('d', 'body'), word('e.pdf', 'file')),
  ],
  ['a or b c', or(word('a'), and(word('b'), word('c')))],
  ['(a or b) c', and(or(word('a'), word('b')), word('c'))],
  ['-a', not(word('a'))],
  ['a -b', and(word('a'), not(word('b')))],
  ['a not b', and(word('a'), not(word('b')))],
  ['not (a b)', not(and(word('a'), word('b')))],
  ['--a', word('--a')],
  ['Re:', word('Re')],
  ['-from:"x y"', not(word('x y', 'from'))],
  ['up-to-date', word('up-to-date')],
  ['"or"', word('or')],
  ['http://example.org/?q=1', word('http://example.org/?q=1')],
  ['10:30', word('10:30')],
  ['会議 отчёт', and(word('会議'), word('отчёт'))],
  ['is:unread', { kind: 'flag', flag: 'S', set: false }],
  ['is:READ', { kind: 'flag', flag: 'S', set: true }],
  ['is:flagged', { kind: 'flag', flag: 'F', set: true }],
  ['is:replied', { kind: 'flag', flag: 'R', set: true }],
  ['has:attachment', { kind: 'attachment' }],
  ['larger:5M', { kind: 'size', least: 5_000_000 }],
  ['smaller:1.5k', { kind: 'size', most: 1500 }],
  ['since:2026-01-31', { kind: 'date', from: new Date(2026, 0, 31).getTime() }],
  ['before:2026-02', { kind: 'date', until: new Date(2026, 1, 1).getTime() }],
  ['since:2025', { kind: 'date', from: new Date(2025, 0, 1).getTime() }],
  ['since:7d', { kind: 'date', from: new Date(2026, 10, 17, 12, 30).getTime() }],
  ['since:2w', { kind: 'date', from: new Date(2026, 10, 10, 12, 30).getTime() }],
  ['since:12h', { kind: 'date', from: new Date(2026, 10, 24, 0, 30).getTime() }],
  ['since:today', { kind: 'date', from: new Date(2026, 10, 24).getTime() }],
  ['since:yesterday', { kind: 'date', from: new Date(2026, 10, 23).getTime() }],
  ['tag:"to do"', { kind: 'tag', value: 'to do' }],
  ['folder:Archive/2026', { kind: 'folder', value: 'Archive/2026' }],
  ['id:7', { kind: 'number', from: 7, to: 7 }],
  ['id:3-7', { kind: 'number', from: 3, to: 7 }],
  ['id:<a@b>', { kind: 'id', value: '<a@b>' }],
  ['id:a@b', { kind: 'id', value: '<a@b>' }],
  ['" OR 1=1 --', word(' OR 1=1 --')],
  ["'; DROP TABLE messages", and(word("';", undefined), word('DROP'), word('TABLE'), word('messages'))],
];

for (const [text, query] of QUERIES.slice(0, -1)) {
  test(`the query ${text}`, () => assert.deepEqual(parse(text), query));
}

const BAD: readonly (readonly [text: string, says: RegExp])[] = [
  ['NEAR(', /Something to look for is missing/],
  ['(a', /not closed/],
  ['a)', /never opened/],
  ['()', /missing/],
  [')', /missing|never opened/],
  ['or', /missing/],
  ['a or', /missing/],
  ['not', /missing/],
  ["'; DROP TABLE messages", /no letter/],
  ['--', /no letter/],
  ['""', /no letter/],
  ['!!!', /no letter/],
  ['from:', /Nothing stands behind from:/],
  ['from: ann', /Nothing stands behind from:/],
  ['folder:""', /Nothing stands behind folder:/],
  ['frm:ann', /no field frm:/],
  ['is:unred', /is:unred is not understood/],
  ['has:wings', /has:wings is not understood/],
  ['larger:big', /is not a size/],
  ['since:2026-02-30', /is not a date/],
  ['since:soon', /is not a date/],
  ['x'.repeat(1_000_000), /longer than/],
  ['('.repeat(5000), /too many words|too deep/],
  [`${'('.repeat(60)}a${')'.repeat(60)}`, /too deep/],
  ['not '.repeat(100) + 'a', /too deep/],
  ['a '.repeat(300), /too many words/],
];

for (const [text, says] of BAD) {
  test(`a query that is wrong: ${text.slice(0, 30)}`, () => {
    const started = performance.now();
    assert.throws(
      () => parse(text),
      (error) => {
        assert.equal((error as { code: string }).code, 'bad-query');
        assert.match((error as Error).message, says);
        return true;
      },
    );
    assert.ok(performance.now() - started < 1000, 'in time');
  });
}

test('a field that is mistyped is answered with the one that is meant', () => {
  const hint = (text: string) => {
    try {
      parse(text);
    } catch (error) {
      return (error as { hint: string }).hint;
    }
    return undefined;
  };
  assert.equal(hint('form:ann'), 'Did you mean from:?');
  assert.equal(hint('sbject:x'), 'Did you mean subject:?');
  assert.match(hint('zebra:red') ?? '', /^The fields are from, to, /);
});

test('no text makes the parser fail otherwise, or take long', () => {
  const pieces = [
    '(',
    ')',
    '-',
    '"',
    '*',
    ':',
    'from:',
    'is:',
    'a',
    'or',
    'not',
    ' ',
    '\0',
    '\\',
    '😀',
    'é',
    '会',
    '\ud800',
    "'",
    '%',
    ';',
  ];
  const next = random(1);
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: Math.floor(next() * 20) }, () => pieces[Math.floor(next() * pieces.length)]).join(
      '',
    );
    try {
      parse(text);
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'bad-query', text);
    }
  }
});
