/**
 * What was changed in a mailbox, and the tags of its messages: what the journal `changes` says.
 *
 * A change is recorded before it is made: that it begins, what becomes of each message, and afterwards that it is done.
 * So whatever a crash left can be told from the record, and taken back: `undo` is a change as well, which records what it
 * takes back. A message is known by its base name; where another program gave it another one, all that was recorded of it is
 * of the new one. Flags and folders are in the Maildir, and the record is only what was done to them; of tags it is the
 * truth. Pure: records in, answers out.
 */
import { isDeepStrictEqual } from 'node:util';
import { isBase } from './name.ts';

/** What a person, or a rule, did. */
export type Verb = 'flag' | 'tag' | 'move' | 'delete' | 'filter' | 'purge' | 'undo';

const VERBS: ReadonlySet<unknown> = new Set<Verb>(['flag', 'tag', 'move', 'delete', 'filter', 'purge', 'undo']);

/** What becomes of one message; of each pair, what was so before is left out, so that the inverse is exact. */
export interface Step {
  readonly base: string;
  /** Maildir letters. */
  readonly set?: string;
  readonly clear?: string;
  /** Names of folders. */
  readonly from?: string;
  readonly to?: string;
  readonly tag?: readonly string[];
  readonly untag?: readonly string[];
}

export type ChangeRecord =
  | { readonly begin: number; readonly verb: Verb; readonly at: number; readonly undoes?: number }
  | ({ readonly step: number } & Step)
  | { readonly done: number }
  | { readonly renamed: string; readonly to: string };

export interface Change {
  readonly id: number;
  readonly verb: Verb;
  /** When, in milliseconds since 1970. */
  readonly at: number;
  readonly undoes: number | undefined;
  readonly steps: readonly Step[];
  readonly done: boolean;
}

/** How many changes can be taken back, one after the other. */
const DEPTH = 100;

export class ChangeLog {
  readonly #tags = new Map<string, ReadonlySet<string>>();
  /** Those that can still be taken back, newest last. */
  #undoable: (Change & { steps: Step[]; done: boolean })[] = [];
  #last: (Change & { steps: Step[]; done: boolean }) | undefined;
  /** The names that messages got, by those that they had before; the last one got none. */
  readonly #names = new Map<string, string>();

  /** Takes the next record. Returns false for one that does not follow from the others. */
  apply(record: ChangeRecord): boolean {
    if ('begin' in record) return this.#begin(record);
    if ('renamed' in record) return this.#rename(record.renamed, record.to);
    const change = this.#last;
    if ('done' in record) {
      if (change?.id !== record.done) return false;
      change.done = true;
      return true;
    }
    if (change?.id !== record.step) return false;
    const { step: _, ...step } = record;
    change.steps.push(step);
    const tags = isRemoval(step) ? new Set<string>() : tagsAfter(this.tagsOf(step.base), step);
    return this.#setTags(this.#nameOf(step.base), tags);
  }

  get nextId(): number {
    return (this.#last?.id ?? 0) + 1;
  }

  /** Of a message, by its base name; in the order in which they were given. */
  tagsOf(base: string): ReadonlySet<string> {
    return this.#tags.get(this.#nameOf(base)) ?? new Set();
  }

  /** All tagged messages, by base name. */
  get tagged(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#tags;
  }

  /** The change that `undo` takes back next; a purge is named and cannot be. */
  get lastUndoable(): Change | undefined {
    return this.#renamed(this.#undoable.at(-1));
  }

  /** The first change that can still be taken back, behind all others. */
  get oldestUndoable(): number | undefined {
    return this.#undoable[0]?.id;
  }

  /** The names that messages got, by those that they had before, in the order in which one follows from the other. */
  get names(): ReadonlyMap<string, string> {
    return this.#names;
  }

  /** Whether another one has the same answer to everything. */
  equals(other: ChangeLog): boolean {
    const all = (log: ChangeLog) => [log.nextId, log.unfinished, log.#tags, log.#names, log.#undoable];
    return isDeepStrictEqual(all(this), all(other));
  }

  /** The change that was begun last, if it was not finished. */
  get unfinished(): Change | undefined {
    return this.#last?.done === false ? this.#renamed(this.#last) : undefined;
  }

  #rename(from: string, to: string): true {
    const before = this.#nameOf(from);
    if (before === to) return true;
    const tags = new Set([...this.tagsOf(before), ...this.tagsOf(to)]);
    this.#tags.delete(before);
    this.#names.set(before, to);
    // It may have had this name before.
    this.#names.delete(to);
    return this.#setTags(to, tags);
  }

  #setTags(base: string, tags: ReadonlySet<string>): true {
    if (tags.size > 0) this.#tags.set(base, tags);
    else this.#tags.delete(base);
    return true;
  }

