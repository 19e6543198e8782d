/**
 * Which message each number stands for: what the journal says. The index is asked, which has followed the journal; where there is
 * none, or it cannot be used, the journal itself is read, which takes the longer the more messages there are.
 */
import type { IndexedNumbers, KnownMessage, NumberRange } from './index-known.ts';
import type { Ledger } from './ledger.ts';
import { readLedger } from './ledger-journal.ts';
import type { MailboxPaths } from './mailbox.ts';
import { numberedMessage } from './inventory.ts';
import { askIndex } from './with-index.ts';

export type { KnownMessage, NumberRange };

/** What is known of the numbers within each of these ranges, in their order. @throws StoreError for a journal that is damaged. */
export async function knownWithin(paths: MailboxPaths, ranges: readonly NumberRange[]): Promise<KnownMessage[][]> {
  return ask(
    paths,
    (index) => ranges.map((range) => index.within(range)),
    (ledger) => ranges.map((range) => within(ledger, range)),
  );
}

/** The numbers of the messages that have these base names, or once had them. @throws as `knownWithin`. */
export async function numbersOf(paths: MailboxPaths, bases: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const numbers = await ask(
    paths,
    (index) => bases.map((base) => index.numberOf(base)),
    (ledger) => bases.map((base) => ledger.byBase(base)?.number),
  );
  return new Map(bases.flatMap((base, at) => (numbers[at] === undefined ? [] : [[base, numbers[at]]])));
}

async function ask<T>(
  paths: MailboxPaths,
  ofIndex: (index: IndexedNumbers) => T,
  ofJournal: (ledger: Ledger) => T,
): Promise<T> {
  const answer = await askIndex(paths, ofIndex);
  return answer === undefined ? ofJournal(await readLedger(paths.state)) : answer.result;
}

function within(ledger: Ledger, { from, to }: NumberRange): KnownMessage[] {
  if (from === to) return [ledger.byNumber(from)].flatMap((item) => (item ? [numberedMessage(item)] : []));
  return [...ledger.items()].filter(({ number }) => number >= from && number <= to).map(numberedMessage);
}
