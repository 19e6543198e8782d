/** What queries find, in several languages, in an index of a few messages. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { indexHome, indexed, put } from '../../test/support/indexed.ts';
import { withIndex } from './with-index.ts';
import { parseQuery } from './query.ts';

const message = (header: string, text: string): string => `${header}\nMIME-Version: 1.0\n\n${text}\n`;
const utf8 = 'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit';

/** Numbered from 1. */
const MESSAGES = [
  message(
    `From: Анна Ёлкина <anna@example.ru>\nSubject: Отчёт за год\nDate: Mon, 2 Feb 2026 10:00:00 +0000\nMessage-ID: <a@x>\n${utf8}`,
    'Ещё раз: пришлите, пожалуйста, отчёт о поездке.',
  ),
  message(
    `From: Jürgen Müller <jm@example.de>\nSubject: Straßenfest\nDate: Tue, 3 Feb 2026 10:00:00 +0000\nMessage-ID: <b@x>\nIn-Reply-To: <a@x>\nReferences: <a@x>\n${utf8}`,
    'Die Rechnungsprüfung der Donaudampfschifffahrtsgesellschaft ist fällig. Grüße',
  ),
  message(
    `From: 王小明 <wang@example.cn>\nSubject: 会议资料\nDate: Wed, 4 Feb 2026 10:00:00 +0000\nMessage-ID: <c@x>\n${utf8}`,
    '请查收明天会议的资料。東京タワーで会いましょう。',
  ),
  message(
    `From: Ann <ann@example.org>\nTo: bob@example.org\nCc: carol@example.org\nSubject: Re: =?utf-8?Q?Stra=C3=9Fenfest?=\nDate: Thu, 5 Feb 2026 10:00:00 +0000\nMessage-ID: <d@x>\nReferences: <a@x> <b@x>\nContent-Type: multipart/mixed; boundary=b`,
    '--b\nContent-Type: text/html\n\n<style>p{color:red}</style><p>The <b>annual</b> rep<i>ort</i> of Z&uuml;rich</p>\n--b\nContent-Type: application/pdf; name="Invoice 2026.pdf"\nContent-Disposition: attachment; filename="Invoice 2026.pdf"\n\nx\n--b--',
  ),
  message('From: shop@example.com\nSubject: Sale\nMessage-ID: <e@x>', `Buy now. ${'more '.repeat(3000)}`),
] as const;

const FOUND: readonly (readonly [query: string, numbers: number[], why: string])[] = [
  ['', [5, 4, 3, 2, 1], 'newest first'],
  ['отчет', [1], 'е is ё'],
  ['ОТЧЁТ', [1], 'in capitals'],
  ['from:елкина', [1], 'the name'],
  ['"отчёт о поездке"', [1], 'a phrase'],
  ['"поездке отчёт"', [], 'in this order'],
  ['поезд*', [1], 'the beginning of a word'],
  ['strassenfest', [4, 2], 'ss is ß'],
  ['STRASSENFEST', [4, 2], 'in capitals'],
  ['from:Mueller', [2], 'ue is ü'],
  ['from:muller', [2], 'without the dots'],
  ['from:Müller', [2], 'as it is written'],
  ['fallig', [2], 'without the dots'],
  ['donaudampf*', [2], 'the beginning of a compound'],
  ['donaudampf', [], 'a whole word'],
  ['会议', [3], 'a word of Chinese'],
  ['资料', [3], 'another, behind the first'],
  ['议资', [3], 'any part'],
  ['料会', [], 'but in this order'],
  ['東京', [3], 'Japanese'],
  ['タワー', [3], 'Katakana'],
  ['subject:会议', [3], 'in the subject'],
  ['body:会议', [3], 'in the body'],
  ['subject:東京', [], 'it is in the body'],
  ['annual report', [4], 'two words, of HTML'],
  ['"annual report"', [4], 'a phrase across tags'],
  ['zürich', [4], 'an entity'],
  ['color', [], 'no style sheet'],
  ['to:bob', [4], 'the recipient'],
  ['cc:carol@example.org', [4], 'an address'],
  ['to:carol', [], 'a copy is no recipient'],
  ['file:invoice', [4], 'the name of an attachment'],
  ['invoice', [4], 'found without a field too'],
  ['has:attachment', [4], 'with attachments'],
  ['-has:attachment is:unread', [5, 3, 2, 1], 'without'],
  ['larger:10k', [5], 'large'],
  ['smaller:10k', [4, 3, 2, 1], 'small'],
  ['since:2026-02-04 before:2026-02-05', [3], 'of a day'],
  ['before:2026-02-03', [5, 1], 'where there is no date it is that of the delivery'],
  ['id:2-3', [3, 2], 'by number'],
  ['id:d@x', [4], 'by Message-ID'],
  ['会议 or strassenfest', [4, 3, 2], 'either'],
  ['(会议 or strassenfest) -report', [3, 2], 'grouped'],
  ['not (会议 or strassenfest or отчёт)', [5], 'none of them'],
  ['" OR 1=1 --', [], 'a quote that is not closed'],
  ["x' OR 'a'='a", [], 'a quote of SQL'],
  ['NEAR', [], 'a word of the index'],
  ['"NEAR(a b)"', [], 'several'],
];

