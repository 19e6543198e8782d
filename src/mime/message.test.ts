import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { makeAddress } from './address.ts';
import { readableText } from './bodies.ts';
import { compose } from './compose.ts';
import type { Attachment } from './draft.ts';
import { extractPart, extractParts } from './extract.ts';
import { readMessage } from './message.ts';
import { readHeaders } from './summary.ts';
import { collect, stream } from './support.test.ts';

const read = (text: string, options = {}) => readMessage(stream(Buffer.from(text.replaceAll('\n', '\r\n'))), options);

async function extract(octets: Uint8Array, number: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  await extractPart(stream(octets, [1000]), number, (chunk) => void chunks.push(Buffer.from(chunk)));
  return Buffer.concat(chunks);
}

const clean = (unit: fc.Arbitrary<string>) => fc.string({ unit }).filter((text) => !/[\p{Cc}\u2028\u2029]/u.test(text));
const line = clean(
  fc.oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }), fc.constantFrom(' ', '"', '=?', 'é', ',')),
);
const text = fc.string({
  unit: fc.constantFrom('a', ' ', '\n', '\t', '.', 'é', '日本', '=', '\u0000', 'x'.repeat(200), '--', 'From '),
});

test('what is composed is read back', async () => {
  const attachment = fc.record({ name: line, octets: fc.uint8Array({ maxLength: 300 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        subject: line,
        name: line,
        text,
        html: fc.option(text, { nil: undefined }),
        files: fc.array(attachment, { maxLength: 3 }),
      }),
      async ({ subject, name, text, html, files }) => {
        const attachments = files.map(({ name, octets }): Attachment => ({ name, open: () => stream(octets, [7]) }));
        const author = makeAddress(name, 'ann', 'example.org');
        const octets = await collect(
          compose({ from: author, subject, text, ...(html === undefined ? {} : { html }), attachments }),
        );
        const message = await readMessage(stream(octets, [37]));
        assert.deepEqual(message.defects, []);
        assert.equal(message.subject.trim(), subject.trim());
        assert.equal(message.from[0]?.name.trim(), name.trim());
        const lines = (value: string) => (value === '' || value.endsWith('\n') ? value : `${value}\n`);
        assert.equal(message.text, lines(text));
        assert.equal(message.html, html === undefined ? undefined : lines(html));
        assert.deepEqual(
          message.attachments.map((part) => [part.fileName, part.size]),
          files.map((file) => [file.name, file.octets.length]),
        );
        assert.equal(message.size, octets.length);
        for (const [index, part] of message.attachments.entries()) {
          assert.deepEqual(await extract(octets, part.number), Buffer.from(files[index]?.octets ?? []));
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('the text to read is put together from the parts that are text', async () => {
  const mixed = 'Content-Type: multipart/mixed; boundary=b\n\n--b\n';
  const alternative =
    'Content-Type: multipart/alternative; boundary=c\n\n--c\n\nplain\n\n--c\nContent-Type: text/html\n\n<p>html</p>\n--c--\n';
  assert.equal((await read(alternative)).text, 'plain\n');
  assert.equal((await read(alternative)).html, '<p>html</p>');
  assert.equal((await read(`${mixed}${alternative}\n--b\n\nfooter\n--b--`)).text, 'plain\nfooter');
  const html = await read('Content-Type: text/html\n\n<b>x</b> &amp; y');
  assert.deepEqual([html.text, html.html, await readableText(html)], [undefined, '<b>x</b> &amp; y', 'x & y']);
  const list = await read(`${mixed}Content-Type: text/html\n\n<b>x\n--b\nContent-Type: text/html\n\n</b>z`);
  assert.equal(await readableText(list), 'x\nz');
  const footer = await read(`${mixed}Content-Type: text/html\n\n<p>news</p>\n--b\n\nfooter\n--b--`);
  assert.deepEqual([footer.text, await readableText(footer)], ['footer', 'news\nfooter']);
  assert.equal(await readableText(await read(`${mixed}Content-Type: image/png\n\nx`)), undefined);
  assert.equal((await read(`${mixed}Content-Disposition: attachment\n\nno\n--b--`)).text, undefined);
  assert.equal((await read('Content-Type: multipart/mixed; boundary=b\n\nlost')).text, 'lost');
  assert.equal((await read('Content-Type: multipart/mixed\n\n--x\nopaque')).text, '--x\nopaque');
  assert.equal((await read(`${mixed}Content-Type: message/rfc822\n\nSubject: in\n\ninner\n--b--`)).text, undefined);
});

test('an embedded message is one attachment, and can be saved as it stands', async () => {
  const text =
    'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n';
  const inner = 'Subject: in\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\none\r\n--c--\r\n';
  const octets = Buffer.from(`${text}${inner}\r\n--b--\r\n`);
  const message = await readMessage(stream(octets));
  assert.deepEqual(
    message.parts.map((part) => part.number),
    ['1', '2', '2.1'],
  );
  assert.deepEqual(
    message.attachments.map((part) => [part.number, part.size]),
    [['2', inner.length]],
  );
  assert.equal((await extract(octets, '2')).toString(), inner);
  assert.equal((await extract(octets, '2.1')).toString(), 'one');
  await assert.rejects(extract(octets, '3'), { code: 'no-such-part' });
});

test('charsets: named, forgotten, unknown, rare', async () => {
  const part = (charset: string, octets: number[]) =>
    readMessage(
      stream(Buffer.concat([Buffer.from(`Content-Type: text/plain${charset}\r\n\r\n`), Buffer.from(octets)])),
    );
  assert.equal((await part('; charset=iso-8859-15', [0xa4])).text, '€');
  assert.equal((await part('; charset=cp850', [0x82])).text, 'é');
  const forgotten = await part('', [0xe9]);
  assert.equal(forgotten.text, 'é');
  assert.deepEqual(
    forgotten.defects.map((defect) => defect.code),
    ['bad-charset'],
  );
  assert.equal((await part('; charset=nonsense', [0xc3, 0xa9])).text, 'é');
});

test('a charset is seen wherever its word is cut, also where a header is looked at in pieces', async () => {
  const word = '=?x-none?q?a?=';
  const short = Buffer.from(`Subject: ${word}\n\n`);
  for (let at = 1; at < short.length; at++) {
    const { defects } = await readMessage(stream(short, [at, short.length]));
    assert.deepEqual(defects, [{ code: 'unknown-charset', offset: 0, part: '1' }], `cut at ${at}`);
  }
  for (let length = 2000; length < 2060; length++) {
    const { defects } = await readMessage(Buffer.from(`X: ${'x'.repeat(length)}\nSubject: ${word}\n\n`));
    assert.equal(defects[0]?.code, 'unknown-charset', `behind ${length}`);
  }
});

test('the text kept is capped, the sizes are not', async () => {
  const message = await read(`\n${'x'.repeat(1000)}`, { maxText: 10 });
  assert.equal(message.text, 'x'.repeat(10));
  assert.equal(message.parts[0]?.size, 1000);
  assert.deepEqual(
    message.defects.map((defect) => defect.code),
    ['text-truncated'],
  );
});

test('nothing decoded from a header can forge another', async () => {
  const hostile =
    'Subject: =?utf-8?Q?Hi=0D=0ABcc:=20evil@x.test?=\nFrom: =?utf-8?q?A=00=0Ab?= <a@x.test>\nMessage-ID: <a b@x> <ok@x>\nReferences: <a@x>\n <=?utf-8?q?=0D=0A?=> junk <b@x>\n\n';
  const { subject, from, messageId, references, headers } = await read(hostile);
  assert.equal(subject, 'Hi Bcc: evil@x.test');
  assert.equal(from[0]?.name, 'A b');
  assert.equal(messageId, '<ok@x>');
  assert.deepEqual(references, ['<a@x>', '<=?utf-8?q?=0D=0A?=>', '<b@x>']);
  assert.equal(headers.get('subject'), subject);
  compose({ from, to: from, subject: `Re: ${subject}`, inReplyTo: messageId ?? '', references });
});

test('a listing reads only the header', async () => {
  const text =
    'Subject: =?utf-8?q?caf=C3=A9?=\r\nFrom: Ann <ann@x.test>\r\nDate: Mon, 23 Nov 2026 13:36:00 +0100\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n';
  let pulled = 0;
  async function* source() {
    for (const chunk of [text.slice(0, 20), text.slice(20), 'body', 'more']) {
      pulled += 1;
      yield Buffer.from(chunk);
    }
  }
  const summary = await readHeaders(source());
  assert.equal(pulled, 2);
  assert.equal(summary.subject, 'café');
  assert.equal(summary.from[0]?.address, 'ann@x.test');
  assert.equal(summary.date?.toISOString(), '2026-11-23T12:36:00.000Z');
  assert.equal(summary.hasAttachments, true);
  assert.deepEqual(await readHeaders(Buffer.from(text)), summary);
});

const CORPUS = '../shared/corpus';

test('reads every message of the corpus', { skip: !existsSync(CORPUS) && 'the corpus is not here' }, async () => {
  const files = readdirSync(CORPUS, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  assert.ok(files.length > 100);
  for (const entry of files) {
    const octets = readFileSync(`${entry.parentPath}/${entry.name}`);
    const whole = await readMessage(stream(octets));
    assert.deepEqual(await readMessage(stream(octets, [1, 7, 300])), whole, entry.name);
    assert.ok(whole.date === undefined || Number.isFinite(whole.date.getTime()));
    for (const part of whole.parts)
      assert.equal((await extract(octets, part.number)).length, part.size, `${entry.name} ${part.number}`);
  }
});

test('a listing stops in a header without end, and a block without end keeps its first fields', async () => {
  let asked = 0;
  const endless = async function* () {
    for (;;) {
      asked += 1;
      yield Buffer.from(`Subject: here\r\nX-${asked}: ${'x'.repeat(1000)}\r\n`);
    }
  };
  assert.equal((await readHeaders(endless(), 50_000)).subject, 'here');
  assert.ok(asked < 60, String(asked));
  const { headers, defects } = await readMessage(stream(Buffer.from(`Subject: a\r\n${'b: c\r\n'.repeat(20_000)}\r\n`)));
  assert.deepEqual([headers.fields.length, headers.get('subject')], [10_000, 'a']);
  assert.deepEqual(
    defects.map(({ code }) => code),
    ['too-many-fields'],
  );
  const many = await readHeaders(Buffer.from('To: a@b, c@d\r\n'.repeat(9_000)));
  assert.ok(many.to.length <= 20_000);
});

test('several parts come out in one reading, each with its end', async () => {
  const part = (text: string) =>
    `--b\nContent-Type: application/x\nContent-Transfer-Encoding: base64\n\n${btoa(text)}\n`;
  const message = `Content-Type: multipart/mixed; boundary=b\n\n${['one', '', 'three'].map(part).join('')}--b--\n`;
  const got: string[] = [];
  let readings = 0;
  const chunks = async function* () {
    readings += 1;
    yield* stream(Buffer.from(message.replaceAll('\n', '\r\n')), [7]);
  };
  for await (const {
    part: { number },
    octets,
    last,
  } of extractParts(chunks(), ['3', '2', '9']))
    got.push(`${number}:${Buffer.from(octets).toString()}${last ? '.' : ''}`);
  assert.equal(readings, 1);
  assert.equal(got.join('').replaceAll(/(?<=\d:\w*)\d:/g, ''), '2:.3:three.');
});
