/** Messages to be read in the benchmarks: the shapes most mail has, made here and the same in every run; and the corpus. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { random } from '../../test/support/random.ts';

export interface MessageSet {
  readonly name: string;
  readonly messages: readonly Buffer[];
}

const CORPUS = '../shared/corpus';
const EACH = 20;

const WORDS =
  'the report of this week is attached; please read it before Monday, and answer with what is missing'.split(' ');

function words(next: () => number, count: number): string {
  let line = '';
  let text = '';
  for (let at = 0; at < count; at++) {
    line += `${WORDS[Math.floor(next() * WORDS.length)]} `;
    if (line.length < 66) continue;
    text += `${line.trimEnd()}\r\n`;
    line = '';
  }
  return text + line.trimEnd();
}

function base64(next: () => number, octets: number): string {
  const bytes = Buffer.from(Array.from({ length: octets }, () => Math.floor(next() * 256)));
  return bytes.toString('base64').replace(/.{76}/g, '$&\r\n');
}

/** What a message has gathered on its way: most of the header of real mail. */
function header(next: () => number, number: number, type: string): string {
  const hop = (at: number): string =>
    `Received: from mx${at}.example.net (mx${at}.example.net [192.0.2.${at}])\r\n\tby in${at}.example.org (Postfix) with ESMTPS id ${number}AB${at}\r\n\tfor <ann@example.org>; Mon, 23 Nov 2026 13:3${at}:00 +0100 (CET)\r\n`;
  return [
    'Return-Path: <bounce@example.net>\r\nDelivered-To: ann@example.org\r\n',
    ...[1, 2, 3].map(hop),
    `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.net; s=s1;\r\n\th=from:to:subject:date; bh=${base64(next, 32)};\r\n\tb=${base64(next, 54)}\r\n\t ${base64(next, 54)}\r\n`,
    `From: =?UTF-8?Q?M=C3=BCller=2C_Zo=C3=AB?= <zoe@example.net>\r\nTo: Ann Example <ann@example.org>, bob@example.org\r\nCc: Carol <carol@example.com>\r\n`,
    `Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?= number ${number}\r\nDate: Mon, 23 Nov 2026 13:36:00 +0100\r\n`,
    `Message-ID: <${number}.${Math.floor(next() * 1e9)}@example.net>\r\nIn-Reply-To: <1@example.org>\r\nReferences: <0@example.org>\r\n <1@example.org>\r\n`,
    `User-Agent: Example 1.0\r\nX-Spam-Status: No, score=-1.9\r\nMIME-Version: 1.0\r\nContent-Type: ${type}\r\n`,
  ].join('');
}

const PLAIN = 'text/plain; charset=utf-8';
const HTML = 'Content-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n';

function quotedHtml(next: () => number): string {
  const row = (): string => `<tr><td style=3D"color:#333">${words(next, 20)} =C3=A9</td></tr>=\r\n`;
  return `<html><body><table>${Array.from({ length: 25 }, row).join('')}</table></body></html>\r\n`;
}

function alternative(next: () => number, boundary: string): string {
  const parts = [`Content-Type: ${PLAIN}\r\n\r\n${words(next, 200)}`, `${HTML}${quotedHtml(next)}`];
  return `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
}

function attachment(next: () => number): string {
  return `Content-Type: application/pdf; name="report.pdf"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="report.pdf"\r\n\r\n${base64(next, 30_000)}`;
}

const SHAPES: Readonly<Record<string, (next: () => number, number: number) => string>> = {
  plain: (next, number) => `${header(next, number, PLAIN)}\r\n${words(next, 250)}\r\n`,
  alternative: (next, number) =>
    `${header(next, number, 'multipart/alternative; boundary="=_a"')}\r\n${alternative(next, '=_a')}`,
  attachment: (next, number) =>
    `${header(next, number, 'multipart/mixed; boundary="=_m"')}\r\n--=_m\r\nContent-Type: ${PLAIN}\r\n\r\n${words(next, 100)}\r\n--=_m\r\n${attachment(next)}\r\n--=_m--\r\n`,
  nested: (next, number) =>
    `${header(next, number, 'multipart/mixed; boundary="=_m"')}\r\n--=_m\r\nContent-Type: multipart/alternative; boundary="=_a"\r\n\r\n${alternative(next, '=_a')}--=_m\r\nContent-Type: message/rfc822\r\n\r\n${header(next, number, PLAIN)}\r\n${words(next, 100)}\r\n--=_m--\r\n`,
};

/** Of each shape as many, and the messages of the corpus where it is here. */
export function messageSets(): MessageSet[] {
  const sets = Object.entries(SHAPES).map(([name, make], at) => {
    const next = random(at + 1);
    return { name, messages: Array.from({ length: EACH }, (_, number) => Buffer.from(make(next, number))) };
  });
  return existsSync(CORPUS) ? [...sets, { name: 'corpus', messages: corpus() }] : sets;
}

function corpus(): Buffer[] {
  return readdirSync(CORPUS, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && (/\.(?:eml|msg)$/.test(entry.name) || entry.parentPath.endsWith('jsmime')))
    .filter((entry) => entry.name !== 'LICENSE')
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
}

/** A message with one attachment of so many octets, in base64. */
export function withAttachment(octets: number): Buffer {
  const block = base64(random(7), 57_000);
  const head = `Subject: large\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=large.bin\r\n\r\n`;
  return Buffer.from(`${head}${block.repeat(Math.ceil(octets / 57_000))}--b--\r\n`);
}

/** A message of so many octets of HTML in quoted-printable. */
export function withQuotedText(octets: number): Buffer {
  const block = quotedHtml(random(8));
  return Buffer.from(`Subject: large\r\n${HTML}${block.repeat(Math.ceil(octets / block.length))}`);
}
