import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHeaders } from '../mime/summary.ts';
import { senderOf, showAddress } from './address-view.ts';
import { cellWidth } from './terminal.ts';

const fromOf = async (from: string) => readHeaders(Buffer.from(`From: ${from}\r\n\r\n`));

test('a listing shows the name, but never a name that poses as an address', async () => {
  const cases = [
    ['Ann <ann@example.org>', 'Ann'],
    ['ann@example.org', 'ann@example.org'],
    ['"bank@example.com" <thief@example.net>', 'thief@example.net (“bank@example.com”)'],
    ['=?utf-8?Q?bank=EF=BC=A0example.com?= <thief@example.net>', 'thief@example.net (“bank＠example.com”)'],
    ['', ''],
  ] as const;
  for (const [from, shown] of cases) assert.equal(senderOf(await fromOf(from)), shown);
  assert.equal(senderOf(undefined), '');
});

const long = (letter: string, count: number) => letter.repeat(count);

const ROWS: readonly [from: string, shown: string][] = [
  ['ann@example.org', 'ann@example.org'],
  ['Ann Example <ann@example.org>', 'Ann Example <ann@example.org>'],
  ['"Example, Ann" <ann@example.org>', '"Example, Ann" <ann@example.org>'],
  [`"${long(' ', 200)}Bank${long(' ', 200)}x" <x@evil.test>`, '\\x20{200}Bank\\x20{200}x <x@evil.test>'],
  [`${long('n', 500)} <x@evil.test>`, `${long('n', 59)}… <x@evil.test>`],
  [`${long('字', 500)} <x@evil.test>`, `${long('字', 29)}… <x@evil.test>`],
  [`x@${long('bank.example.', 60)}evil.test`, `x@…${`${long('bank.example.', 60)}evil.test`.slice(-120)}`],
  ['=?utf-8?b?QeKArmI=?= <x@evil.test>', '"A\\u202eb" <x@evil.test>'],
  ['x@bücher.example', 'x@bücher.example = xn--bcher-kva.example'],
  ['x@xn--bcher-kva.example', 'x@xn--bcher-kva.example = bücher.example'],
  ['Nobody', 'Nobody'],
];

for (const [from, shown] of ROWS) {
  test(`shows ${from.slice(0, 40)}`, async () => {
    const { from: list } = await fromOf(from);
    const [first] = list;
    assert.ok(first);
    assert.equal(showAddress(first), shown);
    assert.ok(cellWidth(showAddress(first)) < 400);
  });
}
