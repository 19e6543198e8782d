/**
 * The journal of changes in fewer records, which come to the same.
 *
 * Why: a single change takes some two hundred octets for ever, and every `read` and `flag` reads all of them. What is older than
 * anything that can be taken back is of use only for what it came to: tags, and the names that messages got. So that
 * becomes one change, followed by the names; everything behind it stays as it was written. The records are of the kinds
 * there always were, so whoever reads journals reads this one. Pure.
 */
import { ChangeLog, type ChangeRecord } from './change-log.ts';

/**
 * @param log what the records come to.
 * @returns undefined where these would be more than half as many.
 */
export function compacted(records: readonly ChangeRecord[], log: ChangeLog): ChangeRecord[] | undefined {
  if (log.unfinished !== undefined) return undefined;
  const from = records.findIndex((record) => 'begin' in record && record.begin === log.oldestUndoable);
  const cut = from === -1 ? records.length : from;
  // What it will be, as a rule: building it in vain would take as long as reading.
  if ((records.length - cut + log.tagged.size + log.names.size) * 2 > records.length) return undefined;
  const fewer = [...summaryOf(records.slice(0, cut)), ...records.slice(cut)];
  return fewer.length * 2 > records.length ? undefined : fewer;
}

function summaryOf(records: readonly ChangeRecord[]): ChangeRecord[] {
  const log = new ChangeLog();
  for (const record of records) log.apply(record);
  const last = records.findLast((record) => 'begin' in record);
  const names = [...log.names].map(([renamed, to]) => ({ renamed, to }));
  if (last === undefined) return names;
  // Under the first name of each: the mailbox's journal may not have the later ones yet.
  const first = new Map([...log.names].map(([from, to]) => [to, from]));
  const steps = [...log.tagged].map(([base, tags]) => ({
    step: last.begin,
    base: firstOf(first, base),
    tag: [...tags],
  }));
  // An undo of nothing, which is nothing to take back.
  return [{ begin: last.begin, verb: 'undo', at: last.at }, ...steps, { done: last.begin }, ...names];
}

function firstOf(first: ReadonlyMap<string, string>, base: string): string {
  let name = base;
  for (let next = first.get(name); next !== undefined; next = first.get(name)) name = next;
  return name;
}