test('what queries find', async (t) => {
  const paths = indexHome(t);
  for (const [at, text] of MESSAGES.entries()) put(paths, `new/${1_700_000_000 + at}.a`, text);
  for (const [query, numbers, why] of FOUND)
    await t.test(`${query || 'no query'}: ${why}`, async () => assert.deepEqual(await indexed(paths, query), numbers));
});

test('a folder that is not there is told, with one that may be meant', async (t) => {
  const paths = indexHome(t);
  for (const name of ['cur', 'new', 'tmp']) mkdirSync(join(paths.maildir, '.Archive', name), { recursive: true });
  await assert.rejects(indexed(paths, 'folder:archiv'), { code: 'no-such-folder', hint: 'Did you mean Archive?' });
  await assert.rejects(indexed(paths, 'folder:x'), {
    code: 'no-such-folder',
    hint: 'The folders are: inbox, Archive.',
  });
  assert.deepEqual(await indexed(paths, 'folder:trash'), []);
});

test('a query as long as one may be is answered in time', async (t) => {
  const paths = indexHome(t);
  for (let at = 0; at < 200; at++)
    put(paths, `new/${1000 + at}.a`, `Subject: number ${at}\n\n${'a b c d e f '.repeat(500)}\n`);
  await indexed(paths, '');
  const started = performance.now();
  for (const query of ['a* '.repeat(190), `${'(a or b) '.repeat(60)}`, `"${'a b c '.repeat(1000)}"`, '-a '.repeat(190)])
    await indexed(paths, query);
  assert.ok(performance.now() - started < 20_000);
});

test('threads are whole, in whichever folders and whatever was looked for, but for the trash', async (t) => {
  const paths = indexHome(t);
  for (const folder of ['.Sent', '.Trash'])
    for (const name of ['cur', 'new', 'tmp']) mkdirSync(join(paths.maildir, folder, name), { recursive: true });
  const mail = (name: string, id: string, references: string, subject: string) =>
    put(paths, name, `Message-ID: <${id}>\nReferences: ${references}\nSubject: ${subject}\n\n`);
  mail('new/101.a', 'a', '', 'plan');
  mail('new/102.b', 'b', '', 'other');
  mail('.Sent/cur/103.c:2,S', 'c', '<a>', 'Re: plan');
  mail('.Trash/cur/104.d:2,S', 'd', '<a> <c>', 'Re: plan');
  mail('new/105.e', 'e', '<a> <c> <d>', 'Re: plan, at last');
  mail('new/106.f', 'f', '<lost>', 'f');
  mail('new/107.g', 'g', '<lost>', 'g');
  const threads = (query: string, more: object = {}) =>
    withIndex(paths, {}, async (index) => {
      await index.refresh();
      await index.read();
      const found = await index.threads({ query: parseQuery(query, new Date()), limit: 10, ...more });
      return [found.count, found.threads, ...found.messages.map(({ number, depth }) => `${depth}:${subjects[number]}`)];
    });
  const subjects = await withIndex(paths, {}, async (index) => {
    await index.refresh();
    await index.read();
    const { messages } = await index.list({ limit: 10 });
    return Object.fromEntries(messages.map(({ number, messageId }) => [number, messageId]));
  });
  const plan = ['0:<a>', '1:<c>', '2:<e>'];
  assert.deepEqual(await threads('folder:inbox'), [5, 3, '0:<f>', '0:<g>', ...plan, '0:<b>']);
  assert.deepEqual(await threads('last'), [1, 1, ...plan]);
  assert.deepEqual(await threads('plan'), [4, 1, ...plan]);
  assert.deepEqual(await threads('folder:inbox', { limit: 1, skip: 1 }), [5, 3, ...plan]);
});

test('threads that a message joins later become one, whatever the order', async (t) => {
  const paths = indexHome(t);
  const mail = (name: string, id: string, references: string) =>
    put(paths, name, `Message-ID: <${id}>\nReferences: ${references}\n\n`);
  mail('new/101.a', 'c', '<b>');
  mail('new/102.b', 'a', '');
  await indexed(paths, '');
  mail('new/103.c', 'b', '<a>');
  await indexed(paths, '');
  const found = await withIndex(paths, {}, async (index) => index.threads({ limit: 9 }));
  assert.deepEqual(
    found.messages.map(({ messageId, depth, thread }) => [messageId, depth, thread]),
    [
      ['<a>', 0, 1],
      ['<b>', 1, 1],
      ['<c>', 2, 1],
    ],
  );
});
