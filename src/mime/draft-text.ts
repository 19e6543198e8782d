/**
 * A draft as a person edits it: header lines, an empty line, the text. Written and read back.
 *
 * Why strict: what is edited here is sent. A line that is no field, a field that stands twice, or a missing empty line is
 * told with its number, never guessed at; the values are judged where those of flags are. Lines in front that begin with
 * `#` are what the program has to say about the draft and are no part of it.
 */

import { UsageError } from '../errors.ts';
import { type Address, formatAddress } from './address.ts';
import { oneLine } from './plain-text.ts';

/** The fields in their order, as a person reads them; those of people, several in one line. */
const FIELDS = [
  ['From', 'from'],
  ['To', 'to'],
  ['Cc', 'cc'],
  ['Bcc', 'bcc'],
  ['Reply-To', 'replyTo'],
  ['Subject', 'subject'],
] as const;
/** Shown although they are empty, so that they can be filled in. */
const ALWAYS: readonly string[] = ['From', 'To', 'Cc', 'Subject'];
/** What is longer is put on lines of its own, an address each. */
const LINE = 78;

/** What can be edited; addresses as text. */
export interface DraftText {
  readonly from: string | undefined;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly replyTo: string | undefined;
  readonly subject: string | undefined;
  /** `Name: value`. */
  readonly headers: readonly string[];
  readonly text: string;
}

/** @param notes are put in front, and are no part of the draft. */
export function writeDraft(draft: DraftText, notes: readonly string[] = []): string {
  const lines = notes.map((note) => `# ${oneLine(note)}`);
  for (const [name, key] of FIELDS) {
    const value = draft[key];
    const values = value === undefined ? [] : typeof value === 'string' ? [oneLine(value)] : value.map(oneLine);
    if (values.length > 0 || ALWAYS.includes(name)) lines.push(field(name, values));
  }
  return [...lines, ...draft.headers.map(oneLine), '', draft.text].join('\n');
}

/** The text without the notes in front: what tells whether a person changed anything. */
export function withoutNotes(content: string): string {
  return content.replace(/^(?:#.*(?:\r?\n|$))+/, '');
}

/** @throws UsageError `bad-draft` with the line that is wrong. */
export function readDraft(content: string): DraftText {
  const lines = content.replaceAll('\r\n', '\n').split('\n');
  const start = lines.findIndex((line) => !line.startsWith('#'));
  const end = lines.findIndex((line, at) => at >= start && line.trim() === '');
  if (start < 0 || end <= start) throw bad('There is no empty line between the header and the text.');
  const values = new Map<string, string[]>();
  const headers: string[] = [];
  for (const { line, at } of unfolded(lines.slice(start, end), start + 1)) {
    const [, name = '', value = ''] = /^([!-9;-~]+):(.*)$/.exec(line) ?? [];
    const known = FIELDS.find(([each]) => each.toLowerCase() === name.toLowerCase());
    if (name === '') throw bad(`Line ${at} is no header field, and no empty line comes before it.`);
    if (known === undefined) {
      headers.push(`${name}: ${value.trim()}`);
      continue;
    }
    const [, key] = known;
    const before = values.get(key);
    if (before !== undefined && !['to', 'cc', 'bcc'].includes(key))
      throw bad(`Line ${at}: ${known[0]} stands there twice.`);
    if (value.trim() !== '') values.set(key, [...(before ?? []), value.trim()]);
  }
  return {
    from: values.get('from')?.[0],
    to: values.get('to') ?? [],
    cc: values.get('cc') ?? [],
    bcc: values.get('bcc') ?? [],
    replyTo: values.get('replyTo')?.[0],
    subject: values.get('subject')?.[0],
    headers,
    text: lines.slice(end + 1).join('\n'),
  };
}

/**
 * An address so that it is read back as it is: one whose name would be taken for an encoded-word loses the name.
 */
export function typedAddress(address: Address): string {
  return formatAddress(address.name.includes('=?') ? { ...address, name: '' } : address);
}

function field(name: string, values: readonly string[]): string {
  const line = `${name}: ${values.join(', ')}`;
  return line.length <= LINE || values.length < 2 ? line.trimEnd() : `${name}: ${values.join(',\n    ')}`;
}

/** A line that begins with white space goes on with the one before it. */
function* unfolded(lines: readonly string[], first: number): Generator<{ line: string; at: number }> {
  let field: { line: string; at: number } | undefined;
  for (const [index, line] of lines.entries()) {
    if (/^[ \t]/.test(line)) {
      if (field === undefined) throw bad(`Line ${first + index} begins with a space, and nothing stands before it.`);
      field.line += ` ${line.trim()}`;
      continue;
    }
    if (field !== undefined) yield field;
    field = { line, at: first + index };
  }
  if (field !== undefined) yield field;
}

function bad(message: string): UsageError {
  return new UsageError('bad-draft', message, { hint: 'A draft is "Name: value" lines, an empty line, and the text.' });
}
