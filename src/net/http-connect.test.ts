import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkParser, checkRefused } from '../../test/support/parse.ts';
import { basicLogin, connectRequest, StatusParser } from './http-connect.ts';

const make = () => new StatusParser();

test('the request, with and without a login', () => {
  assert.equal(
    String(connectRequest('mail.test', 995)),
    'CONNECT mail.test:995 HTTP/1.1\r\nHost: mail.test:995\r\n\r\n',
  );
  assert.equal(
    String(connectRequest('::1', 25, basicLogin('ann', 'a:ü'))),
    'CONNECT [::1]:25 HTTP/1.1\r\nHost: [::1]:25\r\nProxy-Authorization: Basic YW5uOmE6w7w=\r\n\r\n',
  );
});

test('a status, its words, and whatever else a head says', () => {
  checkParser(make, 'HTTP/1.1 200 Connection established\r\n\r\n', { code: 200, reason: 'Connection established' });
  checkParser(make, 'HTTP/1.0 200\r\n\r\n', { code: 200, reason: '' });
  checkParser(make, 'HTTP/1.1 200 \n\n', { code: 200, reason: '' });
  const fields = 'Via: 1.1 x\r\nContent-Length: 5\r\nX: y\r\n z\r\n';
  checkParser(make, `HTTP/1.1 403 Forbidden\r\n${fields}\r\n`, { code: 403, reason: 'Forbidden' });
});

test('what is said before the answer is not the answer', () => {
  checkParser(make, 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\nY: z\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', {
    code: 200,
    reason: 'OK',
  });
});

test('what is no HTTP is refused at its first octets', () => {
  for (const wire of [
    '220 mail.test\r\n',
    '\x05\x00',
    '\r\n',
    'HTTP/2 200\r\n',
    'HTTP/1.1 2000 x\r\n',
    'HTTP/1.1 20x\r\n',
    'HTTP/1.1  200 OK\r\n',
    'HTTP/1.1 600 x\r\n',
    'HTTP/1.1\r\n',
  ])
    checkRefused(make, wire, 'bad-proxy');
});

test('a head without an end is bounded, in one line and in many', () => {
  for (const more of ['x'.repeat(1000), 'X: y\r\n'.repeat(200), 'HTTP/1.1 100 x\r\n\r\n'.repeat(60)]) {
    const parser = new StatusParser();
    parser.push(Buffer.from('HTTP/1.1 100 x\r\n'));
    if (more.startsWith('HTTP')) parser.push(Buffer.from('\r\n'));
    assert.throws(
      () => {
        for (let sent = 0; sent < 20; sent++) parser.push(Buffer.from(more));
      },
      { name: 'LimitError', code: 'bad-proxy' },
    );
  }
});
