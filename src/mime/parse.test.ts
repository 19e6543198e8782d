import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { MessageParser, type ParseOptions } from './parse.ts';
import { cut } from './support.test.ts';

interface Read {
  events: string[];
  defects: string[];
}

/** Every part as `number type |body|`, in the order of the message; containers end with `/number`. */
function read(input: string | Uint8Array, sizes?: readonly number[], options?: ParseOptions): Read {
  const octets = Buffer.from(input as string, 'latin1');
  const events: string[] = [];
  let body = '';
  const flush = () => {
    if (body !== '') events.push(`|${body}|`);
    body = '';
  };
  const parser = new MessageParser(
    {
      partStart(part) {
        flush();
        events.push(`${part.number} ${part.type}`);
      },
      body(_part, chunk) {
        body += chunk.toString('latin1');
      },
      partEnd(part) {
        flush();
        events.push(`/${part.number} ${part.bodyStart}-${part.bodyEnd}`);
      },
    },
    options,
  );
  for (const chunk of cut(octets, sizes ?? [octets.length])) parser.push(chunk);
  parser.end();
  return {
    events,
    defects: parser.defects.map((defect) => `${defect.code} ${defect.part ?? ''} ${defect.offset ?? ''}`),
  };
}

const shape = (input: string, options?: ParseOptions) =>
  read(input.replaceAll('\n', '\r\n'), undefined, options).events.filter((event) => !event.startsWith('/'));
const codes = (input: string, options?: ParseOptions) =>
  read(input.replaceAll('\n', '\r\n'), undefined, options).defects.map((defect) => defect.split(' ')[0]);

const NESTED = `Content-Type: multipart/mixed; boundary=b

preamble
--b

plain
--b
Content-Type: multipart/alternative; boundary="b-c"

--b-c
Content-Type: text/html

html
--b-cc
--b-c--
epilogue
--b
Content-Type: message/rfc822

Subject: inner
Content-Type: multipart/digest; boundary=d

--d

Subject: digested

x
--d--
--b--
end
`;

test('tells the parts of a message apart', () => {
  assert.deepEqual(shape(NESTED), [
    ' multipart/mixed',
    '|preamble|',
    '1 text/plain',
    '|plain|',
    '2 multipart/alternative',
    '2.1 text/html',
    '|html\r\n--b-cc|',
    '3 message/rfc822',
    '3 multipart/digest',
    '3.1 message/rfc822',
    '3.1.1 text/plain',
    '|x|',
  ]);
  assert.deepEqual(codes(NESTED), []);
});

test('an embedded message ends at the same place, descended into or not', () => {
  const inner = 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\nlost\n--b--\n';
  const message = `Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n${inner}--b\n\nafter\n--b--\n`;
  const ends = (descend: boolean) => {
    const found: string[] = [];
    const parser = new MessageParser(
      {
        partEnd: ({ number, kind, bodyEnd }) =>
          void (number === '1' && kind !== 'multipart' && found.push(String(bodyEnd))),
      },
      { descend: () => descend },
    );
    parser.push(Buffer.from(message));
    parser.end();
    return found;
  };
  assert.deepEqual(ends(true), ends(false));
});

test('an embedded message can be kept whole', () => {
  const events = shape(NESTED, { descend: (part) => part.number !== '3' });
  assert.ok(
    events.includes(
      '|Subject: inner\r\nContent-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: digested\r\n\r\nx\r\n--d--|',
    ),
  );
});

test('faults are read by stated rules', () => {
  const cases: readonly [string, string, string[], string[]][] = [
    ['empty', '', ['1 text/plain'], []],
    ['header only', 'Subject: x', ['1 text/plain'], []],
    ['no header', '\nbody', ['1 text/plain', '|body|'], []],
    ['an 8-bit name', 'A: b\nInval\xefd: c\nD: e\n\nbody', ['1 text/plain', '|body|'], []],
    ['no empty line', 'A: b\nbody', ['1 text/plain', '|body|'], ['missing-header-end']],
    ['mbox line', 'From ann Mon\nA: b\n\nbody', ['1 text/plain', '|body|'], []],
    ['two types', 'Content-Type: text/html\nContent-Type: text/plain\n\n', ['1 text/html'], ['duplicate-content-type']],
    ['bad type', 'Content-Type: nonsense\n\n', ['1 text/plain'], ['bad-content-type']],
    ['no boundary', 'Content-Type: multipart/mixed\n\n--x', ['1 multipart/mixed', '|--x|'], ['missing-boundary']],
    [
      'never started',
      'Content-Type: multipart/mixed; boundary=b\n\ntext',
      [' multipart/mixed', '|text|'],
      ['missing-start-boundary'],
    ],
    [
      'never ended',
      'Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext',
      [' multipart/mixed', '1 text/plain', '|text|'],
      ['missing-end-boundary'],
    ],
    [
      'padded',
      'Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\nx\n--b-- \n',
      [' multipart/mixed', '1 text/plain', '|x|'],
      [],
    ],
    [
      'encoded message',
      'Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQQ==',
      ['1 message/rfc822', '|QQ==|'],
      ['encoded-container'],
    ],
    ['empty part', 'Content-Type: multipart/mixed; boundary=b\n\n--b\n--b--', [' multipart/mixed', '1 text/plain'], []],
    [
      'outer boundary ends inner',
      'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--b--',
      [' multipart/mixed', '1 multipart/mixed', '1.1 text/plain', '|x|'],
      ['missing-end-boundary'],
    ],
  ];
  for (const [name, input, events, defects] of cases) {
    assert.deepEqual(shape(input), events, name);
    assert.deepEqual(codes(input), defects, name);
  }
});

