/** A message in its three forms: for ways that take lines of ASCII, lines of any octets, and any octets. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { parseRecipient, parseRecipients } from './recipient.ts';
import { compose } from './compose.ts';
import type { Attachment, Draft } from './draft.ts';
import { extractPart } from './extract.ts';
import type { DataKind } from './lines.ts';
import { readMessage } from './message.ts';
import { collect, stream } from './support.test.ts';

const KINDS: readonly DataKind[] = ['7bit', '8bit', 'binary'];
const BASE: Draft = { from: parseRecipient('ann@example.org'), to: parseRecipients('bob@example.net'), subject: 'Hi' };

function file(octets: Uint8Array, more: Partial<Attachment> = {}): Attachment {
  return { name: 'a.bin', size: octets.length, open: () => stream(octets, [7]), ...more };
}

/** The transfer encodings a form names, from its header on. */
async function encodings(draft: Draft, most: DataKind): Promise<string> {
  const text = (await collect(compose(draft).encode(most).chunks())).toString('latin1');
  return Array.from(text.matchAll(/^Content-Transfer-Encoding: (\S+)/gm), ([, name]) => name).join(' ');
}

suite('a message', () => {
  test('is the same message in each form, and as long as it says', async () => {
    const content = fc.record({ text: fc.string({ unit: 'grapheme', maxLength: 60 }), octets: fc.uint8Array() });
    await fc.assert(
      fc.asyncProperty(content, async ({ text, octets }) => {
        const message = compose({ ...BASE, text, attachments: [file(octets)] });
        const texts = new Set<string | undefined>();
        for (const kind of KINDS) {
          const form = message.encode(kind);
          const whole = await collect(form.chunks());
          assert.deepEqual(
            [form.messageId, form.envelope, form.size, form.isBinary, form.exactLines],
            [message.messageId, message.envelope, whole.length, kind === 'binary', kind !== 'binary'],
          );
          assert.equal(form.has8bit || form.isBinary, form.isBinary || whole.some((octet) => octet > 127));
          texts.add((await readMessage(stream(whole, [100]))).text);
          const chunks: Uint8Array[] = [];
          await extractPart(stream(whole, [50]), '2', (chunk) => void chunks.push(Buffer.from(chunk)));
          assert.deepEqual(Buffer.concat(chunks), Buffer.from(octets));
        }
        assert.equal(texts.size, 1);
      }),
      { numRuns: 50 },
    );
  });

  test('says what each part is, and what holds it', async () => {
    const plain = { ...BASE, text: 'plain' };
    const umlaut = { ...BASE, text: 'Viele herzliche Grüße' };
    const cyrillic = { ...BASE, text: 'Привет' };
    const attachments = [file(Buffer.from('\n\0'))];
    const long = { ...BASE, text: 'ü'.repeat(600) };
    const odd = { ...BASE, text: 'an odd ü\x07' };
    const rows: [draft: Draft, ascii: string, eightBit: string, binary: string][] = [
      [plain, '7bit', '7bit', '7bit'],
      [umlaut, 'quoted-printable', '8bit', '8bit'],
      [cyrillic, 'base64', '8bit', '8bit'],
      [long, 'base64', 'base64', 'base64'],
      [odd, 'quoted-printable', 'quoted-printable', 'quoted-printable'],
      [{ ...plain, attachments }, '7bit base64', '7bit base64', 'binary 7bit binary'],
      [{ ...umlaut, attachments }, 'quoted-printable base64', '8bit 8bit base64', 'binary 8bit binary'],
      [
        { ...umlaut, html: '<p>Viele herzliche Grüße</p>' },
        'quoted-printable quoted-printable',
        '8bit 8bit 8bit',
        '8bit 8bit 8bit',
      ],
    ];
    for (const [draft, ...expected] of rows) {
      assert.deepEqual(await Promise.all(KINDS.map((kind) => encodings(draft, kind))), expected);
    }
  });

  test('needs of a server only what is in it', () => {
    const needs = (draft: Draft, most: DataKind): string => {
      const { has8bit, isBinary, needsUtf8 } = compose(draft).encode(most);
      return `${has8bit} ${isBinary} ${needsUtf8}`;
    };
    assert.equal(needs({ ...BASE, text: 'plain' }, 'binary'), 'false false false');
    assert.equal(needs({ ...BASE, text: 'Grüße' }, '7bit'), 'false false false');
    assert.equal(needs({ ...BASE, text: 'Grüße' }, 'binary'), 'true false false');
    assert.equal(needs({ ...BASE, attachments: [file(Buffer.from('x'))] }, 'binary'), 'false true false');
    assert.equal(needs({ ...BASE, attachments: [file(Buffer.from('x'))] }, '8bit'), 'false false false');
  });

  test('has the same octets at every attempt, in every form', async () => {
    const message = compose({ ...BASE, text: 'ü', attachments: [file(Buffer.from('x'))] });
    for (const kind of KINDS) {
      const form = message.encode(kind);
      assert.equal(form, message.encode(kind).encode(kind));
      assert.deepEqual(await collect(form), await collect(form.chunks()));
    }
    assert.equal(message.encode('binary').encode('7bit'), message);
  });

  test('ends before its last octets when a binary attachment changed', async () => {
    for (const size of [2, 4]) {
      const message = compose({ ...BASE, attachments: [file(Buffer.from('abc'), { size })] }).encode('binary');
      const out: Uint8Array[] = [];
      const read = async (): Promise<void> => {
        for await (const chunk of message) out.push(chunk);
      };
      await assert.rejects(read, { code: 'attachment-changed' });
      assert.ok(!Buffer.concat(out).toString().endsWith('--\r\n'));
    }
  });
});
