import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { checkParser, checkRefused, feed } from '../../test/support/parse.ts';
import { latin1 } from '../wire/bytes.ts';
import { RowCollector } from '../wire/rows.ts';
import { ResponseParser, unsolicited } from './response.ts';

const make = () => new ResponseParser();
const line = (status: string, text = '', respCode?: string) => ({ status, text, respCode, octets: 0 });

suite('one line (RFC 1939 §3)', () => {
  const legal: [wire: string, expected: unknown][] = [
    ['+OK', line('ok')],
    ['+OK ', line('ok')],
    ['+OK 2 320', line('ok', '2 320')],
    ['+OK  two spaces', line('ok', ' two spaces')],
    ['+ok low', line('ok', 'low')],
    ['+OK [IN-USE] is text here', line('ok', '[IN-USE] is text here')],
    ['-ERR', line('err')],
    ['-err no', line('err', 'no')],
    ['-ERR [IN-USE] locked', line('err', 'locked', 'IN-USE')],
    ['-ERR [sys/temp]', line('err', '', 'SYS/TEMP')],
    ['-ERR [IN-USE]locked', line('err', 'locked', 'IN-USE')],
    ['-ERR [IN-USE locked', line('err', '[IN-USE locked')],
    ['-ERR []', line('err', '[]')],
    ['-ERR [a b] c', line('err', '[a b] c')],
    ['+', line('continue')],
    ['+ ', line('continue')],
    ['+ dGVzdA==', line('continue', 'dGVzdA==')],
  ];
  for (const [wire, expected] of legal) test(wire, () => checkParser(make, `${wire}\r\n`, expected));

  for (const wire of [
    '',
    ' ',
    'OK',
    ' +OK',
    '+OKAY',
    '+OK\tx',
    '-ER',
    '-ERROR',
    '-ERR[IN-USE]',
    '++',
    '-',
    '* OK',
    '220 x',
  ]) {
    test(`${JSON.stringify(wire)} is none`, () => checkRefused(make, `${wire}\r\n`, 'bad-response'));
  }
  for (const wire of ['+OK\n', '+OK a\rb\r\n', '+OK a\0b\r\n', '+OK\r\r\n']) {
    test(`${JSON.stringify(wire)} is no line`, () => checkRefused(make, wire, 'bad-line'));
  }
});

suite('with a body', () => {
  const collect = () => {
    const chunks: Uint8Array[] = [];
    const parser = new ResponseParser({ body: (chunk) => void chunks.push(Uint8Array.from(chunk)) });
    return Object.assign(parser, { chunks });
  };
  const view = ({ result, chunks }: ReturnType<typeof collect>) => [
    result?.value.octets,
    latin1(Buffer.concat(chunks)),
  ];

  test('the body ends at CRLF dot CRLF and nowhere else', () => {
    checkParser(collect, '+OK\r\na\n.\nb\r\n..c\r\n.\r\n', [11, 'a\n.\nb\r\n.c\r\n'], view);
  });
  test('an empty body', () => checkParser(collect, '+OK\r\n.\r\n', [0, ''], view));
  test('behind -ERR there is none', () => checkParser(collect, '-ERR no\r\n', line('err', 'no')));
  test('nor behind a question', () => checkParser(collect, '+ \r\n', line('continue')));
  test('a body past the bound is refused', () => {
    checkRefused(() => new ResponseParser({ body: () => undefined, limit: 3 }), '+OK\r\nab\r\n.\r\n', 'body-too-long');
  });
  test('it streams once the status is there', () => {
    const parser = collect();
    feed(parser, [Buffer.from('+OK')]);
    assert.equal(parser.streaming, false);
    feed(parser, [Buffer.from('\r\n')]);
    assert.equal(parser.streaming, true);
  });
  test('a sink that asks for time is waited for', () => {
    const busy = Promise.resolve();
    const parser = new ResponseParser({ body: () => busy });
    const wire = Buffer.from('+OK\r\nbody\r\n.\r\n');
    const taken = parser.push(wire);
    assert.equal(parser.wait, busy);
    assert.ok(taken < wire.length);
  });
});

suite('what a transcript shows', () => {
  const said = (parser: ResponseParser, wire: string): readonly string[] =>
    feed(parser, [Buffer.from(wire)]).parser.said;

  test('the status, and of a body its octets', () => {
    const parser = new ResponseParser({ body: () => undefined });
    assert.deepEqual(said(parser, '+OK hi\r\nsecret thoughts\r\n.\r\n'), ['+OK hi', '(17 octets)', '.']);
  });
  test('a listing as it is', () => {
    assert.deepEqual(said(new ResponseParser({ listing: new RowCollector(9) }), '+OK\r\n1 2\r\n.\r\n'), [
      '+OK',
      '1 2',
      '.',
    ]);
  });
  test('of a challenge nothing', () => assert.deepEqual(said(make(), '+ dGVzdA==\r\n'), ['+ ****']));
});

test('what a server says before it hangs up is a reason to try again', () => {
  const error = unsolicited(Buffer.from('-ERR idle for too long\r\n'));
  assert.deepEqual([error?.temporary, error?.message], [true, 'The server ended the session: idle for too long']);
  for (const text of ['+OK\r\n', '1 2\r\n', '-ERROR\r\n'])
    assert.equal(unsolicited(Buffer.from(text)), undefined, text);
});
