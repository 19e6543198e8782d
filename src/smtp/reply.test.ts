import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { checkParser, checkRefused, feed } from '../../test/support/parse.ts';
import { ProtocolError, SmtpReplyError } from '../errors.ts';
import { endsSession, type Reply, ReplyParser, refusal, succeeded, unsolicited } from './reply.ts';

const make = () => new ReplyParser();
const reply = (code: number, lines: string[] = [''], enhanced?: string): Reply => ({ code, enhanced, lines });

suite('replies (RFC 5321 §4.2)', () => {
  const legal: [wire: string, expected: Reply][] = [
    ['250\r\n', reply(250)],
    ['250 \r\n', reply(250)],
    ['250 ok\r\n', reply(250, ['ok'])],
    ['250 2.1.0 ok\r\n', reply(250, ['ok'], '2.1.0')],
    ['250 2.1.0\r\n', reply(250, [''], '2.1.0')],
    ['250-mail.test\r\n250-SIZE 10\r\n250 PIPELINING\r\n', reply(250, ['mail.test', 'SIZE 10', 'PIPELINING'])],
    ['250-\r\n250\r\n', reply(250, ['', ''])],
    ['550-5.1.1 nobody\r\n550 5.1.1 of that name\r\n', reply(550, ['nobody', 'of that name'], '5.1.1')],
    ['550-first\r\n550 5.1.1 then\r\n', reply(550, ['first', 'then'], '5.1.1')],
    ['550 2.0.0 the class does not fit\r\n', reply(550, ['2.0.0 the class does not fit'])],
    ['550 5.1 short\r\n', reply(550, ['5.1 short'])],
    ['554 5.7.1234 long\r\n', reply(554, ['5.7.1234 long'])],
    ['250  spaces \r\n', reply(250, [' spaces '])],
    ['354 go\r\n', reply(354, ['go'])],
    ['250 caf\xc3\xa9\r\n', reply(250, ['café'])],
  ];
  for (const [wire, expected] of legal) test(JSON.stringify(wire), () => checkParser(make, wire, expected));

  const broken = [
    '',
    '2',
    '25',
    '25 x',
    '2 50',
    '000 x',
    '099 x',
    '199 x',
    '600 x',
    '999 x',
    '260 x',
    '2500 x',
    '250x',
    '250\tx',
  ];
  for (const wire of [...broken, ' 250 x', '+OK', '\x1b[2J250 x', '2\xb2' + '0 x']) {
    test(`${JSON.stringify(wire)} is none`, () => checkRefused(make, `${wire}\r\n`, 'bad-reply'));
  }
  test('a code that changes', () => checkRefused(make, '250-a\r\n251 b\r\n', 'bad-reply'));
  test('a second line that is none', () => checkRefused(make, '250-a\r\nb\r\n', 'bad-reply'));
  for (const wire of ['250 x\n', '250 a\0b\r\n', '250 a\rb\r\n', '250-a\n250 b\r\n']) {
    test(`${JSON.stringify(wire)} is no line`, () => checkRefused(make, wire, 'bad-line'));
  }

  test('lines without end', () => {
    assert.throws(() => feed(make(), [Buffer.from('250-x\r\n'.repeat(1000))]), { code: 'reply-too-long' });
    assert.throws(() => feed(make(), [Buffer.from('2'.repeat(10_000))]), { code: 'line-too-long' });
  });

  test('a transcript shows no challenge', () => {
    assert.deepEqual(feed(make(), [Buffer.from('334 dGVzdA==\r\n')]).parser.said, ['334 ****']);
    assert.deepEqual(feed(make(), [Buffer.from('250-a\r\n250 b\r\n')]).parser.said, ['250-a', '250 b']);
  });
});

test('what a code means', () => {
  const codes = [220, 250, 299, 334, 354, 421, 450, 550];
  assert.deepEqual(
    codes.filter((code) => succeeded(reply(code))),
    [220, 250, 299],
  );
  assert.deepEqual(
    codes.filter((code) => endsSession(reply(code))),
    [220, 250, 299, 334, 354, 421],
  );
});

test('a refusal is an error with the server’s own words, and a 3xx or 2xx where none is due a breach', () => {
  const refused = refusal(reply(450, ['try', 'later'], '4.2.1'), 'rcpt');
  assert.ok(refused instanceof SmtpReplyError);
  assert.deepEqual(
    [refused.replyCode, refused.enhanced, refused.temporary, refused.phase],
    [450, '4.2.1', true, 'rcpt'],
  );
  assert.equal(refused.message, 'The server refused (rcpt): 450 4.2.1 try later (the mailbox takes no messages)');
  assert.equal(refusal(reply(550), 'mail').message, 'The server refused (mail): 550 without a reason');
  assert.equal(refusal(reply(550), 'mail').temporary, false);
  assert.ok(refusal(reply(354), 'mail') instanceof ProtocolError);
  assert.ok(refusal(reply(250), 'data') instanceof ProtocolError);
});

test('421 may come unasked, and nothing else', () => {
  assert.equal(unsolicited(Buffer.from('421 4.4.2 bye\r\n'))?.message, 'The server ended the session: 421 4.4.2 bye');
  for (const text of ['250 ok\r\n', '4210\r\n', '+OK\r\n'])
    assert.equal(unsolicited(Buffer.from(text)), undefined, text);
});
