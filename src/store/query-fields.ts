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

/** What a message can be, by its Maildir letter. */
export const FLAGS: ReadonlyMap<string, { readonly flag: string; readonly set: boolean }> = new Map([
  ['unread', { flag: 'S', set: false }],
  ['read', { flag: 'S', set: true }],
  ['flagged', { flag: 'F', set: true }],
  ['replied', { flag: 'R', set: true }],
  ['forwarded', { flag: 'P', set: true }],
  ['draft', { flag: 'D', set: true }],
  ['trashed', { flag: 'T', set: true }],
]);
