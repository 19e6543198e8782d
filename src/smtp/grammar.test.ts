import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { formatCommand, formatPath, parseCommand, parsePath } from './grammar.ts';

suite('commands', () => {
  test('are written with their argument', () => {
    assert.equal(String(formatCommand('DATA')), 'DATA\r\n');
    assert.equal(String(formatCommand('MAIL', 'FROM:<>')), 'MAIL FROM:<>\r\n');
    assert.equal(String(formatCommand('EHLO', 'exämple.org')), 'EHLO exämple.org\r\n');
  });

  test('that could begin another are not written', () => {
    for (const text of ['x\r\nRCPT TO:<a@b>', 'x\n', 'x\r', 'x\0']) {
      assert.throws(() => formatCommand('EHLO', text), { name: 'UsageError', code: 'bad-argument', phase: 'ehlo' });
    }
  });

  const read: [line: string, verb: string, argument: string][] = [
    ['EHLO me', 'EHLO', 'me'],
    ['ehlo me', 'EHLO', 'me'],
    ['DATA', 'DATA', ''],
    ['data ', 'DATA', ''],
    ['NOOP what you like', 'NOOP', 'what you like'],
    ['NOOP', 'NOOP', ''],
    ['MAIL FROM:<a@b> SIZE=1', 'MAIL', '<a@b> SIZE=1'],
    ['mail from: <a@b>', 'MAIL', '<a@b>'],
    ['RCPT TO:<a@b>', 'RCPT', '<a@b>'],
    ['STARTTLS', 'STARTTLS', ''],
    ['vrfy Ann Example', 'VRFY', 'Ann Example'],
    ['EXPN friends', 'EXPN', 'friends'],
    ['HELP', 'HELP', ''],
    ['HELP me', 'HELP', 'me'],
  ];
  for (const [line, verb, argument] of read) test(line, () => assert.deepEqual(parseCommand(line), { verb, argument }));

  const faults: [line: string, fault: string][] = [
    ['', 'unknown'],
    [' DATA', 'unknown'],
    ['DAT', 'unknown'],
    ['DATA\tx', 'unknown'],
    ['TURN a', 'unknown'],
    ['VRFY', 'arguments'],
    ['EXPN', 'arguments'],
    ['CONSTRUC', 'unknown'],
    ['DATA now', 'arguments'],
    ['EHLO', 'arguments'],
    ['AUTH', 'arguments'],
    ['MAIL', 'arguments'],
    ['MAIL TO:<a@b>', 'arguments'],
    ['MAIL FROM <a@b>', 'arguments'],
    ['RCPT FROM:<a@b>', 'arguments'],
  ];
  for (const [line, fault] of faults) {
    test(`${JSON.stringify(line)} is a fault of ${fault}`, () => assert.equal(parseCommand(line).fault, fault));
  }
});

suite('paths (RFC 5321 §4.1.2)', () => {
  const legal = [
    '',
    'a@b',
    'a.b+c@example.org',
    '"a b"@example.org',
    '"<a>,\\""@example.org',
    'jürgen@exämple.org',
    'a@[127.0.0.1]',
    '"a@b"@c',
  ];
  for (const address of legal) {
    test(`<${address}> goes there and back`, () => {
      assert.deepEqual(parsePath(formatPath(address)), { address, parameters: [] });
    });
  }

  const illegal = [
    'a',
    '"a@b"',
    '@b',
    'a@',
    'a b@c',
    'a@b c',
    '<a@b>',
    'a@b>',
    'a@b> SIZE=1',
    'a@b\r\nDATA',
    'a@b\0',
    'a,b@c',
    'a@b;c',
    '"a@b',
    '"a"b"@c',
    `${'a'.repeat(250)}@b.org`,
  ];
  for (const address of illegal) {
    test(`${JSON.stringify(address.slice(0, 30))} is no address`, () => {
      assert.throws(() => formatPath(address), { name: 'UsageError', code: 'bad-address' });
    });
  }

  test('a local part alone is a path only where that is asked for', () => {
    for (const local of [...illegal.slice(0, 2), 'a.b+c', '"a b"']) {
      assert.equal(formatPath(local, true), `<${local}>`);
      assert.throws(() => formatPath(local), { code: 'bad-address' });
    }
    for (const other of illegal.slice(2)) assert.throws(() => formatPath(other, true), { code: 'bad-address' });
  });

  test('parameters', () => {
    const { address, parameters } = parsePath('<a@b> SIZE=10  body=8BITMIME SMTPUTF8 AUTH=<>') ?? {};
    assert.equal(address, 'a@b');
    assert.deepEqual(parameters, [
      ['SIZE', '10'],
      ['BODY', '8BITMIME'],
      ['SMTPUTF8', ''],
      ['AUTH', '<>'],
    ]);
  });

  test('a source route is passed over', () => {
    assert.equal(parsePath('<@one.test,@two.test:a@b>')?.address, 'a@b');
    assert.equal(parsePath('<Postmaster>')?.address, 'Postmaster');
  });

  for (const text of [
    '',
    'a@b',
    '<a@b',
    'a@b>',
    '<a>',
    '<a@b>x',
    '<a@b>SIZE=1',
    '<a@b><c@d>',
    '<a@>',
    '<@b>',
    '<a b@c>',
    '<a@b\x1b>',
    `<${'a'.repeat(300)}@b>`,
  ]) {
    test(`${JSON.stringify(text.slice(0, 30))} is no path`, () => assert.equal(parsePath(text), undefined));
  }

  test('whatever is written is one line, and read as one address', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (local, domain) => {
        const address = `${local}@${domain}`;
        let path: string;
        try {
          path = formatPath(address);
        } catch {
          return;
        }
        const line = formatCommand('MAIL', `FROM:${path}`).toString();
        assert.ok(!/[\r\n\0]/.test(line.slice(0, -2)));
        assert.equal(parsePath(path)?.address, address);
      }),
      { numRuns: 500 },
    );
  });
});
