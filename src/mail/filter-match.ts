/**
 * Whether a message is meant by a filter rule. Pure.
 *
 * Why no regular expressions: one that is written without care can take for ever on a subject that a stranger chose. The
 * patterns have `*` and `?` alone, and take time that grows with their length times that of the text at worst.
 */
import type { Comparison, FilterRule, FilterTest } from '../config/filter-rule.ts';
import type { Address } from '../mime/address.ts';
import type { Summary } from '../mime/summary.ts';

/** What is looked at of one value, in characters. */
const MAX_TEXT = 10_000;
/** What is looked at of one field that may come many times. */
const MAX_VALUES = 1000;

/** What a rule can be asked about. */
export interface Subject {
  readonly header: Summary;
  /** Octets. */
  readonly size: number;
}

/** The rules that hold for a message, in their order, up to the first that says stop. */
export function rulesFor<R extends FilterRule>(rules: readonly R[], subject: Subject): R[] {
  const held: R[] = [];
  for (const rule of rules) {
    if (!rule.tests.every((test) => holds(test, subject))) continue;
    held.push(rule);
    if (rule.stop) break;
  }
  return held;
}

function holds(test: FilterTest, { header, size }: Subject): boolean {
  if ('octets' in test) return (test.how === 'larger' ? size > test.octets : size < test.octets) !== test.not;
  const wanted = test.texts.map(folded);
  const found = valuesOf(test.field, header)
    .slice(0, MAX_VALUES)
    .some((value) => wanted.some((text) => COMPARE[test.how](folded(value), text)));
  return found !== test.not;
}

const COMPARE: Readonly<Record<Comparison, (value: string, text: string) => boolean>> = {
  contains: (value, text) => value.includes(text),
  is: (value, text) => value === text,
  starts: (value, text) => value.startsWith(text),
  ends: (value, text) => value.endsWith(text),
  matches: matchesGlob,
};

function valuesOf(field: string, header: Summary): readonly string[] {
  if (field.startsWith('header:')) return header.headers.getAll(field.slice('header:'.length));
  switch (field) {
    case 'from':
    case 'to':
    case 'cc':
      return header[field].flatMap(textsOf);
    case 'subject':
      return [header.subject];
    case 'list-id':
      return header.headers.getAll('list-id');
    default:
      return ['from', 'to', 'cc', 'subject', 'list-id'].flatMap((each) => valuesOf(each, header));
  }
}

/** An address alone, and with its name. */
function textsOf({ name, address }: Address): string[] {
  return name === '' ? [address] : [address, `${name} <${address}>`];
}

function folded(text: string): string {
  return text.slice(0, MAX_TEXT).normalize('NFC').toLowerCase();
}

/** Whether a text is what a pattern says: `*` is any text, `?` any one character. */
export function matchesGlob(text: string, pattern: string): boolean {
  const wanted = [...pattern];
  const given = [...text];
  let [at, from] = [0, 0];
  // Where the last star was, and how much of the text it takes: only that one may have to take more.
  let star = -1;
  let taken = 0;
  while (from < given.length) {
    if (wanted[at] === '*') {
      star = at++;
      taken = from;
    } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === given[from])) {
      at += 1;
      from += 1;
    } else if (star >= 0) {
      at = star + 1;
      from = ++taken;
    } else return false;
  }
  while (wanted[at] === '*') at += 1;
  return at === wanted.length;
}
