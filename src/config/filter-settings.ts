/**
 * `[[filter]]` and `[[account.NAME.filter]]`: the rules for new mail.
 *
 * Pure. What a tag, a flag or a folder may be called is looked at where rules are applied.
 */
import * as v from 'valibot';
import type { Comparison, FilterRule, FilterTest } from './filter-rule.ts';
import { check, complaint, line, lines, readBy, withoutUndefined } from './schema-parts.ts';
import { parseSize } from './size.ts';

const FIELDS: ReadonlySet<string> = new Set(['from', 'to', 'cc', 'subject', 'list-id', 'any', 'size']);
const HEADER = /^header:[!-9;-~]{1,76}$/;
const COMPARISONS: readonly Comparison[] = ['contains', 'is', 'starts', 'ends', 'matches'];
/** In characters; a pattern is compared with every message. */
const MAX_PATTERN = 500;

const flag = v.boolean('must be true or false');

const testEntries = {
  field: v.optional(v.pipe(line, v.toLowerCase())),
  not: v.optional(flag),
  contains: v.optional(lines),
  is: v.optional(lines),
  starts: v.optional(lines),
  ends: v.optional(lines),
  matches: v.optional(lines),
  larger: v.optional(line),
  smaller: v.optional(line),
};

const ruleEntries = {
  ...testEntries,
  name: v.optional(line),
  when: v.optional(v.array(v.unknown(), 'must be a list of conditions')),
  tag: v.optional(lines),
  flag: v.optional(lines),
  seen: v.optional(flag),
  move: v.optional(line),
  run: v.optional(line),
  skip: v.optional(flag),
  stop: v.optional(flag),
};

const testSchema = v.object(testEntries);
const ruleSchema = v.object(ruleEntries);
const TESTS = Object.keys(testEntries);
const ACTIONS = ['tag', 'flag', 'seen', 'move', 'run', 'skip', 'stop'] as const;

/** @param where of the list, such as `[[filter]]`. @throws ConfigError `bad-config` with the place and the key. */
export function readFilters(value: unknown, where: string): FilterRule[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw complaint(`${where} must be a list of tables.`, `Write ${where} above each rule.`);
  return value.map((each: unknown, at) => readRule(each, `${where} ${at + 1}`));
}

function readRule(value: unknown, where: string): FilterRule {
  const own = check(ruleSchema, value, where, Object.keys(ruleEntries));
  const hasOwn = TESTS.some((key) => own[key as keyof typeof testEntries] !== undefined);
  if (hasOwn === (own.when !== undefined)) {
    throw complaint(
      `${where}: ${hasOwn ? 'there is a condition beside when' : 'there is no condition'}.`,
      'Write field and contains, or several of them: when = [{ field = "from", contains = "ann" }, …].',
    );
  }
  if (!ACTIONS.some((key) => own[key] !== undefined)) {
    throw complaint(`${where}: nothing is to be done.`, `Write one of ${ACTIONS.join(', ')}.`);
  }
  const conditions = own.when?.map((each, at) => {
    const there = `${where} when ${at + 1}`;
    return readTest(check(testSchema, each, there, TESTS), there);
  });
  return withoutUndefined({
    name: own.name ?? where,
    tests: conditions ?? [readTest(own, where)],
    tag: own.tag ?? [],
    flag: [...(own.flag ?? []), ...(own.seen === undefined ? [] : [own.seen ? 'seen' : 'unseen'])],
    move: own.move,
    run: own.run,
    skip: own.skip ?? false,
    stop: own.stop ?? false,
  });
}

function readTest(own: v.InferOutput<typeof testSchema>, where: string): FilterTest {
  const { field, not = false, larger, smaller } = own;
  if (field === undefined || !(FIELDS.has(field) || HEADER.test(field))) {
    throw complaint(`${where}: field must name what is looked at.`, `Write ${[...FIELDS].join(', ')} or header:NAME.`);
  }
  const given = COMPARISONS.filter((how) => own[how] !== undefined);
  const [how, more] = given;
  if (field === 'size') {
    if (how !== undefined || (larger === undefined) === (smaller === undefined))
      throw complaint(`${where}: of a size, larger or smaller is asked.`, 'Write for example larger = "5M".');
    const octets = (key: string, text: string) => readBy(() => parseSize(text), where, key);
    if (larger !== undefined) return { field, not, how: 'larger', octets: octets('larger', larger) };
    return { field, not, how: 'smaller', octets: octets('smaller', smaller ?? '') };
  }
  if (how === undefined || more !== undefined || larger !== undefined || smaller !== undefined)
    throw complaint(`${where}: one comparison is needed.`, `Write one of ${COMPARISONS.join(', ')}.`);
  const texts = own[how] ?? [];
  if (texts.length === 0 || texts.some((text) => text.length > MAX_PATTERN))
    throw complaint(`${where}: ${how} must have a text, of at most ${MAX_PATTERN} characters.`);
  return { field, not, how, texts };
}
