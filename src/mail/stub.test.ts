import assert from 'node:assert/strict';
import { test } from 'node:test';
import { composeStub } from './stub.ts';

const HEADER = [
  'From: a@example.org',
  'Content-Type: multipart/mixed;',
  '\tboundary=b',
  'mime-version : 1.0',
  'Subject: caf\xe9',
  '',
  '',
].join('\r\n');

test('the header stays as it is but for what it says of the body, and the text says how to get the rest', () => {
  const stub = composeStub(Buffer.from(HEADER, 'latin1'), 12_345_678, 7).toString('latin1');
  const [header = '', text = ''] = stub.split(/\r\n\r\n(.*)/s);
  assert.deepEqual(header.split('\r\n'), [
    'From: a@example.org',
    'X-Original-Content-Type: multipart/mixed;',
    '\tboundary=b',
    'X-Original-mime-version : 1.0',
    'Subject: caf\xe9',
    'X-Posthorn-Stub: 12345678',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
  ]);
  assert.match(text, /12\.3 MB[^]*posthorn fetch --message 7\r\n$/);
});

test('a header that was cut off loses the line it was cut in; a body is not taken for a header', () => {
  const cut = composeStub(Buffer.from('From: a\r\nSubj'), 10, 1).toString();
  assert.ok(cut.startsWith('From: a\r\nX-Posthorn-Stub: 10\r\n'));
  const withBody = composeStub(Buffer.from('From: a\n\nContent-Type: text/html\n'), 10, 1).toString();
  assert.ok(withBody.startsWith('From: a\r\nX-Posthorn-Stub: 10\r\n'));
  assert.doesNotMatch(withBody, /html/);
});
