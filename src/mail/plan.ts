/**
 * What a fetch does with each message of a listing, and by which rule.
 *
 * One function decides for the real run and for `--dry-run`, so that what is said is what is done. The real run adds
 * nothing to it: it may only do less, where a server refuses something or a message did not become durable. Any doubt
 * about a message keeps it on the server. Pure: a listing, what is known of it here, a policy and the time in, decisions out.
 */
import type { Keep } from '../config/account.ts';
import type { Surveyed } from '../store/ledger.ts';

/** What a person asks for. */
export interface Policy {
  readonly keep: Keep;
  /** What was removed here goes on the server as well. */
  readonly deleteRemoved: boolean;
  /** The most messages that come, oldest first. */
  readonly limit: number;
  /** Of what is larger only the header comes. Octets. */
  readonly maxSize: number;
  /** Whether headers come alone at all. */
  readonly headers: boolean;
  /** What is there is marked as known, and does not come. */
  readonly sinceNow: boolean;
  /** What was marked so before comes after all. */
  readonly passedOver: boolean;
  /** These numbers alone, whatever their size. */
  readonly only: ReadonlySet<number> | undefined;
}

/** A message of the listing with what is known of it here. */
export interface Known extends Surveyed {
  /** Its number in this session. */
  readonly at: number;
  /** When it became durable here, in milliseconds since 1970. */
  readonly storedAt: number | undefined;
  /** Its own bytes are durable here, and its unique id never stood for another message. */
  readonly deletable: boolean;
  /** Somebody removed it here, or put it into the trash. */
  readonly removed: boolean;
  /** It seems new, and may be here under another unique id: its bytes will say. */
  readonly compared: boolean;
  /** A rule for new mail leaves it on the server. */
  readonly skipped: boolean;
}

/** How a message comes, and why: `comes` is null for one that does not. */
export type Coming =
  | { readonly comes: 'whole'; readonly because: 'new' | 'compare' | 'unfinished' | 'asked' | 'fits' | 'passed-over' }
  | { readonly comes: 'header'; readonly because: 'max-size' }
  | {
      readonly comes: null;
      readonly because: 'stored' | 'max-size' | 'limit' | 'since-now' | 'known' | 'filter' | 'not-asked';
    };

/** What becomes of the server's copy, and by which rule. */
export interface Fate {
  readonly deletes: boolean;
  readonly rule: 'keep' | 'delete' | 'age' | 'newest' | 'removed' | 'not-here' | 'ambiguous' | 'not-asked';
}

export type Decision = Known & Coming & Fate;

/** Decides for each message of a whole listing, in its order. `now` is in milliseconds since 1970. */
export function planFetch(listing: readonly Known[], policy: Policy, now: number): Decision[] {
  let room = policy.limit;
  return listing.map((message, row) => {
    const wanted = coming(message, policy);
    const left = wanted.comes !== null && room <= 0;
    const comes: Coming = left ? { comes: null, because: 'limit' } : wanted;
    if (comes.comes !== null) room -= 1;
    return { ...message, ...comes, ...fate(message, comes, policy, { now, newer: listing.length - 1 - row }) };
  });
}

function coming({ state, size, number, compared, skipped }: Known, policy: Policy): Coming {
  if (state === 'stored') return { comes: null, because: 'stored' };
  if (policy.only !== undefined) {
    const asked = number !== undefined && policy.only.has(number);
    return asked ? { comes: 'whole', because: 'asked' } : { comes: null, because: 'not-asked' };
  }
  if (state === 'known' && !policy.passedOver) return { comes: null, because: 'known' };
  if (policy.sinceNow && state !== 'stub') return { comes: null, because: 'since-now' };
  if (skipped) return { comes: null, because: 'filter' };
  if (size > policy.maxSize)
    return state === 'stub' || !policy.headers
      ? { comes: null, because: 'max-size' }
      : { comes: 'header', because: 'max-size' };
  const because = {
    new: compared ? 'compare' : 'new',
    planned: 'unfinished',
    stub: 'fits',
    known: 'passed-over',
  } as const;
  return { comes: 'whole', because: because[state] };
}

/** The order is the caution: what is not here, or may be another message, is kept before any policy is asked. */
function fate(
  { state, ambiguous, deletable, removed, storedAt }: Known,
  { comes, because }: Coming,
  { keep, deleteRemoved, only }: Policy,
  { now, newer }: { readonly now: number; readonly newer: number },
): Fate {
  const stored = state === 'stored';
  if (only !== undefined) return { deletes: false, rule: 'not-asked' };
  if (!stored && comes !== 'whole') return { deletes: false, rule: 'not-here' };
  // Of one whose bytes are compared it is known only then: the last look at what is deletable decides.
  if (because !== 'compare' && (ambiguous || (stored && !deletable))) return { deletes: false, rule: 'ambiguous' };
  if (deleteRemoved && stored && removed) return { deletes: true, rule: 'removed' };
  const rule = typeof keep === 'boolean' ? (keep ? 'keep' : 'delete') : typeof keep === 'object' ? 'newest' : 'age';
  return {
    deletes: isOver(keep, { now, newer, storedAt: stored ? (storedAt ?? now) : Number.POSITIVE_INFINITY }),
    rule,
  };
}

/** Whether a message has been on the server for as long as it is to be; `newer`: how many there came behind it. */
export function isOver(
  keep: Keep,
  { now, newer, storedAt }: { readonly now: number; readonly newer: number; readonly storedAt: number },
): boolean {
  if (typeof keep === 'boolean') return !keep;
  return typeof keep === 'object' ? newer >= keep.newest : storedAt <= now - keep;
}
