/**
 * From the tree of a query to SQL: conditions on the table `messages` as `m`, and values, which never become part of the SQL.
 *
 * Words that stand together become one question to the full-text index, in its own language: there every word is a quoted
 * string, so that nothing in it means anything.
 */
import { spellings } from './index-words.ts';
import type { Query } from './query.ts';
import type { WordField } from './query-fields.ts';

export interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

/** The ids of the places of a folder, by its name as a person writes it. */
export type FindPlaces = (folder: string) => readonly number[];

const COLUMNS: Readonly<Record<WordField, string>> = {
  subject: 'subject',
  from: 'sender',
  to: 'recipients',
  cc: 'copies',
  body: 'body',
  file: 'files',
};

/** @throws what `findPlaces` throws for a folder that is not there. */
export function compileQuery(query: Query, findPlaces: FindPlaces): Condition {
  const question = matchOf(query);
  if (question !== undefined) return matching(question);
  switch (query.kind) {
    case 'and':
      return joined(query.of, ' AND ', findPlaces);
    case 'or':
      return joined(query.of, ' OR ', findPlaces);
    case 'not': {
      const { sql, values } = compileQuery(query.of, findPlaces);
      return { sql: `NOT ${sql}`, values };
    }
    case 'folder': {
      const places = findPlaces(query.value);
      return { sql: `m.place IN (${places.map(() => '?').join(', ')})`, values: places };
    }
    default:
      return single(query);
  }
}

type Single = Exclude<Query, { kind: 'and' | 'or' | 'not' | 'folder' }>;

function single(query: Single): Condition {
  switch (query.kind) {
    case 'all':
    case 'words':
      return { sql: '1', values: [] };
    case 'flag':
      return { sql: `instr(m.flags, ?) ${query.set ? '> 0' : '= 0'}`, values: [query.flag] };
    case 'attachment':
      return { sql: 'm.files > 0', values: [] };
    case 'size':
      return between('m.size', query.least, query.most);
    case 'date':
      return between('m.date', query.from, query.until === undefined ? undefined : query.until - 1);
    case 'tag':
      return { sql: 'm.number IN (SELECT number FROM tags WHERE tag = ?)', values: [query.value] };
    case 'id':
      return { sql: 'm.number IN (SELECT number FROM headers WHERE messageId = ?)', values: [query.value] };
    case 'number':
      return between('m.number', query.from, query.to);
  }
}

function between(column: string, least: number | undefined, most: number | undefined): Condition {
  const bounds = [
    ...(least === undefined ? [] : [{ sql: `${column} >= ?`, value: least }]),
    ...(most === undefined ? [] : [{ sql: `${column} <= ?`, value: most }]),
  ];
  return { sql: `(${bounds.map(({ sql }) => sql).join(' AND ')})`, values: bounds.map(({ value }) => value) };
}

function joined(parts: readonly Query[], operator: ' AND ' | ' OR ', findPlaces: FindPlaces): Condition {
  // All words among the parts are one question.
  const questions = parts.map((part) => matchOf(part));
  const asked = questions.filter((question) => question !== undefined);
  const conditions = parts.filter((_, at) => questions[at] === undefined).map((part) => compileQuery(part, findPlaces));
  if (asked.length > 0) conditions.unshift(matching(asked.join(operator)));
  return {
    sql: `(${conditions.map(({ sql }) => sql).join(operator)})`,
    values: conditions.flatMap(({ values }) => values),
  };
}

function matching(question: string): Condition {
  return { sql: 'm.number IN (SELECT rowid FROM content WHERE content MATCH ?)', values: [question] };
}

/** A query of nothing but words in the language of FTS5; undefined for any other. */
function matchOf(query: Query): string | undefined {
  if (query.kind === 'words') return phrase(query);
  if (query.kind !== 'and' && query.kind !== 'or') return undefined;
  const parts = query.of.map(matchOf);
  if (parts.includes(undefined)) return undefined;
  return `(${parts.join(query.kind === 'and' ? ' AND ' : ' OR ')})`;
}

function phrase({ field, words, prefix }: Query & { kind: 'words' }): string {
  const column = field === undefined ? '' : `${COLUMNS[field]} : `;
  const ways = spellings(words.replaceAll('\0', ' '), prefix);
  const quoted = ways.map((way) => `"${way.replaceAll('"', '""')}"${prefix ? ' *' : ''}`);
  return `(${column}(${quoted.join(' OR ')}))`;
}
