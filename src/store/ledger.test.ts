import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ledger } from './ledger.ts';
import { type MailboxRecord, readRecord } from './ledger-record.ts';

function ledgerOf(...records: MailboxRecord[]): Ledger {
  const ledger = new Ledger();
  for (const record of records) assert.ok(ledger.apply(record));
  return ledger;
}

const plan = (number: number, uidl: string, size = 10): MailboxRecord => ({
  plan: number,
  base: `b${number}`,
  uidl,
  size,
});
const stored = (number: number, size = 10): MailboxRecord => ({ stored: number, size, sha256: '', at: 0 });
const states = (ledger: Ledger, ...listing: [string, number][]) =>
  ledger.survey(listing.map(([uidl, size]) => ({ uidl, size }))).map(({ state }) => state);

test('new, planned, stored', () => {
  const ledger = ledgerOf(plan(1, 'a'), plan(2, 'b'), stored(1));
  assert.deepEqual(states(ledger, ['a', 10], ['b', 10], ['c', 10]), ['stored', 'planned', 'new']);
  assert.ok(ledger.deletable(1));
  assert.ok(!ledger.deletable(2));
  assert.ok(!ledger.deletable(3));
  assert.equal(ledger.nextNumber, 3);
});

test('a UIDL with another size is another message, and neither may be deleted', () => {
  const ledger = ledgerOf(plan(1, 'a', 10), stored(1, 10));
  assert.deepEqual(ledger.survey([{ uidl: 'a', size: 11 }]), [
    { uidl: 'a', size: 11, state: 'new', ambiguous: true, number: undefined },
  ]);
  ledger.apply(plan(2, 'a', 11));
  ledger.apply(stored(2, 11));
  assert.ok(!ledger.deletable(1) && !ledger.deletable(2));
});

test('a server that lists the true size only later lists the same message', () => {
  const ledger = ledgerOf(plan(1, 'a', 10), stored(1, 12));
  assert.deepEqual(states(ledger, ['a', 10]), ['stored']);
  assert.deepEqual(states(ledger, ['a', 12]), ['stored']);
  assert.deepEqual(states(ledger, ['a', 10], ['a', 12]), ['stored', 'new']);
});

test('a UIDL twice in a listing means two messages, neither deletable', () => {
  const ledger = ledgerOf(plan(1, 'a'), stored(1));
  const survey = ledger.survey([
    { uidl: 'a', size: 10 },
    { uidl: 'a', size: 10 },
  ]);
  assert.deepEqual(
    survey.map(({ state, ambiguous, number }) => [state, ambiguous, number]),
    [
      ['stored', true, 1],
      ['new', true, undefined],
    ],
  );
  ledger.apply(plan(2, 'a'));
  ledger.apply(stored(2));
  assert.deepEqual(states(ledger, ['a', 10], ['a', 10]), ['stored', 'stored']);
  assert.ok(!ledger.deletable(1) && !ledger.deletable(2));
});

test('a UIDL that comes back after its deletion is a new message', () => {
  const ledger = ledgerOf(plan(1, 'a'), stored(1), { gone: 1 });
  assert.ok(!ledger.deletable(1));
  const [back] = ledger.survey([{ uidl: 'a', size: 10 }]);
  assert.deepEqual([back?.state, back?.ambiguous], ['new', true]);
});

test('hostile UIDLs are keys like any other', () => {
  const names = ['__proto__', 'constructor', '', '../../x', "'); DROP TABLE", 'x'.repeat(1_000_000), '\u2215', '1 a'];
  const ledger = ledgerOf(...names.map((uidl, index) => plan(index + 1, uidl)));
  const survey = ledger.survey(names.map((uidl) => ({ uidl, size: 10 })));
  assert.deepEqual(
    survey.map(({ number }) => number),
    names.map((_, index) => index + 1),
  );
  assert.ok(survey.every(({ state, ambiguous }) => state === 'planned' && !ambiguous));
});

test('a repeated record changes nothing, a contradicting one is refused', () => {
  const ledger = ledgerOf(plan(1, 'a'), plan(1, 'a'), stored(1), stored(1), { found: 2, base: 'f' });
  assert.ok(ledger.deletable(1));
  assert.ok(!ledger.apply({ plan: 1, base: 'other', uidl: 'a', size: 10 }));
  assert.ok(!ledger.apply({ found: 3, base: 'b1' }));
  assert.ok(!ledger.apply(stored(2)));
  assert.ok(!ledger.apply({ gone: 9 }));
});

