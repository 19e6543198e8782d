import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../errors.ts';
import { readFilters } from './filter-settings.ts';

const read = (...rules: unknown[]) => readFilters(rules, '[[filter]]');

test('rules, in short and with several conditions', () => {
  const [short, long] = read(
    { field: 'List-Id', contains: 'dev', tag: 'dev', move: 'Lists', seen: true, stop: true },
    {
      name: 'large',
      when: [
        { field: 'size', larger: '5M' },
        { field: 'from', is: ['a@example.org', 'b@example.org'], not: true },
      ],
      flag: ['flagged'],
      seen: false,
    },
  );
  assert.deepEqual(short, {
    name: '[[filter]] 1',
    tests: [{ field: 'list-id', how: 'contains', texts: ['dev'], not: false }],
    tag: ['dev'],
    flag: ['seen'],
    move: 'Lists',
    skip: false,
    stop: true,
  });
  assert.deepEqual(long?.tests, [
    { field: 'size', how: 'larger', octets: 5e6, not: false },
    { field: 'from', how: 'is', texts: ['a@example.org', 'b@example.org'], not: true },
  ]);
  assert.deepEqual([long.name, long.flag], ['large', ['flagged', 'unseen']]);
  assert.deepEqual(readFilters(undefined, '[[filter]]'), []);
});

test('what is wrong is named with its place', () => {
  const from = { field: 'from', contains: 'a' };
  const rows: [unknown, RegExp][] = [
    [{ ...from }, /\[\[filter\]\] 1: nothing is to be done/],
    [{ tag: 'a' }, /no condition/],
    [{ ...from, when: [from], tag: 'a' }, /beside when/],
    [{ ...from, tagg: 'a' }, /unknown key tagg/],
    [{ field: 'form', contains: 'a', tag: 'a' }, /field must name/],
    [{ contains: 'a', tag: 'a' }, /field must name/],
    [{ field: 'header:', contains: 'a', tag: 'a' }, /field must name/],
    [{ field: 'from', tag: 'a' }, /one comparison/],
    [{ ...from, is: 'b', tag: 'a' }, /one comparison/],
    [{ ...from, larger: '5M', tag: 'a' }, /one comparison/],
    [{ field: 'size', contains: '5', tag: 'a' }, /larger or smaller/],
    [{ field: 'size', larger: '5M', smaller: '1M', tag: 'a' }, /larger or smaller/],
    [{ field: 'size', larger: 'much', tag: 'a' }, /larger: "much" is not a size/],
    [{ field: 'from', matches: 'x'.repeat(501), tag: 'a' }, /at most 500/],
    [{ field: 'from', contains: [], tag: 'a' }, /must have a text/],
    [{ when: [{ ...from, no: 1 }], tag: 'a' }, /when 1: unknown key no/],
    [{ ...from, stop: 'yes' }, /stop must be true or false/],
    ['x', /must be a table/],
  ];
  for (const [value, says] of rows) {
    assert.throws(
      () => read(value),
      (error: unknown) => error instanceof ConfigError && says.test(error.message),
      JSON.stringify(value),
    );
  }
  assert.throws(() => readFilters({}, '[[filter]]'), /must be a list of tables/);
});
