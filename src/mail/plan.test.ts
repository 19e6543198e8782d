import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Decision, type Known, planFetch, type Policy } from './plan.ts';

const NOW = 1_800_000_000_000;
const DAY = 86_400_000;

const policy = (more: Partial<Policy> = {}): Policy => ({
  keep: true,
  deleteRemoved: false,
  limit: Number.POSITIVE_INFINITY,
  maxSize: Number.POSITIVE_INFINITY,
  headers: true,
  sinceNow: false,
  passedOver: false,
  only: undefined,
  ...more,
});

const fresh = (more: Partial<Known> = {}): Known => ({
  at: 1,
  uidl: 'u',
  size: 100,
  state: 'new',
  ambiguous: false,
  number: undefined,
  storedAt: undefined,
  deletable: false,
  removed: false,
  compared: false,
  skipped: false,
  ...more,
});

const stored = (more: Partial<Known> = {}): Known =>
  fresh({ state: 'stored', number: 7, storedAt: NOW - 20 * DAY, deletable: true, ...more });

const decide = (message: Known, more: Partial<Policy> = {}): Decision => {
  const [decision] = planFetch([message], policy(more), NOW);
  assert.ok(decision);
  return decision;
};

test('what comes, and why', () => {
  const rows: [Known, Partial<Policy>, Decision['comes'], Decision['because']][] = [
    [fresh(), {}, 'whole', 'new'],
    [fresh({ compared: true }), {}, 'whole', 'compare'],
    [fresh({ state: 'planned', number: 3 }), {}, 'whole', 'unfinished'],
    [fresh(), { maxSize: 100 }, 'whole', 'new'],
    [fresh(), { maxSize: 99 }, 'header', 'max-size'],
    [fresh(), { maxSize: 99, headers: false }, null, 'max-size'],
    [fresh({ state: 'stub', number: 3 }), { maxSize: 99 }, null, 'max-size'],
    [fresh({ state: 'stub', number: 3 }), {}, 'whole', 'fits'],
    [fresh({ state: 'stub', number: 3 }), { maxSize: 99, only: new Set([3]) }, 'whole', 'asked'],
    [fresh({ state: 'stub', number: 3 }), { sinceNow: true }, 'whole', 'fits'],
    [fresh(), { only: new Set([3]) }, null, 'not-asked'],
    [fresh(), { sinceNow: true }, null, 'since-now'],
    [fresh({ skipped: true }), { maxSize: 1 }, null, 'filter'],
    [fresh({ skipped: true, number: 3, state: 'stub' }), { only: new Set([3]) }, 'whole', 'asked'],
    [fresh({ state: 'planned', number: 3 }), { sinceNow: true }, null, 'since-now'],
    [fresh({ state: 'known' }), {}, null, 'known'],
    [fresh({ state: 'known' }), { passedOver: true }, 'whole', 'passed-over'],
    [fresh(), { limit: 0 }, null, 'limit'],
    [stored(), { sinceNow: true, limit: 0, maxSize: 1, passedOver: true }, null, 'stored'],
  ];
  for (const [message, more, comes, because] of rows) {
    const decision = decide(message, more);
    assert.deepEqual([decision.comes, decision.because], [comes, because], JSON.stringify([message, more]));
  }
});

test('what becomes of it on the server, and by which rule', () => {
  const rows: [Known, Partial<Policy>, boolean, Decision['rule']][] = [
    [stored(), {}, false, 'keep'],
    [stored(), { keep: false }, true, 'delete'],
    [fresh(), { keep: false }, true, 'delete'],
    [stored(), { keep: 20 * DAY }, true, 'age'],
    [stored(), { keep: 20 * DAY + 1 }, false, 'age'],
    [fresh(), { keep: 1 }, false, 'age'],
    [stored({ storedAt: undefined }), { keep: 1 }, false, 'age'],
    [stored({ storedAt: NOW + DAY }), { keep: 1 }, false, 'age'],
    [stored(), { keep: { newest: 1 } }, false, 'newest'],
    [stored(), { keep: { newest: 0 } }, true, 'newest'],
    [stored({ removed: true }), { deleteRemoved: true }, true, 'removed'],
    [stored({ removed: true }), {}, false, 'keep'],
    [fresh({ removed: true }), { deleteRemoved: true }, false, 'keep'],
    [stored(), { keep: false, only: new Set([7]) }, false, 'not-asked'],
  ];
  for (const [message, more, deletes, rule] of rows) {
    const decision = decide(message, more);
    assert.deepEqual([decision.deletes, decision.rule], [deletes, rule], JSON.stringify([message, more]));
  }
});

test('no policy deletes what is in doubt, or not here', () => {
  const doubtful: [Known, Decision['rule']][] = [
    [stored({ ambiguous: true }), 'ambiguous'],
    [stored({ deletable: false }), 'ambiguous'],
    [fresh({ ambiguous: true }), 'ambiguous'],
    [fresh({ state: 'stub', number: 3, size: 1e6 }), 'not-here'],
    [fresh({ size: 1e6 }), 'not-here'],
    [fresh({ state: 'known' }), 'not-here'],
  ];
  const harsh: Partial<Policy>[] = [{ keep: false }, { keep: { newest: 0 } }, { keep: 1 }, { deleteRemoved: true }];
  for (const [message, rule] of doubtful) {
    for (const more of harsh) {
      const decision = decide({ ...message, removed: true }, { ...more, maxSize: 1000 });
      assert.deepEqual([decision.deletes, decision.rule], [false, rule], JSON.stringify([message, more]));
    }
  }
});

test('the limit counts what comes, oldest first; the newest are counted over the whole listing', () => {
  const listing = [
    stored({ at: 1 }),
    fresh({ at: 2 }),
    fresh({ at: 3, size: 5000 }),
    fresh({ at: 4 }),
    fresh({ at: 5 }),
  ];
  const plan = planFetch(listing, policy({ limit: 2, maxSize: 1000, keep: { newest: 2 } }), NOW);
  assert.deepEqual(
    plan.map(({ comes, deletes, rule }) => [comes, deletes, rule]),
    [
      [null, true, 'newest'],
      ['whole', true, 'newest'],
      ['header', false, 'not-here'],
      [null, false, 'not-here'],
      [null, false, 'not-here'],
    ],
  );
});
