import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { COMMANDS, type Verb } from './commands.ts';
import { checkListing, formatCommand, parseCommand, parseSizeRow, parseStat, parseUidRow } from './grammar.ts';

const BAD = { name: 'ProtocolError', code: 'bad-listing' };

suite('commands', () => {
  test('are written with their arguments', () => {
    assert.equal(String(formatCommand('NOOP')), 'NOOP\r\n');
    assert.equal(String(formatCommand('TOP', 1, 20)), 'TOP 1 20\r\n');
    assert.equal(String(formatCommand('USER', 'ann b@exämple.org')), 'USER ann b@exämple.org\r\n');
  });

  test('that could begin another are not written', () => {
    for (const text of ['a\r\nDELE 1', 'a\n', 'a\rb', 'a\0b']) {
      assert.throws(() => formatCommand('USER', text), { name: 'UsageError', code: 'bad-argument', phase: 'user' });
    }
  });

  test('are read as they are written', () => {
    const number = fc.integer({ min: 1, max: 1e9 }).map(String);
    const word = fc.string({ minLength: 1 }).filter((text) => /^[!-~]+$/.test(text));
    const rest = fc.string({ minLength: 1 }).filter((text) => !/[\r\n\0]/.test(text));
    const given = { number, 'number?': number, word, 'word?': word, rest };
    const verbs = Object.keys(COMMANDS) as Verb[];
    const command = fc
      .constantFrom(...verbs)
      .chain((verb) => fc.tuple(fc.constant(verb), fc.tuple(...COMMANDS[verb].arguments.map((kind) => given[kind]))));
    fc.assert(
      fc.property(command, fc.boolean(), ([verb, args], low) => {
        const line = formatCommand(verb, ...args)
          .toString()
          .slice(0, -2);
        const spelt = low ? line.replace(verb, verb.toLowerCase()) : line;
        assert.deepEqual(parseCommand(spelt), { verb, args });
      }),
    );
  });

  const faults: [line: string, fault: string][] = [
    ['', 'unknown'],
    [' NOOP', 'unknown'],
    ['NO OP', 'unknown'],
    ['NOOPS', 'unknown'],
    ['NOOP\t', 'unknown'],
    ['constructor', 'unknown'],
    ['__proto__', 'unknown'],
    ['XTND a b', 'unknown'],
    ['UTF8 USER', 'arguments'],
    ['LANG en de', 'arguments'],
    ['APOP', 'arguments'],
    ['RETR', 'arguments'],
    ['RETR 1 2', 'arguments'],
    ['RETR x', 'arguments'],
    ['RETR -1', 'arguments'],
    ['RETR 1.0', 'arguments'],
    [`RETR ${'1'.repeat(41)}`, 'arguments'],
    ['TOP 1', 'arguments'],
    ['STAT 1', 'arguments'],
    ['USER', 'arguments'],
    ['PASS ', 'arguments'],
    ['AUTH', 'arguments'],
    ['AUTH PLAIN a b', 'arguments'],
  ];
  for (const [line, fault] of faults) {
    test(`${JSON.stringify(line.slice(0, 20))} is a fault of ${fault}`, () =>
      assert.equal(parseCommand(line).fault, fault));
  }

  test('a password keeps its spaces', () => {
    assert.deepEqual(parseCommand('PASS  two  words '), { verb: 'PASS', args: [' two  words '] });
  });
});

suite('listings', () => {
  test('STAT', () => {
    assert.deepEqual(parseStat('2 320'), { count: 2, octets: 320 });
    assert.deepEqual(parseStat('0 0 and more'), { count: 0, octets: 0 });
    for (const text of ['', '2', '-1 1', '1000001 1', '1e9 1', '0x10 1', '2  3', '01 1']) {
      assert.throws(() => parseStat(text), BAD, text);
    }
  });

  test('a row of LIST', () => {
    assert.deepEqual(parseSizeRow('1 120'), { number: 1, octets: 120 });
    assert.deepEqual(parseSizeRow('1 0 more'), { number: 1, octets: 0 });
    for (const row of ['', '1', '0 1', '-1 1', '1 -1', '01 1', '1 1x', ' 1 1', '1000001 1', '4294967297 1']) {
      assert.throws(() => parseSizeRow(row), BAD, row);
    }
  });

  test('a row of UIDL', () => {
    for (const uid of ['a', '!~', '__proto__', '../../x', '\xff\xfe', 'x'.repeat(4096)]) {
      assert.deepEqual(parseUidRow(`7 ${uid}`), { number: 7, uid });
    }
    for (const row of [
      '',
      '1',
      '1 ',
      'a',
      '0 a',
      '01 a',
      '1 a b',
      '1  a',
      '1 \t',
      '1 a\x1b',
      '1 a\x7f',
      `1 ${'x'.repeat(4097)}`,
    ]) {
      assert.throws(() => parseUidRow(row), BAD, JSON.stringify(row.slice(0, 20)));
    }
  });

  test('a whole one is ascending, within the count, and complete', () => {
    const rows = (...numbers: number[]) => numbers.map((number) => ({ number }));
    checkListing('LIST', rows(), undefined, 0);
    checkListing('LIST', rows(1, 2, 3), 3, 0);
    checkListing('LIST', rows(1, 3), 3, 1);
    checkListing('LIST', rows(5, 9), undefined, 0);
    for (const [numbers, count, deleted] of [
      [[2, 1], 2, 0],
      [[1, 1], 2, 0],
      [[1, 3], 2, 0],
      [[1], 2, 0],
      [[1, 2], 2, 1],
      [[2, 1], undefined, 0],
    ] as const) {
      assert.throws(() => checkListing('LIST', rows(...numbers), count, deleted), BAD, String(numbers));
    }
  });
});