test('records survive JSON; anything else is no record', () => {
  const records: MailboxRecord[] = [plan(1, '__proto__'), stored(1), { gone: 1 }, { found: 2, base: 'x' }];
  for (const record of records) assert.deepEqual(readRecord(JSON.parse(JSON.stringify(record))), record);
  for (const value of [
    null,
    1,
    'x',
    [],
    {},
    { plan: 0 },
    { found: 1, base: '../x' },
    { stored: 1, size: -1, sha256: '' },
  ]) {
    assert.equal(readRecord(value), undefined);
  }
});

test('a listing of one UIDL a hundred thousand times is surveyed in one pass', () => {
  const ledger = ledgerOf(...Array.from({ length: 100_000 }, (_, index) => plan(index + 1, 'a')));
  const survey = ledger.survey(Array.from({ length: 100_001 }, () => ({ uidl: 'a', size: 10 })));
  assert.equal(survey.filter(({ state }) => state === 'planned').length, 100_000);
  assert.equal(survey.at(-1)?.state, 'new');
});

test('each message of a listing is matched once, and what was planned from it is known in the next', () => {
  const listing = fc.array(fc.record({ uidl: fc.constantFrom('a', 'b', 'c'), size: fc.constantFrom(1, 2) }), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(listing, listing, (first, second) => {
      const ledger = new Ledger();
      for (const each of [first, second]) {
        for (const { state, uidl, size } of ledger.survey(each)) {
          if (state === 'new') assert.ok(ledger.apply(plan(ledger.nextNumber, uidl, size)));
        }
        const again = ledger.survey(each);
        assert.ok(again.every(({ state }) => state === 'planned'));
        assert.equal(new Set(again.map(({ number }) => number)).size, each.length);
      }
    }),
  );
});

test('what a listing does not name may be in it under another name: where it came without one, or where none is known', () => {
  const survey = (ledger: Ledger, ...uidls: string[]) => ledger.survey(uidls.map((uidl) => ({ uidl, size: 10 })));
  const ledger = ledgerOf(
    plan(1, 'a'),
    stored(1),
    plan(2, ''),
    stored(2),
    plan(3, 'c'),
    stored(3),
    { gone: 3 },
    plan(4, 'd'),
  );
  assert.deepEqual(ledger.strays(survey(ledger, 'x', 'y'), true), [1, 2]);
  assert.deepEqual(ledger.strays(survey(ledger, 'a', 'y'), true), [2]);
  assert.deepEqual(ledger.strays(survey(ledger), true), []);
  assert.deepEqual(ledger.strays(survey(ledger, 'x', 'y'), false), [2]);
  assert.ok(ledger.apply({ renamed: 2, uidl: 'y', size: 12 }));
  assert.deepEqual(states(ledger, ['y', 12], ['y', 10], ['a', 10]), ['stored', 'new', 'stored']);
  assert.ok(ledger.deletable(2));
  // Once something was renamed, the rest may be as well.
  assert.deepEqual(ledger.strays(survey(ledger, 'y', 'z'), true), [1]);
  assert.ok(!ledger.apply({ renamed: 4, uidl: 'z', size: 1 }) && !ledger.apply({ renamed: 9, uidl: 'z', size: 1 }));
  assert.deepEqual(readRecord({ renamed: 2, uidl: 'y', size: 12 }), { renamed: 2, uidl: 'y', size: 12 });
});

test('an unproven message is new again, found by its content, and deletable once it is proven', () => {
  const unproven: MailboxRecord = { stored: 1, size: 12, sha256: 'x', at: 0, unproven: true };
  for (const proof of [{ proven: 1 }, { renamed: 1, uidl: 'a', size: 10 }]) {
    const ledger = ledgerOf(plan(1, 'a', 10), unproven);
    assert.deepEqual([states(ledger, ['a', 10], ['a', 12]), ledger.deletable(1)], [['new', 'new'], false]);
    assert.deepEqual(ledger.strays(ledger.survey([{ uidl: 'a', size: 10 }]), false), [1]);
    assert.ok(ledger.apply(proof) && ledger.apply(proof));
    assert.deepEqual([states(ledger, ['a', 10]), ledger.deletable(1)], [['stored'], true]);
  }
  assert.deepEqual(readRecord(unproven), unproven);
  assert.deepEqual(readRecord({ proven: 1 }), { proven: 1 });
});
