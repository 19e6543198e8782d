import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { chunkSizes, cutBy, nastyBytes } from '../../test/support/chunks.ts';
import { checkParser, checkRefused, cuts, feed } from '../../test/support/parse.ts';
import { latin1 } from './bytes.ts';
import { DotDecoder, DotEncoder } from './dot.ts';
import { EolNormaliser } from './eol.ts';

/** A decoder that keeps what it decoded. */
class Collector extends DotDecoder {
  readonly chunks: Uint8Array[];

  constructor(limit?: number) {
    const chunks: Uint8Array[] = [];
    super((chunk) => void chunks.push(chunk), limit);
    this.chunks = chunks;
  }

  get body(): string {
    return latin1(Buffer.concat(this.chunks));
  }
}

/** The obvious way: split at CRLF, stop at the line that is a dot, take one dot off every other line that has one. */
function reference(wire: string): { body: string; taken: number } | undefined {
  const lines = wire.split('\r\n');
  const end = lines.indexOf('.');
  if (end < 0 || end === lines.length - 1) return undefined;
  const body = lines.slice(0, end).map((line) => `${line.replace(/^\./, '')}\r\n`);
  return { body: body.join(''), taken: lines.slice(0, end + 1).join('\r\n').length + 2 };
}

function encode(pieces: readonly Uint8Array[]): Buffer {
  const encoder = new DotEncoder();
  const wire = pieces.flatMap((piece) => encoder.push(piece));
  return Buffer.concat([...wire, encoder.end()]);
}

/** What has passed for an end of data somewhere, and is none (SMTP smuggling; RFC 5321 §4.1.1.4). */
const CONFUSIONS = [
  '\n.\n',
  '\n.\r',
  '\r.\n',
  '\r.\r',
  '\n.\r\n',
  '\r.\r\n',
  '\r\n.\n',
  '\r\n.\r',
  '\r\n\0.\r\n',
  '\r\n.\0\r\n',
  '\r\n.\r\r\n',
  '\r\r\n.\r\r\n',
];

test('the example of RFC 5321 §4.5.2: the dot in front of a line is taken off, and the last line ends it', () => {
  const view = (parser: Collector): unknown => [parser.body, parser.result?.value, parser.said];
  const collector = (): Collector => new Collector();
  checkParser(
    collector,
    'From: a\r\n\r\n..\r\n.a\r\n...b\r\n.\r\n',
    ['From: a\r\n\r\n.\r\na\r\n..b\r\n', 22, ['(22 octets)', '.']],
    view,
  );
  checkParser(collector, '.\r\n', ['', 0, ['(0 octets)', '.']], view);
  checkParser(collector, '\r\n.\r\n', ['\r\n', 2, ['(2 octets)', '.']], view);
});

for (const confusion of CONFUSIONS) {
  test(`${JSON.stringify(confusion)} does not end a body, at any split`, () => {
    for (const [before, behind] of [
      ['', 'x'],
      ['a', 'b'],
      ['a\r\n', '\r\nMAIL FROM:<x@example.org>'],
      ['a.', '.\r'],
    ]) {
      const wire = `${before}${confusion}${behind}\r\n.\r\n`;
      const expected = reference(wire);
      assert.equal(expected?.taken, wire.length, 'the reference agrees that only the last line ends it');
      checkParser(
        () => new Collector(),
        wire,
        expected.body,
        (parser) => parser.body,
      );
    }
  });

  test(`${JSON.stringify(confusion)} cannot be sent to end a message early (with line ends made right)`, () => {
    for (const pieces of cuts(Buffer.from(`Subject: x\r\n\r\na${confusion}MAIL FROM:<x@example.org>\r\n`, 'latin1'))) {
      const normaliser = new EolNormaliser();
      const right = [...pieces.flatMap((piece) => normaliser.push(piece)), ...normaliser.end()];
      const wire = latin1(encode(right));
      assert.doesNotMatch(wire, /\r(?!\n)|(?<!\r)\n/);
      assert.equal(wire.split('\r\n.\r\n').length, 2);
      assert.ok(wire.endsWith('\r\n.\r\n'));
    }
  });
}

