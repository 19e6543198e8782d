/** The fields of a query, and what `is:` knows, as tables. */

/** Where words are looked for; everywhere where no field is named. */
export type WordField = 'subject' | 'from' | 'to' | 'cc' | 'body' | 'file';

export type Field =
  | { readonly kind: 'words'; readonly field: WordField }
  | { readonly kind: 'size'; readonly bound: 'least' | 'most' }
  | { readonly kind: 'date'; readonly bound: 'from' | 'until' }
  | { readonly kind: 'is' | 'has' | 'tag' | 'folder' | 'id' };

export const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['from', { kind: 'words', field: 'from' }],
  ['to', { kind: 'words', field: 'to' }],
  ['cc', { kind: 'words', field: 'cc' }],
  ['subject', { kind: 'words', field: 'subject' }],
  ['body', { kind: 'words', field: 'body' }],
  ['file', { kind: 'words', field: 'file' }],
  ['is', { kind: 'is' }],
  ['has', { kind: 'has' }],
  ['larger', { kind: 'size', bound: 'least' }],
  ['smaller', { kind: 'size', bound: 'most' }],
  ['since', { kind: 'date', bound: 'from' }],
  ['before', { kind: 'date', bound: 'until' }],
  ['tag', { kind: 'tag' }],
  ['folder', { kind: 'folder' }],
  ['id', { kind: 'id' }],
]);

/** Each Maildir letter with its word, and what else it is called. */
export const FLAG_WORDS: readonly (readonly [letter: string, word: string, ...others: string[]])[] = [
  ['S', 'seen', 'read'],
  ['F', 'flagged', 'starred'],
  ['R', 'answered', 'replied'],
  ['P', 'passed', 'forwarded'],
  ['D', 'draft'],
  ['T', 'trashed', 'deleted'],
];

/** What stands behind `is:`; with `un` in front it is not so. */
export const FLAGS: ReadonlyMap<string, { readonly flag: string; readonly set: boolean }> = new Map<
  string,
  { readonly flag: string; readonly set: boolean }
>(
  FLAG_WORDS.flatMap(([flag, ...words]) =>
    words.flatMap((word) => [
      [word, { flag, set: true }],
      [`un${word}`, { flag, set: false }],
    ]),
  ),
);