  #nameOf(base: string): string {
    let name = base;
    for (let next: string | undefined = base; next !== undefined; next = this.#names.get(name)) name = next;
    return name;
  }

  /** A change with the names that its messages have now. */
  #renamed<C extends Change | undefined>(change: C): C {
    return change && { ...change, steps: change.steps.map((step) => ({ ...step, base: this.#nameOf(step.base) })) };
  }

  #begin({ begin: id, verb, at, undoes }: Extract<ChangeRecord, { begin: number }>): boolean {
    if (id < this.nextId) return false;
    const change = { id, verb, at, undoes, steps: [], done: false };
    this.#last = change;
    if (verb === 'undo') this.#undoable = this.#undoable.filter((each) => each.id !== undoes);
    else this.#undoable.push(change);
    if (this.#undoable.length > DEPTH) this.#undoable.shift();
    return true;
  }
}

/** Whether a message is removed for good: the step says nothing else of it, and its tags go as well. */
export function isRemoval(step: Step): boolean {
  return Object.keys(step).every((key) => key === 'base');
}

/** The tags of a message behind a step. */
export function tagsAfter(tags: ReadonlySet<string>, { tag = [], untag = [] }: Step): ReadonlySet<string> {
  if (tag.length === 0 && untag.length === 0) return tags;
  return new Set([...tags, ...tag].filter((each) => !untag.includes(each)));
}

/** What takes a step back. */
export function inverse({ base, set, clear, from, to, tag, untag }: Step): Step {
  return {
    base,
    ...(clear === undefined ? {} : { set: clear }),
    ...(set === undefined ? {} : { clear: set }),
    ...(from === undefined || to === undefined ? {} : { from: to, to: from }),
    ...(untag === undefined ? {} : { tag: untag }),
    ...(tag === undefined ? {} : { untag: tag }),
  };
}

/** Reads a record out of parsed JSON; `undefined` when it is none. */
export function readChange(value: unknown): ChangeRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { begin, verb, at, undoes, step, done, renamed, ...rest } = value as Record<string, unknown>;
  if (isId(done)) return { done };
  if (isName(renamed) && isName(rest['to'])) return { renamed, to: rest['to'] };
  if (isId(begin) && isVerb(verb) && typeof at === 'number')
    return { begin, verb, at, ...(isId(undoes) ? { undoes } : {}) };
  return isId(step) && isStep(rest) ? { step, ...rest } : undefined;
}

function isStep(value: Record<string, unknown>): value is Record<string, unknown> & Step {
  const { base, set, clear, from, to, tag, untag } = value;
  const isTexts = (list: unknown) => Array.isArray(list) && list.every((each) => typeof each === 'string');
  return (
    isName(base) &&
    [set, clear, from, to].every((text) => text === undefined || typeof text === 'string') &&
    [tag, untag].every((list) => list === undefined || isTexts(list))
  );
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && isBase(value);
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isVerb(value: unknown): value is Verb {
  return VERBS.has(value);
}
