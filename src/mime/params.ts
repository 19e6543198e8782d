/**
 * A value with parameters, as Content-Type and Content-Disposition have (RFC 2045 §5.1, RFC 2183), in the extended
 * syntax of RFC 2231: charsets, percent-encoding and values continued over several parameters.
 *
 * Why: names come from strangers, so parameters live in a Map, and the work is linear with a cap on their number. This
 * file must never know what a parameter is for.
 */

import { decodeText } from './charset.ts';
import { type Defect, note } from './defect.ts';
import { decodeWords } from './encoded-word.ts';

const MAX_PARAMETERS = 1000;
/** Longer values, and those that need an escape, are written in the extended syntax. */
const MAX_PLAIN_VALUE = 200;
/** Of each piece of an extended value, so that the line keeps to 78 characters. */
const MAX_PIECE = 56;
/** QUIRK: a token may hold `'`, `*` and `%` (RFC 2045 §5.1), and Python's reader then finds no parameter: they are quoted. */
const TOKEN = /^[!#$&+.0-9A-Z^_`a-z{|}~-]+$/;
/** RFC 2231 §7, attribute-char. */
const SAFE = /^[!#$&+.0-9A-Z^_`a-z{|}~-]$/;

export interface ParameterizedValue {
  /** In lower case, without comments; empty when there is none. */
  readonly value: string;
  /** Names in lower case; values decoded. */
  readonly params: ReadonlyMap<string, string>;
  readonly defects: readonly Defect[];
}

/** How an extended value begins: its name, and its charset before the first quote. */
const EXTENDED = /^[^*=]+(?:\*0{1,4})?\*=\s*"?([^'"\s;]{1,64})'/;

/** The charsets that extended values in `text` are written in, to be loaded before it is parsed. */
export function parameterCharsets(text: string): Set<string> {
  const labels = new Set<string>();
  if (!text.includes('*=')) return labels;
  for (const item of splitOutsideQuotes(text, []).slice(1)) {
    const label = EXTENDED.exec(item)?.[1];
    if (label !== undefined) labels.add(label);
  }
  return labels;
}

/**
 * Parses `value; name=value; …`. Never throws. The first of two parameters of one name wins; an extended value
 * (`name*`) wins over a plain one; continuations are read in the order of their numbers up to the first gap.
 *
 * QUIRK: encoded-words inside quotes are decoded, though RFC 2047 §5 forbids them there: most programs write them.
 */
export function parseParameterized(text: string): ParameterizedValue {
  return parsePlain(text) ?? parseAny(text);
}

