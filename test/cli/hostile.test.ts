/**
 * No byte from a message or a server can drive the terminal: not in a listing, a message, a file's
 * name, a trace or an error; on a pipe and on a terminal. What is asked for exactly (`--raw`, `--part`) is exact on a
 * pipe, and safe on a terminal.
 */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { onTerminal } from '../support/tty.ts';
import { startLineServer } from '../support/line-server.ts';
import { makeMailHome } from '../support/mail-home.ts';
import { makeHome } from '../support/program.ts';
import { assertSafeText } from '../support/universal.ts';

const EVIL = '\x1b[2J\x1b]0;owned\x07\x9b31m\u009d0;t\u009c\u202egpj.exe\u2066\x08\x00\x7f\u2028';
/** As bytes, so that what decoding brings out is there as well: a C1 control in UTF-8, in latin1, and in base64. */
const ENCODED = `=?utf-8?B?${Buffer.from(EVIL).toString('base64')}?=`;
const LATIN1 = `=?iso-8859-1?Q?=1B[31m=9B31m=00?=`;
const raw = (text: string) => Buffer.from(text, 'utf8').toString('latin1');

const MESSAGE = [
  `From: "${ENCODED}" <eve@example.org>`,
  `To: ${ENCODED} <ann@example.org>, "raw ${raw(EVIL.replace(/[\0\u2028]/g, ''))}" <x@example.org>`,
  `Reply-To: ${LATIN1} <eve@example.org>`,
  `Subject: raw ${raw(EVIL.replace(/[\0\u2028]/g, ''))} ${ENCODED} ${LATIN1}`,
  'X-Evil: \x1b[31m',
  'Date: Mon, 23 Nov 2026 12:00:00 +0000 (\x1b[31m)',
  'Message-ID: <\x1b[31m@example.org>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain; charset=utf-8',
  '',
  `body ${raw(EVIL.replace('\0', ''))}`,
  '--b',
  `Content-Type: application/x-\x1b[31m; name="x"`,
  "Content-Disposition: attachment; filename*=utf-8''..%2F..%2F%1B%5B2J%C2%9B%E2%80%AEgpj.exe",
  '',
  'evil',
  '--b',
  'Content-Type: text/plain',
  'Content-Disposition: attachment; filename="../../../tmp/owned"',
  '',
  'climber',
  '--b',
  'Content-Type: text/html',
  'Content-Disposition: attachment; filename="-rf ~"',
  '',
  '<p>&#27;[31m&#155;31m',
  '--b--',
  '',
].join('\r\n');

const HTML = [
  'Subject: html',
  'To: ann@example.org',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<p>a&#27;[31mb&#x9b;31mc&#x202e;d</p><a href="http://x/\x1b]8;;">l</a>\x1b[2J',
  '',
].join('\r\n');

const home = await makeMailHome({ after }, { samples: false });
writeFileSync(join(home.folder, 'evil.eml'), Buffer.from(MESSAGE, 'latin1'));
writeFileSync(join(home.folder, 'html.eml'), Buffer.from(HTML, 'latin1'));
for (const name of ['evil.eml', 'html.eml']) {
  const sent = await home.posthorn(['send', '--raw', name, '-t', 'ann@example.org']);
  assert.equal(sent.code, 0, sent.stderr);
}
const fetched = await home.posthorn(['fetch', '--trace', '-v']);
assert.equal(fetched.code, 0);

const LOOKS = [
  'list',
  'list -v',
  'list --json',
  'list --remote --trace',
  'list --remote --json',
  'read 1',
  'read 1 --headers',
  'read 1 --json',
  'read 1 --headers --json',
  'read 2',
  'read 2 --json',
  'read 1 --part 7',
  'save 1 nope\x1b[31m\u202e',
  'list \x1b[31m',
  '--\x1b[31m',
  'send -t \x1b[31m --body x',
  'send -t b@example.org --body x --attach \x1b[31m\u202e',
  'list -a \x1b[31m\u202e',
  'list -c \x1b[31m\u202e',
  'fetch --ca-file \x1b[31m',
  'fetch --auth \x1b[31m',
];

