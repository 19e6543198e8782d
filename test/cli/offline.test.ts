/** Reading connects to nothing, whatever a message holds: seen by the system's own record of every call. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { putMessages } from '../support/maildir.ts';
import { makeHome, PROGRAM } from '../support/program.ts';
import { WAYS } from '../support/remote-content.ts';

const skip = spawnSync('strace', ['-V']).status === 0 ? false : 'needs strace';

const ways = WAYS.map((way, index) => way(`http://192.0.2.1/${index}`));
const HOSTILE = `From: eve@evil.test
Disposition-Notification-To: eve@evil.test
List-Unsubscribe: <http://192.0.2.1/u>, <file:///etc/passwd>
Authentication-Results: 192.0.2.1; spf=fail
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

${ways.join('\n')}
--b
Content-Type: message/external-body; access-type=URL; URL="http://192.0.2.1/e"

Content-Type: image/png

--b
Content-Type: text/calendar

BEGIN:VCALENDAR
BEGIN:VEVENT
ATTACH:http://192.0.2.1/a
END:VEVENT
END:VCALENDAR
--b--
`;

const home = await makeHome({ after }, { POSTHORN_POP3: '', POSTHORN_SMTP: '' });
await putMessages(home, [HOSTILE, 'From: eve@evil.test\nContent-Type: text/html\n\n<img src=http://192.0.2.1/>x\n']);

test('the record shows what is looked for', { skip }, () => {
  const log = join(home.folder, 'control');
  const program = 'require("node:net").connect(9, "127.0.0.1").on("error", () => {})';
  spawnSync('strace', ['-f', '-qq', '-e', 'trace=network', '-o', log, process.execPath, '-e', program]);
  assert.match(readFileSync(log, 'utf8'), /connect\(\d+, \{sa_family=AF_INET/);
});

for (const args of [
  ['read', '1'],
  ['read', '1', '--html'],
  ['read', '1', '--json'],
  ['read', '1', '--headers'],
  ['read', '1', '--part', '1'],
  ['read', '2'],
  ['list'],
]) {
  test(`posthorn ${args.join(' ')} opens no connection`, { skip }, () => {
    const log = join(home.folder, 'trace');
    const words = ['-f', '-qq', '-e', 'trace=network', '-o', log, process.execPath, PROGRAM, ...args];
    const { status, stdout } = spawnSync('strace', words, { cwd: home.folder, env: home.env, encoding: 'utf8' });
    assert.equal(status, 0);
    assert.notEqual(stdout, '');
    const calls = readFileSync(log, 'utf8').split('\n');
    const outward = /\b(?:socket\((?!AF_UNIX)|(?:connect|bind|sendto|sendmsg|sendmmsg)\()/;
    assert.deepEqual(
      calls.filter((call) => outward.test(call) && !call.includes('AF_UNIX')),
      [],
    );
  });
}
