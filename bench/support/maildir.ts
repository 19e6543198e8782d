/**
 * A Maildir of many messages for the benchmarks: the same in every run, of the shapes most mail has, in words that are as
 * unequally common as those of a language. `node bench/support/maildir.ts FOLDER COUNT` makes one.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { random } from '../../test/support/random.ts';

const SYLLABLES =
  'ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu sa se si so su ta te ti to tu'.split(
    ' ',
  );
const VOCABULARY = 40_000;
const PEOPLE = 2_000;
/** A word that is in some of a hundred messages, to be searched for. */
export const WORD = 'kaka';
const MINUTE = 60;
/** The time of the first message, in seconds since 1970. */
const FIRST = 1_500_000_000;

function word(rank: number): string {
  let text = '';
  for (let rest = rank + SYLLABLES.length; rest > 0; rest = Math.floor(rest / SYLLABLES.length))
    text = SYLLABLES[rest % SYLLABLES.length] + text;
  return text;
}

/** Zipf's law, near enough: the rank is the vocabulary to a power that is equally likely from 0 to 1. */
function words(next: () => number, count: number): string {
  let line = '';
  let text = '';
  for (let at = 0; at < count; at++) {
    line += `${word(Math.floor(VOCABULARY ** next()))} `;
    if (line.length < 68) continue;
    text += `${line.trimEnd()}\r\n`;
    line = '';
  }
  return text + line.trimEnd();
}

const name = (at: number): string => `${word(at * 7)} ${word(at * 13 + 1)}`;
const person = (at: number): string => `${name(at)} <${word(at * 7)}.${at}@${word(at % 97)}.example>`;
/** The Message-ID of the message with this number, without brackets. */
export const messageId = (number: number): string => `${number}.${(number * 2_654_435_761) % 1_000_003}@example.net`;
const id = (number: number): string => `<${messageId(number)}>`;

/** The header: every third message begins a thread, the others answer one of the latest. */
function header(next: () => number, number: number, type: string): string {
  const answered = number % 3 === 0 ? 0 : number - 1 - Math.floor(next() * Math.min(number - 1, 8));
  const hop = (at: number): string =>
    `Received: from mx${at}.example.net (mx${at}.example.net [192.0.2.${at}])\r\n\tby in${at}.example.org (Postfix) with ESMTPS id ${number}AB${at}\r\n\tfor <ann@example.org>; Mon, 23 Nov 2026 13:3${at}:00 +0100 (CET)\r\n`;
  return [
    `Return-Path: <bounce@example.net>\r\n${hop(1)}${hop(2)}`,
    `From: ${person(Math.floor(next() * PEOPLE))}\r\nTo: Ann Example <ann@example.org>, ${person(Math.floor(next() * PEOPLE))}\r\n`,
    `Subject: ${answered > 0 ? 'Re: ' : ''}${words(next, 5)}\r\nDate: ${new Date((FIRST + number * MINUTE) * 1000).toUTCString()}\r\n`,
    `Message-ID: ${id(number)}\r\n${answered > 0 ? `In-Reply-To: ${id(answered)}\r\nReferences: ${id(answered)}\r\n` : ''}`,
    `MIME-Version: 1.0\r\nContent-Type: ${type}\r\n`,
  ].join('');
}

/** The message with this number: plain text, text and HTML, HTML alone, or text with a file. */
export function benchMessage(number: number): string {
  const next = random(number * 7919);
  const text = `${words(next, 40 + Math.floor(next() * 260))}\r\n`;
  const html = `<html><head><style>p { margin: 0 }</style></head><body><p>${text.replaceAll('\r\n', '</p>\r\n<p>')}</p></body></html>\r\n`;
  const kind = number % 10;
  if (kind < 6) return `${header(next, number, 'text/plain; charset=utf-8')}\r\n${text}`;
  if (kind === 6) return `${header(next, number, 'text/html; charset=utf-8')}\r\n${html}`;
  const inside = (type: string, body: string): string => `--b\r\nContent-Type: ${type}\r\n\r\n${body}`;
  const plain = inside('text/plain; charset=utf-8', text);
  if (kind < 9)
    return `${header(next, number, 'multipart/alternative; boundary=b')}\r\n${plain}${inside('text/html; charset=utf-8', html)}--b--\r\n`;
  const file = `application/pdf; name="${word(number)}.pdf"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="${word(number)}.pdf"`;
  const octets = Buffer.from(Array.from({ length: 9_000 }, () => Math.floor(next() * 256)));
  const body = octets.toString('base64').replace(/.{76}/g, '$&\r\n');
  return `${header(next, number, 'multipart/mixed; boundary=b')}\r\n${plain}${inside(file, `${body}\r\n`)}--b--\r\n`;
}

/** Writes messages `from` to `to` into the Maildir at `folder`: a third of them new, the others read. */
export function makeMaildir(folder: string, from: number, to: number): void {
  for (const part of ['tmp', 'new', 'cur']) mkdirSync(join(folder, part), { recursive: true, mode: 0o700 });
  for (let number = from; number <= to; number++) {
    const base = `${FIRST + number * MINUTE}.R${number.toString(16).padStart(16, '0')}.00000000`;
    const path = number % 3 === 0 ? join('new', base) : join('cur', `${base}:2,S`);
    writeFileSync(join(folder, path), benchMessage(number));
  }
}

if (import.meta.main) makeMaildir(process.argv[2] ?? '', 1, Number(process.argv[3] ?? 1000));
