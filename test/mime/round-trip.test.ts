/** Whatever is composed is read back the same: by us, whatever the form and the chunks, and by mailparser and postal-mime. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { simpleParser } from 'mailparser';
import PostalMime from 'postal-mime';
import { type Address, makeAddress } from '../../src/mime/address.ts';
import { compose } from '../../src/mime/compose.ts';
import type { Draft } from '../../src/mime/draft.ts';
import { extractPart } from '../../src/mime/extract.ts';
import { readMessage } from '../../src/mime/message.ts';
import { collect, stream } from '../../src/mime/support.test.ts';

const isLine = (text: string) => !/[\p{Cc}\u2028\u2029]/u.test(text) && text === text.trim() && text.isWellFormed();
const grapheme = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 });
const line = fc
  .string({ unit: fc.oneof(grapheme, fc.constantFrom(' ', '"', '\\', ',', '=?', '?=', 'é', '日本', "'", '<', ';')) })
  .filter(isLine);
const name = line.filter((text) => text !== '');
const local = fc.string({ unit: fc.constantFrom('a', 'b', '.', '+', ' ', '"', '1'), minLength: 1, maxLength: 20 });
const address = fc
  .tuple(line, local.filter(isLine))
  .map(([display, part]) => makeAddress(display, part, 'example.org'));
const id = fc.stringMatching(/^[a-z0-9.]{1,30}$/).map((word) => `<${word}@example.org>`);
const body = fc
  .array(
    fc.string({ unit: fc.oneof(grapheme, fc.constantFrom(' ', '\t', '.', '--', 'From ', '=', '>')), maxLength: 200 }),
  )
  .map((lines) => lines.map((each) => each.replace(/[^\P{Cc}\t]|[\u2028\u2029]/gu, '').toWellFormed()).join('\n'));
const file = fc.record({ name, octets: fc.uint8Array({ maxLength: 400 }) });

const draft = fc.record({
  from: address,
  to: fc.array(address, { maxLength: 4 }),
  cc: fc.array(address, { maxLength: 2 }),
  replyTo: address,
  subject: line,
  text: body,
  html: fc.option(body, { nil: undefined }),
  messageId: id,
  inReplyTo: id,
  references: fc.array(id, { maxLength: 5 }),
  seconds: fc.integer({ min: 0, max: 4_000_000_000 }),
  files: fc.array(file, { maxLength: 3 }),
});
type Generated = typeof draft extends fc.Arbitrary<infer T> ? T : never;

function draftOf({ seconds, files, html, ...rest }: Generated): Draft {
  return {
    ...rest,
    ...(html === undefined ? {} : { html }),
    date: new Date(seconds * 1000),
    attachments: files.map(({ name: fileName, octets }) => ({ name: fileName, open: () => stream(octets, [11]) })),
  };
}

/** What goes out ends in a line end. */
const lines = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
const shown = (list: readonly Address[]) => list.map(({ name: display, address: where }) => [display, where]);

test('we read what we composed, in every form and in any chunks', async () => {
  await fc.assert(
    fc.asyncProperty(
      draft,
      fc.constantFrom('7bit', '8bit', 'binary' as const),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }),
      async (generated, form, sizes) => {
        const composed = compose(draftOf(generated));
        const octets = await collect((form === '7bit' ? composed : composed.encode(form)).chunks());
        const message = await readMessage(stream(octets, sizes));
        assert.deepEqual(message.defects, []);
        assert.equal(message.subject, generated.subject);
        for (const field of ['to', 'cc'] as const) assert.deepEqual(shown(message[field]), shown(generated[field]));
        assert.deepEqual(shown([...message.from, ...message.replyTo]), shown([generated.from, generated.replyTo]));
        assert.equal(message.date?.getTime(), generated.seconds * 1000);
        assert.deepEqual([message.messageId, message.inReplyTo], [generated.messageId, generated.inReplyTo]);
        assert.deepEqual(message.references, generated.references);
        assert.equal(message.text, lines(generated.text));
        assert.equal(message.html, generated.html === undefined ? undefined : lines(generated.html));
        assert.deepEqual(
          message.attachments.map(({ fileName }) => fileName),
          generated.files.map((each) => each.name),
        );
        for (const [at, { number }] of message.attachments.entries()) {
          const taken: Uint8Array[] = [];
          await extractPart(stream(octets, sizes), number, (chunk) => void taken.push(Buffer.from(chunk)));
          assert.deepEqual(Buffer.concat(taken), Buffer.from(generated.files[at]?.octets ?? []));
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('flowed text is read as it was written, but for white space at the ends of its lines', async () => {
  await fc.assert(
    fc.asyncProperty(body, async (text) => {
      const written = text
        .split('\n')
        .map((each) => each.replace(/^[>\s]+|\s+$/gu, ''))
        .join('\n');
      const from = makeAddress('', 'a', 'example.org');
      const octets = await collect(compose({ from, to: [from], text: written, flowed: true }).chunks());
      assert.equal((await readMessage(octets)).text, lines(written));
    }),
    { numRuns: 100 },
  );
});

test('mailparser and postal-mime read the same subject, names, addresses and files', async () => {
  await fc.assert(
    fc.asyncProperty(draft, async (generated) => {
      const octets = await collect(compose(draftOf(generated)).chunks());
      const expected = generated.files.map((each) => [each.name, Buffer.from(each.octets).toString('hex')]);
      const first = await simpleParser(octets, { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true });
      assert.equal(first.subject ?? '', generated.subject);
      assert.deepEqual(
        first.attachments.map(({ filename, content }) => [filename, content.toString('hex')]),
        expected,
      );
      const second = await PostalMime.parse(octets);
      assert.equal(second.subject ?? '', generated.subject);
      assert.deepEqual(
        second.attachments.map(({ filename, content }) => [
          filename,
          Buffer.from(content as ArrayBuffer).toString('hex'),
        ]),
        expected,
      );
    }),
    { numRuns: 100 },
  );
});
