/** A journal of changes that has become large: a tag, and then one flag after the other, set and taken away. */
import { statSync } from 'node:fs';
import { changesIn } from '../../src/store/changes.ts';
import { ChangeLog, type ChangeRecord, readChange } from '../../src/store/change-log.ts';
import { Journal } from '../../src/store/journal.ts';

/** So many that the journal is worth making shorter. */
const COUNT = 12_000;

/** Records them of one message, behind what there is already; at the end it is as it was, but for the tag. */
export async function recordManyChanges(state: string, base: string, tag: string): Promise<void> {
  const journal = await Journal.open(changesIn(state), readChange);
  const log = new ChangeLog();
  for (const record of journal.records) log.apply(record);
  const records: ChangeRecord[] = [];
  for (let id = log.nextId; records.length < 3 * COUNT; id++) {
    const what = records.length === 0 ? { tag: [tag] } : id % 2 === 0 ? { set: 'F' } : { clear: 'F' };
    records.push({ begin: id, verb: 'flag', at: 1_700_000_000_000 + id }, { step: id, base, ...what }, { done: id });
  }
  await journal.append(records);
  await journal.close();
}

/** How long the journal is, in octets. */
export function changesSize(state: string): number {
  return statSync(changesIn(state)).size;
}
