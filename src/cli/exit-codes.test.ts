import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as errors from '../errors.ts';
import { EXIT_CODES, exitCode } from './exit-codes.ts';

const smtp = (code: number, enhanced?: string, phase = 'rcpt') =>
  new errors.SmtpReplyError({ code, enhanced }, 'no', { phase });
const pop3 = (respCode: string | undefined, phase = 'retr') => new errors.Pop3ReplyError(respCode, 'no', { phase });

test('every error ends with its documented code', () => {
  const cases: [unknown, number][] = [
    [new errors.UsageError('bad-url', ''), 64],
    [new errors.UsageError('attachment-missing', ''), 66],
    [new errors.StoreError('no-such-message', ''), 66],
    [new errors.UsageError('input-missing', ''), 66],
    [new errors.UsageError('bad-message', ''), 65],
    [new errors.UsageError('all-recipients-refused', ''), 65],
    [new errors.ConfigError('bad-config', ''), 78],
    [new errors.ConfigError('no-password', ''), 78],
    [new errors.ConnectError('unknown-host', ''), 69],
    [new errors.TimeoutError('timeout', ''), 75],
    [new errors.ConnectionLostError('not-sent', ''), 75],
    [new errors.ConnectionLostError('unknown', ''), 76],
    [new errors.TlsError('tls-untrusted', ''), 77],
    [new errors.AuthError('auth-refused', ''), 77],
    [new errors.AuthError('auth-refused', '', { temporary: true }), 75],
    [smtp(550, '5.1.1'), 65],
    [smtp(552, '5.3.4', 'mail'), 65],
    [smtp(554, undefined, 'data'), 65],
    [smtp(550, '5.7.1'), 77],
    [smtp(535, undefined, 'auth'), 77],
    [smtp(450, '4.7.1'), 75],
    [smtp(421, undefined, 'greeting'), 75],
    [smtp(554, undefined, 'greeting'), 69],
    [smtp(502, undefined, 'ehlo'), 76],
    [pop3(undefined), 76],
    [pop3('AUTH', 'pass'), 77],
    [pop3('IN-USE', 'pass'), 75],
    [pop3('SYS/TEMP'), 75],
    [pop3('SYS/PERM'), 69],
    [pop3(undefined, 'greeting'), 69],
    [new errors.ProtocolError('bad-reply', ''), 76],
    [new errors.LimitError('line-too-long', ''), 76],
    [new errors.StoreError('mailbox-busy', ''), 75],
    [new errors.StoreError('not-permitted', ''), 73],
    [new errors.StoreError('read-only', ''), 73],
    [new errors.StoreError('name-taken', ''), 73],
    [new errors.StoreError('disk-full', ''), 74],
    [new errors.StoreError('stdout-closed', ''), 74],
    [new errors.AbortedError('aborted', ''), 130],
    [new TypeError('x'), 70],
    ['a string', 70],
    [undefined, 70],
  ];
  const documented = new Set(EXIT_CODES.map(({ code }) => code));
  for (const [error, code] of cases) {
    assert.equal(
      exitCode(error),
      code,
      error instanceof errors.PosthornError ? `${error.name} ${error.code}` : String(error),
    );
    assert.ok(documented.has(code));
  }
  assert.deepEqual(
    [...documented],
    [...new Set([0, ...cases.map(([, code]) => code)])].sort((a, b) => a - b),
  );
});
