import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from './message.ts';
import { referredIds } from './related.ts';

const read = (text: string) => readMessage(Buffer.from(text.replaceAll('\n', '\r\n')));
const related = (params: string, ...parts: string[]) =>
  `Content-Type: multipart/related; boundary=b${params}\n\n${parts.map((part) => `--b\n${part}\n`).join('')}--b--\n`;
const IMAGE = 'Content-Type: image/png\nContent-ID: <logo@x>\nContent-Disposition: inline; filename=logo.png\n\npng';

test('the root of a multipart/related is what is read, wherever it stands', async () => {
  const [note, html] = ['Content-ID: <note@x>\n\nnote', 'Content-Type: text/html\nContent-ID: <root@x>\n\n<p>root</p>'];
  const cases: readonly [string, string | undefined, string[]][] = [
    ['', 'note', ['2 text/html']],
    ['; start="<root@x>"', undefined, ['1 text/plain']],
    ['; start=root@x', undefined, ['1 text/plain']],
    ['; start="<nobody@x>"', 'note', ['2 text/html']],
    ['; start=""', 'note', ['2 text/html']],
  ];
  for (const [params, text, attachments] of cases) {
    const message = await read(related(params, note, html));
    assert.equal(message.text, text, params);
    assert.deepEqual(
      message.attachments.map(({ number, type }) => `${number} ${type}`),
      attachments,
    );
  }
});

test('all of a root that has parts of its own is read', async () => {
  const inner =
    'Content-Type: multipart/alternative; boundary=c\n\n--c\n\nplain\n--c\nContent-Type: text/html\n\n<img src="cid:logo@x">\n--c--\n';
  const message = await read(related('; type="multipart/alternative"', inner, IMAGE));
  assert.deepEqual([message.text, message.html], ['plain', '<img src="cid:logo@x">']);
  assert.deepEqual(message.attachments, []);
  assert.deepEqual(
    message.inline.map(({ number, fileName }) => [number, fileName]),
    [['2', 'logo.png']],
  );
});

test('only an image that the HTML refers to is no attachment', async () => {
  const html = (body: string) => `Content-Type: text/html\n\n${body}`;
  const names = async (...parts: string[]) => {
    const { attachments, inline } = await read(related('', ...parts));
    return [attachments, inline].map((list) => list.map(({ fileName }) => fileName).join());
  };
  assert.deepEqual(await names(html('<img src="CID:logo%40x">'), IMAGE), ['', 'logo.png']);
  assert.deepEqual(await names(html('no image'), IMAGE), ['logo.png', '']);
  const program = IMAGE.replace('image/png', 'application/x-msdownload').replace('logo.png', 'logo.exe');
  assert.deepEqual(await names(html('<img src="cid:logo@x">'), program), ['logo.exe', '']);
});

test('ids are found in HTML of any quality', () => {
  assert.deepEqual(
    [...referredIds("<a href=cid:a@x><img src='cid:b%3Cc@x'> url(cid:d%zz@x) cid:e&amp;f cid: ")],
    ['<a@x>', '<b<c@x>', '<d%zz@x>', '<e&f>'],
  );
  assert.equal(referredIds('cid:a '.repeat(300_000)).size, 1);
});
