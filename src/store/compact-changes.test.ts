/** A journal of changes in fewer records says the same as before, whatever was changed, renamed and taken back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChangeLog, type ChangeRecord, inverse, type Step, type Verb } from './change-log.ts';
import { compacted } from './compact-changes.ts';

/** What happens to one of a few messages. */
const happening = fc.record({
  kind: fc.constantFrom('flag', 'tag', 'move', 'purge', 'undo', 'rename'),
  message: fc.nat(4),
  tag: fc.constantFrom('work', 'later', 'big'),
  /** How often it is done. */
  times: fc.oneof(fc.constant(1), fc.nat(150)),
});
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** Writes records as the program does, with the names that messages have at the time. */
class Writer {
  readonly records: ChangeRecord[] = [];
  readonly log = new ChangeLog();
  readonly #names = Array.from({ length: 5 }, (_, at) => `${at}`);
  #renames = 0;

  happen({ kind, message, tag, times }: Happening): void {
    for (let at = 0; at < times; at++) {
      const base = this.#names[message] ?? '';
      if (kind === 'rename') this.#rename(message);
      else if (kind === 'undo') this.#undo();
      else if (kind === 'purge') this.#change('purge', [{ base }]);
      else if (kind === 'move') this.#change('move', [{ base, from: 'inbox', to: 'A' }]);
      else if (kind === 'flag') this.#change('flag', [{ base, set: 'S' }]);
      else this.#change('tag', [this.log.tagsOf(base).has(tag) ? { base, untag: [tag] } : { base, tag: [tag] }]);
    }
  }

  /** A name that is new, or that another message had once, or this one. */
  #rename(message: number): void {
    const old = `${(message + this.#renames) % this.#names.length}`;
    const to = this.#names.includes(old) ? `${message}.${this.#renames}` : old;
    this.#renames += 1;
    this.#write({ renamed: this.#names[message] ?? '', to });
    this.#names[message] = to;
  }

  #undo(): void {
    const last = this.log.lastUndoable;
    if (last !== undefined && last.verb !== 'purge') this.#change('undo', last.steps.map(inverse), last.id);
  }

  #change(verb: Verb, steps: readonly Step[], undoes?: number): void {
    const id = this.log.nextId;
    this.#write({ begin: id, verb, at: 1000 + id, ...(undoes === undefined ? {} : { undoes }) });
    for (const step of steps) this.#write({ step: id, ...step });
    this.#write({ done: id });
  }

  #write(record: ChangeRecord): void {
    this.records.push(record);
    assert.ok(this.log.apply(record));
  }
}

function replayed(records: readonly ChangeRecord[]): ChangeLog {
  const log = new ChangeLog();
  for (const record of records) assert.ok(log.apply(record), JSON.stringify(record));
  return log;
}

function written(happenings: readonly Happening[]): Writer {
  const writer = new Writer();
  for (const each of happenings) writer.happen(each);
  return writer;
}

test('the same tags, in their order, the same names, and the same to take back', () => {
  let shorter = 0;
  const property = fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
    const { records, log } = written(happenings);
    const fewer = compacted(records, log);
    if (fewer === undefined) return;
    shorter += 1;
    assert.ok(fewer.length * 2 <= records.length);
    const again = replayed(fewer);
    assert.ok(again.equals(log));
    assert.deepEqual([...again.tagged].map(String).sort(), [...log.tagged].map(String).sort());
    for (const name of ['0', '1', '2', '3', '4', ...log.names.keys()])
      assert.deepEqual([...again.tagsOf(name)], [...log.tagsOf(name)]);
  });
  fc.assert(property, { numRuns: 300 });
  assert.ok(shorter > 10, `only ${shorter} were made shorter`);
});

test('what can be taken back is left as it was written, and the rest is one change', () => {
  const { records, log } = written([
    { kind: 'tag', message: 0, tag: 'work', times: 1 },
    { kind: 'rename', message: 0, tag: 'big', times: 2 },
    { kind: 'flag', message: 1, tag: 'big', times: 299 },
  ]);
  const fewer = compacted(records, log) ?? [];
  assert.deepEqual(fewer.slice(0, 5), [
    { begin: 200, verb: 'undo', at: 1200 },
    { step: 200, base: '0', tag: ['work'] },
    { done: 200 },
    { renamed: '0', to: '0.0' },
    { renamed: '0.0', to: '0.1' },
  ]);
  assert.deepEqual(fewer.slice(5), records.slice(-300));
});

test('a change that a crash cut short keeps everything as it is', () => {
  const { records, log } = written([{ kind: 'flag', message: 1, tag: 'big', times: 400 }]);
  assert.ok(compacted(records, log));
  const open = records.slice(0, -1);
  assert.equal(compacted(open, replayed(open)), undefined);
});
