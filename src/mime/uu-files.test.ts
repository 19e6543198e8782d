import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extractPart, extractParts } from './extract.ts';
import { readMessage } from './message.ts';
import { stream } from './support.test.ts';

const CAT = 'begin 644 cat.txt\n#0V%T\n`\nend\n';
const DOG = 'begin 644 H\xfcnd.png\n#1&]G\n`\nend\n';
const bytes = (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
const PLAIN = bytes(`Subject: x\n\nbefore\n${CAT}between\n${DOG}after\n`);

async function taken(octets: Buffer, number: string): Promise<string> {
  let out = '';
  await extractPart(stream(octets, [7]), number, (chunk) => void (out += Buffer.from(chunk).toString('latin1')));
  return out;
}

test('files in the text are parts of their own, and no text', async () => {
  const message = await readMessage(stream(PLAIN, [5]));
  assert.equal(message.text, 'before\nbetween\nafter\n');
  assert.deepEqual(message.defects, []);
  assert.deepEqual(
    message.attachments.map(({ number, type, fileName, size }) => [number, type, fileName, size]),
    [
      ['1.1', 'text/plain', 'cat.txt', 3],
      ['1.2', 'image/png', 'Hünd.png', 3],
    ],
  );
  assert.equal(message.parts.length, 3);
  assert.deepEqual(await readMessage(PLAIN), message);
});

test('each of them is taken out by its number; the part is taken as it stands', async () => {
  assert.deepEqual([await taken(PLAIN, '1.1'), await taken(PLAIN, '1.2')], ['Cat', 'Dog']);
  assert.ok((await taken(PLAIN, '1')).includes('begin 644 cat.txt'));
  await assert.rejects(taken(PLAIN, '1.3'), { code: 'no-such-part' });
  const pieces: string[] = [];
  for await (const { part, octets, last } of extractParts(stream(PLAIN, [9]), ['1.2', '1.1'])) {
    if (octets.length > 0 || last) pieces.push(`${part.number}:${Buffer.from(octets).toString()}${last ? '!' : ''}`);
  }
  assert.deepEqual(pieces, ['1.1:Cat', '1.1:!', '1.2:Dog', '1.2:!']);
});

test('within a multipart, encoded, and without an end', async () => {
  const encoded = Buffer.from(`${CAT}${CAT.replace('`\nend\n', '')}`).toString('base64');
  const octets = bytes(
    `Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Transfer-Encoding: base64\n\n${encoded}\n--b--\n`,
  );
  const { text, attachments, defects } = await readMessage(octets);
  assert.equal(text, 'hello\n');
  assert.deepEqual(
    attachments.map(({ number, size }) => [number, size]),
    [
      ['2.1', 3],
      ['2.2', 3],
    ],
  );
  assert.deepEqual(defects, [{ code: 'missing-uuencode-end', part: '2.2' }]);
  assert.deepEqual([await taken(octets, '2.1'), await taken(octets, '2.2')], ['Cat', 'Cat']);
});

test('TNEF is an attachment, and is never opened', async () => {
  const octets = bytes(
    'Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\n' +
      'Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\neJ8+Ig==\n--b--\n',
  );
  const { attachments, parts } = await readMessage(octets);
  assert.deepEqual(
    attachments.map(({ number, type, fileName, size }) => [number, type, fileName, size]),
    [['2', 'application/ms-tnef', 'winmail.dat', 4]],
  );
  assert.equal(parts.length, 2);
});

test('the name of a file in text can do no harm', async () => {
  const { attachments } = await readMessage(bytes(`\nbegin 644 ../a"; x="\u0001${'n'.repeat(600)}\n#0V%T\n\`\nend\n`));
  assert.equal(attachments[0]?.fileName, `../a"; x=" ${'n'.repeat(244)}`);
});
