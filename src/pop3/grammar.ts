/**
 * POP3 as text: commands written and read, listings read (RFC 1939 §3, §5, §7; RFC 2449 §4).
 *
 * A listing decides what is deleted, so it is believed as a whole or not at all. Pure: no I/O.
 */
import { ProtocolError, UsageError } from '../errors.ts';
import { CRLF } from '../wire/bytes.ts';
import { parseDecimal } from '../wire/decimal.ts';
import { type Argument, COMMANDS, type Verb } from './commands.ts';

/** Messages in a maildrop, and lines in a listing: far above any real one. */
export const MAX_MESSAGES = 1_000_000;
/** RFC 1939 §7 has 70; longer ones are seen, and are as good as any opaque key. */
const MAX_UID = 4096;
/** RFC 1939 §3: each argument may be up to 40 characters long. */
const MAX_ARGUMENT = 40;

/** The wire form of a command. @throws UsageError if an argument holds CR, LF or NUL: it could begin another command. */
export function formatCommand(verb: Verb, ...args: readonly (string | number)[]): Uint8Array {
  const line = [verb, ...args].join(' ');
  if (/[\r\n\0]/.test(line)) {
    throw new UsageError('bad-argument', `An argument of ${verb} contains a line break or a NUL character.`, {
      phase: verb.toLowerCase(),
    });
  }
  return Buffer.concat([Buffer.from(line, 'utf8'), CRLF]);
}

export type CommandLine =
  | { readonly verb: Verb; readonly args: readonly string[]; readonly fault?: undefined }
  | { readonly fault: 'unknown' | 'arguments'; readonly verb?: Verb };

/** Reads a command as a server does: keyword of 3 or 4 letters or digits, in any case, arguments as the table has them. */
export function parseCommand(line: string): CommandLine {
  const [, keyword = '', rest] = /^([A-Za-z0-9]{3,4})(?: (.*))?$/s.exec(line) ?? [];
  const verb = keyword.toUpperCase();
  if (!Object.hasOwn(COMMANDS, verb)) return { fault: 'unknown' };
  const known = verb as Verb;
  const args = splitArguments(rest, COMMANDS[known].arguments);
  return args === undefined ? { fault: 'arguments', verb: known } : { verb: known, args };
}

function splitArguments(rest: string | undefined, formats: readonly Argument[]): string[] | undefined {
  if (formats[0] === 'rest') return rest === undefined || rest === '' ? undefined : [rest];
  const words = rest === undefined || rest.trim() === '' ? [] : rest.trim().split(' ');
  const least = formats.filter((format) => !format.endsWith('?')).length;
  if (words.length < least || words.length > formats.length) return undefined;
  const fits = words.every((word, at) =>
    formats[at]?.startsWith('word') ? true : /^\d+$/.test(word) && word.length <= MAX_ARGUMENT,
  );
  return fits ? words : undefined;
}

/** The two numbers of STAT (RFC 1939 §5); text behind them is allowed and means nothing. */
export function parseStat(text: string): { count: number; octets: number } {
  const [first = '', second = ''] = text.trim().split(' ');
  const count = parseDecimal(first, MAX_MESSAGES);
  const octets = parseDecimal(second);
  if (count === undefined || octets === undefined) throw badListing('STAT');
  return { count, octets };
}

export interface SizeRow {
  readonly number: number;
  readonly octets: number;
}

export interface UidRow {
  readonly number: number;
  /** Opaque: never a path, never a key of an object. */
  readonly uid: string;
}

/** One row of LIST. */
export function parseSizeRow(row: string): SizeRow {
  const [first = '', second = ''] = row.split(' ');
  const number = parseDecimal(first, MAX_MESSAGES);
  const octets = parseDecimal(second);
  if (number === undefined || number === 0 || octets === undefined) throw badListing('LIST');
  return { number, octets };
}

/**
 * One row of UIDL.
 *
 * QUIRK: ids with octets above 0x7E or of more than 70 characters are against RFC 1939 §7; they are as good as any key.
 */
export function parseUidRow(row: string): UidRow {
  const space = row.indexOf(' ');
  const number = parseDecimal(row.slice(0, space), MAX_MESSAGES);
  const uid = row.slice(space + 1);
  const legal = uid.length > 0 && uid.length <= MAX_UID && ![...uid].some((octet) => octet <= ' ' || octet === '\x7f');
  if (space < 0 || number === undefined || number === 0 || !legal) throw badListing('UIDL');
  return { number, uid };
}

/** A language of a server's replies (RFC 6856 §3.2). */
export interface Language {
  /** Such as `en` (RFC 5646). */
  readonly tag: string;
  /** In the language itself; empty where the server gives none. */
  readonly name: string;
}

/** One row of LANG, or the text behind the `+OK` of one that chose a language. */
export function parseLanguage(row: string): Language {
  const [tag = '', ...words] = row.trim().split(' ');
  return { tag, name: words.join(' ') };
}

/** A basic language range (RFC 4647 §2.1) as the argument of LANG. @throws UsageError `bad-argument`. */
export function checkRange(range: string): string {
  if (/^(?:\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)$/.test(range)) return range;
  throw new UsageError('bad-argument', 'A language is asked for by its tag, such as en or pt-BR, or by *.', {
    phase: 'lang',
  });
}

/**
 * Checks that a listing is one: ascending numbers within 1 to `count`, and, when nothing was deleted in this session,
 * every one of them. @throws ProtocolError `bad-listing`.
 */
export function checkListing(
  verb: Verb,
  rows: readonly { number: number }[],
  count: number | undefined,
  deleted: number,
): void {
  let before = 0;
  for (const { number } of rows) {
    if (number <= before || (count !== undefined && number > count)) throw badListing(verb);
    before = number;
  }
  if (count !== undefined && rows.length !== count - deleted) throw badListing(verb);
}

function badListing(verb: Verb): ProtocolError {
  return new ProtocolError(
    'bad-listing',
    `The server's answer to ${verb} makes no sense, so nothing in it is believed.`,
    {
      phase: verb.toLowerCase(),
      hint: 'Nothing was deleted. Run again with --trace to see the conversation.',
    },
  );
}