const ON_TERMINAL = ['list', 'list --remote --trace', 'read 1', 'read 1 --raw', 'read 2 --part 1', 'list \x1b[31m'];

test('nothing of a hostile message or argument comes out raw, on a pipe', async () => {
  assertSafeText(fetched.stdout + fetched.stderr, 'fetch --trace');
  for (const command of LOOKS) {
    const { stdout, stderr } = await home.posthorn(command.split(' '));
    assertSafeText(stdout + stderr, command);
  }
});

test('nor on a terminal, but for the styles of our own', async () => {
  for (const command of ON_TERMINAL) {
    const { output } = await onTerminal(home, command.split(' '));
    assertSafeText(output, command, { terminal: true });
  }
});

test('what is asked for exactly is exact on a pipe', async () => {
  const { stdout } = await home.posthorn(['read', '1', '--raw']);
  assert.ok(stdout.includes('\x1b[2J'));
  assert.equal((await home.posthorn(['save', '1', '3', '--dir', '-'])).stdout, 'climber');
});

test('the attachments of a hostile message stay in the folder, under harmless names', async () => {
  const { code, stdout, stderr } = await home.posthorn(['save', '1', '--dir', 'saved']);
  assert.equal(code, 0, stderr);
  assertSafeText(stdout + stderr, 'save');
  assert.match(readdirSync(join(home.folder, 'saved')).sort().join('|'), /^\[2J ?gpj\.exe\|owned\|rf ~$/);
  const again = await home.posthorn(['save', '1', '--dir', 'saved']);
  assert.equal(again.code, 0);
  assert.equal(readdirSync(join(home.folder, 'saved')).length, 6, 'nothing was overwritten');
  const whole = await home.posthorn(['save', '1', '--message', '--dir', 'whole']);
  assertSafeText(whole.stdout + whole.stderr, 'save --message');
  assert.equal(readdirSync(join(home.folder, 'whole')).length, 1);
});

test('nor anything a server says', async (t) => {
  const place = await makeHome(t, { POSTHORN_PASSWORD: 'x' });
  const evil = raw(EVIL).replace(/[\0\r\n]/g, '');
  const pop3 = await startLineServer(t, `+OK ${evil}\r\n`, (line) => {
    if (line.startsWith('CAPA')) return `+OK ${evil}\r\nUSER\r\nX-${evil} ${evil}\r\n.\r\n`;
    if (line.startsWith('PASS')) return `-ERR [AUTH] ${evil}\r\n`;
    return `+OK ${evil}\r\n`;
  });
  const smtp = await startLineServer(t, `220 ${evil}\r\n`, (line) => {
    if (line.startsWith('EHLO')) return `250-${evil}\r\n250 X${evil} ${evil}\r\n`;
    if (line.startsWith('RCPT')) return `550 5.1.1 ${evil}\r\n`;
    return `250 ${evil}\r\n`;
  });
  const fetch = ['fetch', '--pop3', `pop3+insecure://ann@127.0.0.1:${pop3.port}`];
  const send = [
    'send',
    '--smtp',
    `smtp+insecure://127.0.0.1:${smtp.port}`,
    '-f',
    'a@example.org',
    '-t',
    'b@example.org',
  ];
  for (const command of [fetch, [...send, '--body', 'x']]) {
    for (const options of [[], ['--trace'], ['-v'], ['--json', '--trace']]) {
      const { code, stdout, stderr } = await place.posthorn([...options, ...command]);
      assert.notEqual(code, 0);
      assert.doesNotMatch(stderr, /fault of Posthorn/);
      assertSafeText(stdout + stderr, [...options, ...command].join(' '));
    }
  }
});
