/**
 * The language of searches: `from:ann is:unread (budget or "annual report") -tag:done since:7d`, as a tree of values.
 *
 * Why a tree: what a person wrote never gets near a database as text; see index-query.ts. Words stand side by side for
 * "and"; `or`, `not` or `-`, and parentheses say the rest. What cannot be understood is an error that says so, never another
 * search. Pure: the time is given. What this file must never know: SQL.
 */
import { UsageError } from '../errors.ts';
import { readMoment, readOctets } from './query-values.ts';
import { FIELDS, type Field, FLAGS, type WordField } from './query-fields.ts';
import { nearestWord } from '../config/nearest.ts';
import { hasWords } from './index-words.ts';

export type Query =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Query[] }
  | { readonly kind: 'not'; readonly of: Query }
  /** A word, or several in this order; with `prefix` the last is the beginning of one. */
  | { readonly kind: 'words'; readonly field: WordField | undefined; readonly words: string; readonly prefix: boolean }
  /** A Maildir letter, set or not. */
  | { readonly kind: 'flag'; readonly flag: string; readonly set: boolean }
  | { readonly kind: 'attachment' }
  /** In octets. */
  | { readonly kind: 'size'; readonly least?: number; readonly most?: number }
  /** In milliseconds since 1970; `until` is not included. */
  | { readonly kind: 'date'; readonly from?: number; readonly until?: number }
  | { readonly kind: 'folder'; readonly value: string }
  | { readonly kind: 'tag' | 'id'; readonly value: string }
  | { readonly kind: 'number'; readonly from: number; readonly to: number };

/** In characters. */
const MAX_LENGTH = 10_000;
const MAX_TERMS = 200;
const MAX_DEPTH = 50;

/**
 * Reads a query; an empty one means all messages.
 *
 * @param now what `7d` and `today` count from.
 * @throws UsageError `bad-query` with what is wrong.
 */
export function parseQuery(text: string, now: Date): Query {
  if (text.length > MAX_LENGTH) throw bad(`The query is longer than ${MAX_LENGTH} characters.`);
  const reader = new QueryReader(tokens(text), now);
  return reader.whole();
}

type Token = { readonly kind: '(' } | { readonly kind: ')' } | { readonly kind: '-' } | Term;

interface Term {
  readonly kind: 'term';
  readonly field: string | undefined;
  readonly value: string;
  readonly quoted: boolean;
}

/** One sign, or a term: a field perhaps, then a word or a phrase in quotes. Every alternative takes at least one character. */
const TOKEN = /\s+|([()])|-(?=[^\s-])|([\p{L}_-]+):(?=[\s()]|$)|(?:([\p{L}_-]+):(?!\/\/))?(?:"([^"]*)"?|([^\s()"]+))/uy;

function tokens(text: string): Token[] {
  const found: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null && match[0] !== ''; match = TOKEN.exec(text)) {
    const [all, sign, lone, field, phrase, word] = match;
    if (/^\s/.test(all)) continue;
    if (sign === '(' || sign === ')') found.push({ kind: sign });
    else if (all === '-') found.push({ kind: '-' });
    else if (FIELDS.has(lone?.toLowerCase() ?? '')) throw bad(`Nothing stands behind ${lone}:.`);
    else found.push({ kind: 'term', field, value: phrase ?? word ?? lone ?? '', quoted: phrase !== undefined });
    if (found.length > 3 * MAX_TERMS) throw bad('The query has too many words.');
  }
  return found;
}

class QueryReader {
  readonly #tokens: readonly Token[];
  readonly #now: Date;
  #at = 0;
  #terms = 0;

  constructor(found: readonly Token[], now: Date) {
    this.#tokens = found;
    this.#now = now;
  }