test('property: the decoder does what the obvious one does, in any chunks', () => {
  fc.assert(
    fc.property(nastyBytes, chunkSizes, (bytes, sizes) => {
      const wire = Buffer.concat([bytes, Buffer.from('\r\n.\r\n+OK')]);
      const { parser, taken } = feed(new Collector(), cutBy(wire, sizes));
      assert.deepEqual({ body: parser.body, taken }, reference(latin1(wire)));
    }),
    { numRuns: 2000 },
  );
});

test('property: decoding undoes encoding, and the terminator is there once, at the end', () => {
  fc.assert(
    fc.property(nastyBytes, chunkSizes, chunkSizes, (bytes, sizes, wireSizes) => {
      const wire = encode(cutBy(bytes, sizes));
      assert.equal(`\r\n${latin1(wire)}`.indexOf('\r\n.\r\n'), wire.length - 3);
      const { parser, taken } = feed(new Collector(), cutBy(wire, wireSizes));
      const body = latin1(bytes);
      assert.equal(parser.body, body === '' || body.endsWith('\r\n') ? body : `${body}\r\n`);
      assert.equal(parser.result?.value, parser.body.length);
      assert.equal(taken, wire.length);
    }),
    { numRuns: 2000 },
  );
});

test('the encoder doubles leading dots, whatever chunk they begin in', () => {
  const body = Buffer.from('.\r\n..\r\n.a\r\nb.\r\n\r\n.c\n.d\r.e', 'latin1');
  const wire = '..\r\n...\r\n..a\r\nb.\r\n\r\n..c\n.d\r.e\r\n.\r\n';
  for (const pieces of cuts(body)) assert.equal(latin1(encode(pieces)), wire);
  assert.equal(latin1(encode([])), '.\r\n');
  assert.equal(latin1(encode([Buffer.from('a')])), 'a\r\n.\r\n');
});

test('a dot at the edge of a 64 KB chunk survives, with the same SHA-256', () => {
  const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
  for (let shift = -4; shift <= 4; shift++) {
    const filler = Buffer.alloc(65_536 + shift, 'x');
    const body = Buffer.concat([filler, Buffer.from('\r\n.\r\n..\r\n', 'latin1')]);
    const wire = encode([body.subarray(0, 65_536), body.subarray(65_536)]);
    const { parser } = feed(new Collector(), [wire.subarray(0, 65_536), wire.subarray(65_536)]);
    assert.equal(sha256(Buffer.concat(parser.chunks)), sha256(body));
  }
});

test('a body past its limit is refused, one octet short of it is not', () => {
  checkParser(
    () => new Collector(5),
    '..ab\r\n.\r\n',
    '.ab\r\n',
    (parser) => parser.body,
  );
  checkRefused(() => new Collector(4), '..ab\r\n', 'body-too-long');
});

test('while its sink is busy the decoder takes no more than it handed on', async () => {
  const wire = Buffer.from('ab\r\n..c\r\n.\r\n', 'latin1');
  for (const pieces of cuts(wire)) {
    let body = '';
    let open: (() => void) | undefined;
    const decoder = new DotDecoder((chunk) => {
      assert.equal(open, undefined, 'nothing is handed on while the sink is busy');
      body += latin1(chunk);
      return new Promise((resolve) => {
        open = resolve;
      });
    });
    let waits = 0;
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; ) {
        at += decoder.push(piece.subarray(at));
        if (open === undefined) continue;
        open();
        open = undefined;
        waits += 1;
        await decoder.wait;
      }
    }
    assert.equal(body, 'ab\r\n.c\r\n');
    assert.equal(decoder.result?.value, body.length);
    assert.ok(waits >= 2);
  }
});

test('what a sink throws comes out of push', () => {
  const decoder = new DotDecoder(() => {
    throw new RangeError('full');
  });
  assert.throws(() => decoder.push(Buffer.from('a')), RangeError);
});
