/**
 * What we compose, read by two programs that know nothing of us: a matrix of names, texts, encodings and sizes, in each
 * form a message has. Both must read what was written, and find nothing wrong.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAddress } from '../../src/mime/address.ts';
import { compose } from '../../src/mime/compose.ts';
import { markdownBodies } from '../../src/mime/compose-markdown.ts';
import type { Attachment, Draft } from '../../src/mime/draft.ts';
import { inspectAttachment } from '../../src/mime/inspect.ts';
import type { DataKind } from '../../src/mime/lines.ts';
import { interop } from '../support/interop.ts';
import { MIME_READERS, type ReadLeaf } from '../support/mime-readers.ts';

const TEXTS: readonly string[] = [
  'plain',
  'Grüße aus Köln',
  'Привет, мир',
  '日本語の件名',
  'שלום עולם',
  '👩‍👩‍👧 emoji 🎉',
  'a'.repeat(300),
  'word '.repeat(60).trim(),
  'ü'.repeat(400),
  'long ö '.repeat(40).trim(),
  '=?utf-8?q?not_a_word?=',
  'quotes " and \\ and (round)',
  'e\u0301 composed',
];

/**
 * Short ones: of a longer name, in several encoded-words, Python 3.11 keeps the spaces between them, against
 * RFC 2047 §6.2.
 */
const PEOPLE = TEXTS.filter((text) => text.length <= 40);

const NAMES: readonly string[] = [
  'plain.txt',
  'with space.pdf',
  'Résumé.pdf',
  '日本語.txt',
  'Отчёт за март.docx',
  'a"; x="y.bin',
  'back\\slash.bin',
  "it's 100%.bin",
  '\u202etxt.exe',
  '=?utf-8?q?x?=.bin',
  `${'x'.repeat(180)}.bin`,
  `${'é'.repeat(200)}.bin`,
  `${'日'.repeat(1700)}.bin`,
  '.hidden',
  'noextension',
  'semi;colon=equals.bin',
  '🎉.bin',
];

const SIZES: readonly number[] = [0, 1, 2, 3, 56, 57, 58, 113, 114, 115, 58_367, 58_368, 58_369, 200_000];

const BODIES: readonly string[] = [
  '',
  'one line',
  'Grüße\n.\n..\nFrom me\n-- \nAnn',
  'Привет\n'.repeat(50),
  `${'x'.repeat(998)}\n${'y'.repeat(999)}\n`,
  'trailing \t\nspaces   \n',
  '=3D =20 =\n',
  '\u2028 \u0085 \u0007',
];

const hash = (octets: Uint8Array | string): string => createHash('sha256').update(octets).digest('hex');

function file(name: string, octets: Buffer): Attachment {
  return {
    name,
    type: 'application/octet-stream',
    size: octets.length,
    async *open() {
      yield octets;
    },
  };
}

interface Case {
  readonly draft: Draft;
  readonly leaves: readonly ReadLeaf[];
}

function textLeaf(type: string, text: string): ReadLeaf {
  const lines = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return { type, name: null, digest: hash(lines) };
}

/** Each row of one list with the rows of the others, in turn. */
async function cases(): Promise<Case[]> {
  const at = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;
  const count = Math.max(TEXTS.length, NAMES.length, SIZES.length, BODIES.length);
  const made: Case[] = [];
  for (let index = 0; index < count; index++) {
    const text = at(BODIES, index);
    const html = index % 3 === 0 ? undefined : (await markdownBodies(`# ${at(TEXTS, index)}`)).html;
    const files = [
      file(at(NAMES, index), randomBytes(at(SIZES, index))),
      file(at(NAMES, index + 5), randomBytes(at(SIZES, index + 3))),
    ];
    made.push({
      draft: {
        from: makeAddress(at(PEOPLE, index + 1), 'ann', 'example.org'),
        to: [makeAddress(at(PEOPLE, index + 2), 'bob', 'example.net')],
        bcc: [makeAddress('', 'hidden', 'example.net')],
        subject: at(TEXTS, index),
        headers: [['X-Test', at(TEXTS, index + 3)]],
        text,
        ...(html === undefined ? {} : { html }),
        attachments: files,
      },
      leaves: [
        textLeaf('text/plain', text),
        ...(html === undefined ? [] : [textLeaf('text/html', html)]),
        ...(await Promise.all(
          files.map(async ({ name, open }) => ({
            type: 'application/octet-stream',
            name,
            digest: hash(await whole(open())),
          })),
        )),
      ],
    });
  }
  return made;
}

async function whole(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

for (const reader of MIME_READERS) {
  interop(`${reader.name} reads what was written`, reader.needs, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-readers-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const rows = (await cases()).flatMap((row) => (['7bit', '8bit'] as DataKind[]).map((kind) => ({ ...row, kind })));
    const paths = await Promise.all(
      rows.map(async ({ draft, kind }, index) => {
        const path = join(folder, `${index}.eml`);
        writeFileSync(path, await whole(compose(draft).encode(kind)));
        return path;
      }),
    );
    const read = reader.read(paths);
    assert.equal(read.length, rows.length);
    for (const [index, mail] of read.entries()) {
      const { draft, leaves, kind } = rows[index] ?? assert.fail();
      const [[, custom] = []] = draft.headers ?? [];
      const { name = '' } = [draft.from].flat()[0] ?? {};
      assert.deepEqual(
        { ...mail, kind },
        { subject: draft.subject, custom, from: [name, 'ann@example.org'], bcc: null, leaves, defects: [], kind },
      );
    }
  });

  interop(`${reader.name} reads messages within messages`, reader.needs, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-readers-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const inner = compose({
      from: makeAddress('', 'eve', 'example.org'),
      subject: 'inner',
      text: 'Inside.',
      attachments: [file('in.bin', Buffer.from('in'))],
    });
    const attached = await inspectAttachment(file('old.eml', await whole(inner)));
    const message = await inspectAttachment({ ...attached, type: 'message/rfc822' });
    const path = join(folder, 'nested.eml');
    const draft = {
      from: makeAddress('', 'ann', 'example.org'),
      subject: 's',
      headers: [['X-Test', 'x']] as const,
      text: 'See.',
      attachments: [message],
    };
    writeFileSync(path, await whole(compose(draft)));
    const [mail] = reader.read([path]);
    assert.deepEqual(mail?.leaves, [
      textLeaf('text/plain', 'See.'),
      textLeaf('text/plain', 'Inside.'),
      { type: 'application/octet-stream', name: 'in.bin', digest: hash('in') },
    ]);
    assert.deepEqual(mail?.defects, []);
  });
}
