import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEAD, judge } from './magic.ts';

const zip = (name: string, rest = ''): string => `PK\x03\x04${'\0'.repeat(26)}${name}${rest}`;
const OFFICE = 'application/vnd.openxmlformats-officedocument';

const ROWS: readonly (readonly [octets: string, type: string])[] = [
  ['%PDF-1.7\n', 'application/pdf'],
  ['\x89PNG\r\n\x1a\n\0', 'image/png'],
  ['\xff\xd8\xff\xe0', 'image/jpeg'],
  ['GIF89a', 'image/gif'],
  ['RIFF\0\0\0\0WEBPVP8', 'image/webp'],
  ['RIFF\0\0\0\0WAVE', 'audio/wav'],
  ['\0\0\0\x20ftypisom', 'video/mp4'],
  ['\0\0\0\x20ftypM4A ', 'audio/mp4'],
  ['ID3\x03', 'audio/mpeg'],
  ['\x1f\x8b\x08', 'application/gzip'],
  [`${'x'.repeat(257)}ustar`, 'application/x-tar'],
  [zip('a.txt'), 'application/zip'],
  [zip('[Content_Types].xml', '..PK..word/document.xml'), `${OFFICE}.wordprocessingml.document`],
  [zip('[Content_Types].xml', '..PK..xl/workbook.xml'), `${OFFICE}.spreadsheetml.sheet`],
  [zip('[Content_Types].xml'), 'application/zip'],
  [zip('mimetype', 'application/epub+zipPK'), 'application/epub+zip'],
  [zip('mimetype', 'application/vnd.oasis.opendocument.textPK'), 'application/vnd.oasis.opendocument.text'],
  [zip('mimetype', 'text/html\r\nX: yPK'), 'application/zip'],
  ['', 'application/octet-stream'],
  ['\0\x01\x02', 'application/octet-stream'],
  ['\xe9t\xe9', 'application/octet-stream'],
];

test('files are known by their first octets', () => {
  for (const [octets, type] of ROWS)
    assert.equal(judge(Buffer.from(octets, 'latin1')).type, type, JSON.stringify(octets));
});

test('text is known, with its charset', () => {
  assert.deepEqual(judge(Buffer.from('plain\r\n\tand simple\x1b[m')), { type: 'text/plain', charset: 'utf-8' });
  assert.deepEqual(judge(Buffer.from('\ufeffh', 'utf16le')), { type: 'text/plain', charset: 'utf-16' });
  const cut = Buffer.from(`x${'é'.repeat(HEAD)}`);
  assert.deepEqual(judge(cut.subarray(0, HEAD)), { type: 'text/plain', charset: 'utf-8' });
  assert.deepEqual(judge(Buffer.from('x'.repeat(HEAD))), { type: 'text/plain' });
  assert.equal(judge(Buffer.from('é').subarray(0, 1)).type, 'application/octet-stream');
});
