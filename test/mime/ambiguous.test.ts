/** A message that can be read in two ways is read in one, by the listing, the reader and whoever takes a part out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extractPart } from '../../src/mime/extract.ts';
import { readMessage } from '../../src/mime/message.ts';
import { readHeaders } from '../../src/mime/summary.ts';

const TWO_TYPES = `Content-Type: multipart/mixed; boundary=b; boundary=c
Content-Type: text/plain; charset=utf-8

--c

not here
--b
`;
const TWO_OF_ALL = `${TWO_TYPES}Content-Type: text/html
Content-Type: text/plain
Content-Transfer-Encoding: base64
Content-Transfer-Encoding: quoted-printable
Content-Disposition: attachment; filename=one.html; filename=two.txt
Content-Disposition: inline; filename=three.txt

PGI+eDwvYj4=
--b--
`;

interface Ambiguous {
  readonly text: string;
  readonly types: readonly string[];
  readonly text1: string | undefined;
  readonly names: readonly (string | undefined)[];
  readonly content: string;
  readonly attachments: boolean;
  readonly codes: readonly string[];
}

const CASES: Readonly<Record<string, Ambiguous>> = {
  'two of each field': {
    text: TWO_OF_ALL,
    types: ['text/html'],
    text1: undefined,
    names: ['one.html'],
    content: '<b>x</b>',
    attachments: true,
    codes: [
      'duplicate-content-type',
      'duplicate-parameter',
      'duplicate-content-type',
      'duplicate-transfer-encoding',
      'duplicate-disposition',
      'duplicate-parameter',
    ],
  },
  'an encoding with a comment and blanks': {
    text: 'Content-Type: text/plain\nContent-Transfer-Encoding :  (why) BASE64 (so)\n\neA==',
    types: ['text/plain'],
    text1: 'x',
    names: [undefined],
    content: 'x',
    attachments: false,
    codes: [],
  },
  'an encoding with a NUL': {
    text: 'Content-Type: text/plain\nContent-Transfer-Encoding: base64\0\n\neA==',
    types: ['text/plain'],
    text1: 'eA==',
    names: [undefined],
    content: 'eA==',
    attachments: false,
    codes: ['unknown-transfer-encoding'],
  },
  'a multipart in a parameter': {
    text: 'Content-Type: text/plain; x="multipart/mixed"; boundary=b\n\n--b\n\nx\n--b--',
    types: ['text/plain'],
    text1: '--b\n\nx\n--b--',
    names: [undefined],
    content: '--b\n\nx\n--b--',
    attachments: false,
    codes: [],
  },
  'two names': {
    text: "Content-Type: application/x; name=type.txt\nContent-Disposition: attachment; filename=plain.txt; filename*=utf-8''ext.txt\n\nx",
    types: ['application/x'],
    text1: undefined,
    names: ['ext.txt'],
    content: 'x',
    attachments: true,
    codes: [],
  },
  'no type': {
    text: 'Content-Type: multipart\nContent-Disposition: nonsense=attachment\n\nx',
    types: ['text/plain'],
    text1: 'x',
    names: [undefined],
    content: 'x',
    attachments: false,
    codes: ['bad-content-type'],
  },
};

for (const [name, { text, types, text1, names, content, attachments, codes }] of Object.entries(CASES)) {
  test(name, async () => {
    const octets = Buffer.from(text);
    const message = await readMessage(octets);
    assert.deepEqual(
      message.parts.map((part) => part.type),
      types,
    );
    assert.deepEqual(
      message.parts.map((part) => part.fileName),
      names,
    );
    assert.equal(message.text, text1);
    assert.deepEqual(
      message.defects.map((defect) => defect.code),
      codes,
    );
    assert.ok(message.defects.every(({ offset, part }) => offset !== undefined && part !== undefined));
    const { hasAttachments } = await readHeaders(octets);
    assert.deepEqual([hasAttachments, message.hasAttachments], [attachments, attachments]);
    for (const part of message.parts) {
      const chunks: Uint8Array[] = [];
      const info = await extractPart(octets, part.number, (chunk) => void chunks.push(chunk));
      assert.deepEqual(info, part);
      assert.equal(Buffer.concat(chunks).toString(), content);
    }
  });
}