  whole(): Query {
    if (this.#tokens.length === 0) return { kind: 'all' };
    const query = this.#either(0);
    if (this.#at < this.#tokens.length) throw bad('A parenthesis is closed that was never opened.');
    return query;
  }

  #either(depth: number): Query {
    const of = [this.#both(depth)];
    while (this.#takeWord('or')) of.push(this.#both(depth));
    return of.length === 1 ? (of[0] as Query) : { kind: 'or', of };
  }

  #both(depth: number): Query {
    const of: Query[] = [];
    for (;;) {
      const next = this.#tokens[this.#at];
      if (next === undefined || next.kind === ')' || isWord(next, 'or')) break;
      if (isWord(next, 'and')) this.#at++;
      else of.push(this.#one(depth));
    }
    if (of.length === 0) throw bad('Something to look for is missing.');
    return of.length === 1 ? (of[0] as Query) : { kind: 'and', of };
  }

  #one(depth: number): Query {
    if (depth > MAX_DEPTH) throw bad('The query is nested too deep.');
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw bad('Something to look for is missing.');
    if (token.kind === '-' || isWord(token, 'not')) return { kind: 'not', of: this.#one(depth + 1) };
    if (token.kind === ')') throw bad('A parenthesis is closed that was never opened.');
    if (token.kind === '(') return this.#group(depth + 1);
    if (++this.#terms > MAX_TERMS) throw bad('The query has too many words.');
    return this.#term(token);
  }

  #group(depth: number): Query {
    const query = this.#either(depth);
    if (this.#tokens[this.#at++]?.kind !== ')') throw bad('A parenthesis is not closed.');
    return query;
  }

  #term({ field, value, quoted }: Term): Query {
    if (field === undefined) return value === '*' && !quoted ? { kind: 'all' } : words(undefined, value, quoted);
    const row = FIELDS.get(field.toLowerCase());
    if (row === undefined) throw unknownField(field);
    return this.#field(row, value, quoted);
  }

  #field(row: Field, value: string, quoted: boolean): Query {
    if (row.kind === 'words') return words(row.field, value, quoted);
    if (row.kind === 'size') return { kind: 'size', [row.bound]: readOctets(value) };
    if (row.kind === 'date') return { kind: 'date', [row.bound]: readMoment(value, this.#now) };
    if (row.kind === 'is' || row.kind === 'has') return state(row.kind, value);
    if (value === '') throw bad(`Nothing stands behind ${row.kind}:.`);
    return row.kind === 'id' ? identity(value) : { kind: row.kind, value: value.normalize('NFC') };
  }

  #takeWord(word: string): boolean {
    if (!isWord(this.#tokens[this.#at], word)) return false;
    this.#at++;
    return true;
  }
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === 'term' && token.field === undefined && !token.quoted && token.value.toLowerCase() === word;
}

function words(field: WordField | undefined, value: string, quoted: boolean): Query {
  const prefix = !quoted && value.endsWith('*');
  const text = prefix ? value.replace(/\*+$/, '') : value;
  if (!hasWords(text)) throw bad(`There is no letter and no digit in ${JSON.stringify(value.slice(0, 40))}.`);
  return { kind: 'words', field, words: text, prefix };
}

function state(field: 'is' | 'has', value: string): Query {
  const name = value.toLowerCase();
  if (field === 'has' && /^(?:attachments?|files?)$/.test(name)) return { kind: 'attachment' };
  const flag = field === 'is' ? FLAGS.get(name) : undefined;
  if (flag !== undefined) return { kind: 'flag', ...flag };
  const known = field === 'is' ? ['unread', 'flagged', 'answered', 'forwarded', 'draft'] : ['attachment'];
  throw bad(
    `${field}:${value.slice(0, 40)} is not understood.`,
    `Known are: ${known.map((each) => `${field}:${each}`).join(', ')}.`,
  );
}

/** A number of the list, a range of them, or a Message-ID with or without its angle brackets. */
function identity(value: string): Query {
  const [matched, from, to = from] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(value) ?? [];
  if (matched !== undefined) return { kind: 'number', from: Number(from), to: Number(to) };
  return { kind: 'id', value: value.startsWith('<') ? value : `<${value}>` };
}

function unknownField(field: string): UsageError {
  const near = nearestWord(field, [...FIELDS.keys()]);
  return bad(
    `There is no field ${field.slice(0, 40)}: to search in.`,
    near === undefined
      ? `The fields are ${[...FIELDS.keys()].join(', ')}. To look for the words themselves, put them in quotes.`
      : `Did you mean ${near}:?`,
  );
}

function bad(message: string, hint = 'See posthorn list --help.'): UsageError {
  return new UsageError('bad-query', message, { hint });
}