test('lines may end in LF alone', () => {
  const events = read(NESTED).events.filter((event) => event.startsWith('|'));
  assert.deepEqual(events, ['|preamble|', '|plain|', '|html\n--b-cc|', '|x|']);
});

const pieces = fc.constantFrom(
  '\r\n',
  '\n',
  '\r',
  '-',
  '--',
  '--b',
  '--b--',
  '--bb',
  '--b \t',
  'x',
  ' ',
  ':',
  'A: b',
  'Content-Type: multipart/mixed; boundary=b',
  'Content-Type: multipart/mixed; boundary=bb',
  'Content-Type: message/rfc822',
);
const messages = fc.array(pieces, { maxLength: 60 }).map((list) => list.join(''));
const structured = fc
  .array(
    fc.constantFrom(
      '\r\n--b\r\n',
      '\n--b\n\n',
      '\r\n\r\n',
      '\r\n--bb\r\n',
      '\r\n--bb--',
      '\r\n--b--\r\n',
      'Content-Type: multipart/mixed; boundary=bb\r\n\r\n',
      'Content-Type: message/rfc822\n\n',
      'text',
      '\r',
      '-',
    ),
    { maxLength: 30 },
  )
  .map((list) => `Content-Type: multipart/mixed; boundary=b\r\n\r\n${list.join('')}`);

test('the events do not depend on how the message is cut', () => {
  fc.assert(
    fc.property(
      fc.oneof(messages, structured),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }),
      (input, sizes) => {
        const whole = read(input);
        assert.deepEqual(read(input, [1]), whole);
        assert.deepEqual(read(input, sizes), whole);
      },
    ),
    { numRuns: 1000 },
  );
});

test('depth and number of parts are capped', () => {
  const deep = Array.from(
    { length: 10_000 },
    (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\n\n--b${i}\n`,
  ).join('');
  assert.equal(shape(deep).filter((event) => /^[\d.]* multipart/.test(event)).length, 101);
  assert.ok(codes(deep).includes('too-deep'));
  const embedded = 'Content-Type: message/rfc822\n\n'.repeat(10_000);
  assert.equal(shape(embedded).filter((event) => /^[\d.]* message/.test(event)).length, 101);
  const wide = `Content-Type: multipart/mixed; boundary=b\n\n${'--b\n\n'.repeat(100_000)}`;
  assert.equal(shape(wide).filter((event) => event.includes('text/plain')).length, 9999);
  assert.ok(codes(wide).includes('too-many-parts'));
});

test('what is made to hurt is linear', () => {
  const head = 'Content-Type: multipart/mixed; boundary=bound\n\n--bound\n\n';
  for (const piece of [
    '--bound-',
    '\n--boun',
    '\n--',
    '\n--bound x',
    '\r',
    '\n',
    '\n--bound '.padEnd(500),
    'A: b\n',
    ' \n',
  ]) {
    read(head + piece.repeat(1_000_000 / piece.length), [4096]);
    read(piece.repeat(1_000_000 / piece.length), [4096]);
  }
});

test('an option that is undefined is as one that is left out', () => {
  const message = 'Content-Type: message/rfc822\n\n'.repeat(150).concat('\nx\n');
  const nothing = { descend: undefined, maxDepth: undefined, maxParts: undefined };
  const { events, defects } = read(message, undefined, nothing);
  assert.deepEqual({ events, defects }, read(message));
  assert.ok(defects.some((defect) => defect.includes('too-deep')));
});
