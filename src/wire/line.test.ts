import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chunkSizes, cutBy } from '../../test/support/chunks.ts';
import { checkParser, checkRefused, feed } from '../../test/support/parse.ts';
import { CRLF } from './bytes.ts';
import { LineParser, MAX_LINE } from './line.ts';

const make = (): LineParser => new LineParser();

test('a line ends at CRLF, however it is cut, and leaves the rest to the next parser', () => {
  checkParser(
    make,
    '+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n',
    '+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>',
  );
  checkParser(make, '\r\n', '');
  checkParser(make, ' \t.\r\n', ' \t.');
});

test('text is Latin-1, one character an octet, unless UTF-8 is asked for', () => {
  const wire = Buffer.from('250 grüße €\r\n', 'utf8');
  checkParser(make, wire, wire.toString('latin1').slice(0, -2));
  checkParser(() => new LineParser('utf8'), wire, '250 grüße €');
  checkParser(() => new LineParser('utf8'), Buffer.from([0x61, 0xff, 13, 10]), 'a\ufffd');
});

test('bare LF, bare CR and NUL are refused', () => {
  for (const line of ['+OK\n', '\n', 'a\nb\r\n', 'a\rb\r\n', '\r\r\n', 'a\r\r\n', '\0\r\n', 'a\0b\r\n']) {
    checkRefused(make, line, 'bad-line');
  }
});

test('the bound counts CRLF, holds across chunks, and needs no line end to be reached', () => {
  const short = (): LineParser => new LineParser('latin1', 8);
  checkParser(short, '123456\r\n', '123456');
  checkRefused(short, '1234567\r\n', 'line-too-long');
  checkRefused(short, '123456789', 'line-too-long');
  assert.throws(() => feed(make(), [Buffer.alloc(100_000, 'A')]), { code: 'line-too-long' });
  const endless = make();
  const kilobyte = Buffer.alloc(1024, 'A');
  for (let sent = 0; sent < MAX_LINE; sent += kilobyte.length) endless.push(kilobyte);
  assert.throws(() => endless.push(kilobyte), { code: 'line-too-long' });
});

test('property: any text without CR, LF and NUL comes back as it was, in any chunks', () => {
  const octets = fc
    .uint8Array({ maxLength: 200 })
    .map((bytes) => bytes.filter((octet) => ![0, 10, 13].includes(octet)));
  fc.assert(
    fc.property(octets, chunkSizes, (bytes, sizes) => {
      const pieces = cutBy(Buffer.concat([bytes, CRLF]), sizes);
      assert.equal(feed(make(), pieces).parser.result?.value, Buffer.from(bytes).toString('latin1'));
    }),
  );
});
