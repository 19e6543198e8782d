/**
 * The text of an answer: who wrote what, quoted; and of a forwarded message, its header above it.
 *
 * Why: what is quoted is a stranger's text on its way into our own message, so it is lines of text and nothing else: no
 * control character survives, and what is quoted is bounded. Lines are left as they are but for those that no reader would
 * see in one piece; they are broken at spaces, with their quote marks. The words are the same in every locale.
 */

import { type Address, formatAddress } from './address.ts';
import { plainLines, shortened } from './plain-text.ts';
import type { Summary } from './summary.ts';

/** In characters; what is longer is quoted up to here. What is passed on is passed on whole. */
const MAX_QUOTE = 100_000;
/** A line longer than the first is a paragraph, and is broken into lines no longer than the second. */
const LONG_LINE = 100;
const WIDTH = 74;
/** The most people that one line names, and the most characters of a name. */
const MAX_NAMED = 20;
const MAX_NAME = 100;

/** The text of an answer, to write below. @param text of the message, without its formatting; undefined for none. */
export function quote(message: Pick<Summary, 'from' | 'date'>, text: string | undefined): string {
  const lines = readable(withoutSignature(text ?? '')).trim();
  if (lines === '') return '';
  const quoted = bounded(lines)
    .split('\n')
    .flatMap((line) => quotedLine(line.trimEnd()));
  return `${attribution(message)}\n${quoted.join('\n')}\n`;
}

/** `On 2026-01-05 10:11, Ann <ann@example.org> wrote:`, in the time of this machine; what is not known is left out. */
function attribution({ from, date }: Pick<Summary, 'from' | 'date'>): string {
  const who = people(from) || 'somebody';
  const when = day(date);
  return when === undefined ? `${capital(who)} wrote:` : `On ${when}, ${who} wrote:`;
}

/** A message as it is forwarded within a text: its header, then its text. */
export function forwarded(message: Pick<Summary, 'from' | 'to' | 'cc' | 'date' | 'subject'>, text = ''): string {
  const rows = [
    ['From', people(message.from)],
    ['To', people(message.to)],
    ['Cc', people(message.cc)],
    ['Date', day(message.date) ?? ''],
    ['Subject', shortened(oneLine(message.subject), 5 * MAX_NAME)],
  ].filter(([, value]) => value !== '');
  const header = rows.map(([name, value]) => `${name}: ${value}`);
  return ['---------- Forwarded message ----------', ...header, '', readable(text).trimEnd(), ''].join('\n');
}

function readable(text: string): string {
  return plainLines(text).toWellFormed();
}

function oneLine(text: string): string {
  return readable(text).replaceAll(/[\n\t]+/g, ' ');
}

/** Without what stands below the last signature mark. Some programs take the space off its end. */
function withoutSignature(text: string): string {
  const lines = text.split('\n');
  const at = lines.findLastIndex((line) => /^-- \r?$/.test(line));
  return at < 0 ? text : lines.slice(0, at).join('\n');
}

function bounded(text: string): string {
  if (text.length <= MAX_QUOTE) return text;
  const end = text.lastIndexOf('\n', MAX_QUOTE);
  return `${text.slice(0, end < 0 ? MAX_QUOTE : end).toWellFormed()}\n[…]`;
}

/** Quoted once more: marks that are there already stay close together, as `>> `. */
function quotedLine(line: string): string[] {
  const [marks = '', content = ''] = /^((?:> ?)*)(.*)$/s.exec(line)?.slice(1) ?? [];
  const prefix = `>${marks.replaceAll(' ', '')}`;
  if (content === '') return [prefix];
  return (content.length > LONG_LINE ? broken(content) : [content]).map((piece) => `${prefix} ${piece}`);
}

/** Broken at spaces; a word that is longer stays whole. */
function broken(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].filter((each) => each.trim() !== '');
}

function people(addresses: readonly Address[]): string {
  const shown = addresses.slice(0, MAX_NAMED).map((address) => {
    return oneLine(formatAddress({ ...address, name: shortened(address.name, MAX_NAME) }));
  });
  return shown.join(', ') + (addresses.length > MAX_NAMED ? ', …' : '');
}

function day(date: Date | undefined): string | undefined {
  if (date === undefined || Number.isNaN(date.getTime())) return undefined;
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}

function capital(text: string): string {
  return text === 'somebody' ? 'Somebody' : text;
}