/** Longer values are not worth a guess. */
const MAX_PLAIN = 1000;
const HEAD = /^([^"();\\]*)(?:;|$)/;
const PLAIN_PARAMETER = /\s*([!#$&+.\w^`{|}~-]+)=(?:"([^"\\]*)"|([^\s"();\\]+))\s*(?:;|$)/y;

/** The form nearly all programs write, in a tenth of the time: no comments, escapes, continuations and duplicates. */
function parsePlain(text: string): ParameterizedValue | undefined {
  const head = text.length > MAX_PLAIN ? null : HEAD.exec(text);
  if (head === null) return undefined;
  const params = new Map<string, string>();
  let at = head[0].length;
  while (at < text.length) {
    PLAIN_PARAMETER.lastIndex = at;
    const match = PLAIN_PARAMETER.exec(text);
    const name = match?.[1]?.toLowerCase();
    if (name === undefined || params.has(name)) return undefined;
    params.set(name, decodeWords(match?.[2] ?? match?.[3] ?? ''));
    at = PLAIN_PARAMETER.lastIndex;
  }
  return { value: (head[1] as string).trim().toLowerCase(), params, defects: NONE };
}

const NONE: readonly Defect[] = [];

function parseAny(text: string): ParameterizedValue {
  const defects: Defect[] = [];
  const [head = '', ...items] = splitOutsideQuotes(text, defects);
  const plain = new Map<string, string>();
  const pieces = new Map<string, Map<number, Piece>>();
  for (const item of items) {
    const equals = item.indexOf('=');
    if (item.trim() === '') continue;
    if (equals < 0) {
      note(defects, { code: 'bad-parameter' });
      continue;
    }
    const name = item.slice(0, equals).trim().toLowerCase();
    const value = unquote(item.slice(equals + 1).trim());
    const extended = /^([^*]+)(?:\*(\d{1,4}))?(\*?)$/.exec(name);
    if (extended === null || (extended[2] === undefined && extended[3] === '')) {
      if (plain.has(name)) note(defects, { code: 'duplicate-parameter' });
      else plain.set(name, decodeWords(value));
      continue;
    }
    const [, base = '', number = '0', star] = extended;
    const list = pieces.get(base) ?? new Map<number, Piece>();
    if (list.has(Number(number))) note(defects, { code: 'duplicate-parameter' });
    else list.set(Number(number), { value, encoded: star === '*' });
    pieces.set(base, list);
  }
  for (const [name, list] of pieces) plain.set(name, joinPieces(list, defects) ?? plain.get(name) ?? '');
  return { value: head.trim().toLowerCase(), params: plain, defects };
}

interface Piece {
  readonly value: string;
  readonly encoded: boolean;
}

/** Splits at semicolons outside quotes and comments; the comments are left out. */
function splitOutsideQuotes(text: string, defects: Defect[]): string[] {
  const items: string[] = [];
  const special = /["();\\]/g;
  let [item, start, depth, quoted] = ['', 0, 0, false];
  // `test` makes no object of what it finds, of which there may be a million.
  while (special.test(text)) {
    const at = special.lastIndex - 1;
    const found = text[at];
    if (found === '\\') special.lastIndex = at + (quoted || depth > 0 ? 2 : 1);
    else if (found === '"') quoted = depth === 0 ? !quoted : quoted;
    else if (quoted) continue;
    else if (found === '(') {
      if (depth++ === 0) item += text.slice(start, at);
    } else if (found === ')') {
      if (depth > 0 && --depth === 0) start = at + 1;
    } else if (depth === 0) {
      items.push(item + text.slice(start, at));
      [item, start] = ['', at + 1];
      if (items.length > MAX_PARAMETERS) {
        note(defects, { code: 'too-many-parameters' });
        return items;
      }
    }
  }
  items.push(depth > 0 ? item : item + text.slice(start));
  return items;
}

/** Searched from mark to mark: a regular expression for the whole of it runs out of stack on megabytes. */
function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  const mark = /["\\]/g;
  const pieces: string[] = [];
  let [start, end] = [1, value.length];
  mark.lastIndex = start;
  while (mark.test(value)) {
    const at = mark.lastIndex - 1;
    if (value[at] === '"') {
      end = at;
      break;
    }
    if (at > start) pieces.push(value.slice(start, at));
    start = at + 1;
    mark.lastIndex = start + 1;
  }
  pieces.push(value.slice(start, end));
  return pieces.join('');
}

function joinPieces(list: Map<number, Piece>, defects: Defect[]): string | undefined {
  const first = list.get(0);
  if (first === undefined) {
    note(defects, { code: 'missing-parameter-piece' });
    return undefined;
  }
  const label = first.encoded ? /^([^']*)'[^']*'/.exec(first.value) : null;
  const octets: Buffer[] = [];
  let taken = 0;
  for (let piece: Piece | undefined = first; piece !== undefined; piece = list.get(taken)) {
    const value = taken === 0 ? piece.value.slice(label?.[0].length ?? 0) : piece.value;
    octets.push(piece.encoded ? percentDecode(value) : Buffer.from(value));
    taken += 1;
  }
  if (taken < list.size) note(defects, { code: 'missing-parameter-piece' });
  return decodeText(Buffer.concat(octets), label?.[1] || 'utf-8').text;
}

function percentDecode(value: string): Buffer {
  const octets = Buffer.from(value)
    .toString('latin1')
    .replace(/%([0-9A-Fa-f]{2})/g, (_: string, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(octets, 'latin1');
}

/**
 * Writes one parameter as pieces for `foldField`, each starting with no semicolon and ending with none.
 *
 * A token or a short ASCII text stands as it is. Anything else is written extended as UTF-8, followed by an ASCII
 * stand-in (`filename="R_sum_.pdf"`) for programs that do not know RFC 2231. The extended form comes first: readers that
 * take the first of two, as Python's do, then take the right one. No value is ever written with a backslash, because
 * programs disagree on it.
 *
 * @param value already checked by `checkText`.
 */
export function parameterPieces(name: string, value: string): string[] {
  if (TOKEN.test(value)) return [`${name}=${value}`];
  const standIn = value.replace(/[^ -~]|["\\]/gu, '_').slice(0, MAX_PLAIN_VALUE);
  if (standIn === value && !value.includes('=?')) return [`${name}="${value}"`];
  return [...extendedPieces(name, value), `${name}="${standIn.replaceAll('=?', '=_')}"`];
}

function extendedPieces(name: string, value: string): string[] {
  const pieces: string[] = [];
  let piece = "utf-8''";
  for (const character of value) {
    const encoded = SAFE.test(character) ? character : percentEncode(character);
    if (piece.length + encoded.length > MAX_PIECE) {
      pieces.push(piece);
      piece = '';
    }
    piece += encoded;
  }
  pieces.push(piece);
  if (pieces.length === 1) return [`${name}*=${piece}`];
  return pieces.map((part, index) => `${name}*${index}*=${part}`);
}

function percentEncode(character: string): string {
  return Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '%$&');
}
