import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FilterRule, FilterTest } from '../config/filter-rule.ts';
import { readHeaders } from '../mime/summary.ts';
import { matchesGlob, rulesFor } from './filter-match.ts';

const MESSAGE = [
  'From: =?utf-8?q?Zo=C3=AB?= <zoe@Example.net>, b@example.org',
  'To: Ann <ann@example.org>',
  'Cc: dev@lists.example.org',
  'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= from Rome',
  'List-Id: The developers <dev.lists.example.org>',
  'X-Spam: no',
  'X-Spam: YES, score=9',
  '',
  '',
].join('\r\n');

const rule = (name: string, tests: readonly FilterTest[], more: Partial<FilterRule> = {}): FilterRule => ({
  name,
  tests,
  tag: [],
  flag: [],
  skip: false,
  stop: false,
  ...more,
});

const held = async (...rules: FilterRule[]) => {
  const header = await readHeaders(Buffer.from(MESSAGE));
  return rulesFor(rules, { header, size: 5000 }).map(({ name }) => name);
};

test('what a rule may ask, without regard to capitals', async () => {
  const rows: [string, Exclude<FilterTest['how'], 'larger' | 'smaller'>, string, boolean][] = [
    ['from', 'is', 'zoe@example.net', true],
    ['from', 'is', 'ZOË <zoe@example.net>', true],
    ['from', 'is', 'b@example.org', true],
    ['from', 'ends', '@example.net', true],
    ['from', 'contains', 'rome', false],
    ['to', 'starts', 'ann', true],
    ['cc', 'matches', '*@lists.*', true],
    ['subject', 'contains', 'GRÜSSE', false],
    ['subject', 'contains', 'GRÜ', true],
    ['subject', 'matches', 'grü?e*', true],
    ['subject', 'matches', 'rome', false],
    ['list-id', 'contains', '<dev.lists.example.org>', true],
    ['header:x-spam', 'starts', 'yes', true],
    ['header:x-none', 'contains', '', false],
    ['any', 'contains', 'developers', true],
    ['any', 'contains', 'score', false],
  ];
  for (const [field, how, text, expected] of rows) {
    for (const not of [false, true]) {
      const found = await held(rule('r', [{ field, how, texts: ['nothing of it', text], not }]));
      assert.deepEqual(found, expected === not ? [] : ['r'], `${field} ${how} ${text} ${not}`);
    }
  }
});

test('sizes, several conditions, and a rule that ends it', async () => {
  const size = (how: 'larger' | 'smaller', octets: number): FilterTest => ({ field: 'size', how, octets, not: false });
  const ann: FilterTest = { field: 'to', how: 'contains', texts: ['ann'], not: false };
  const found = await held(
    rule('a', [size('larger', 4999), ann]),
    rule('b', [size('larger', 5000), ann]),
    rule('c', [size('smaller', 5001)], { stop: true }),
    rule('d', [ann]),
  );
  assert.deepEqual(found, ['a', 'c']);
});

test('a pattern says what the regular expression says that it stands for', () => {
  const letters = fc
    .array(fc.constantFrom('a', 'b', '*', '?', 'ü', '😀'), { maxLength: 12 })
    .map((each) => each.join(''));
  fc.assert(
    fc.property(letters, letters, (text, pattern) => {
      const expression = pattern.replaceAll('*', '.*').replaceAll('?', '.');
      assert.equal(matchesGlob(text, pattern), new RegExp(`^${expression}$`, 'su').test(text));
    }),
    { numRuns: 2000 },
  );
});

test('a pattern that is a trap for others takes a moment', () => {
  const start = performance.now();
  assert.equal(matchesGlob('a'.repeat(10_000), `${'*a'.repeat(240)}*b`), false);
  assert.ok(performance.now() - start < 5000);
});
