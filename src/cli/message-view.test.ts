/** Whole screens: what a person sees of a message, at several widths. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from '../mime/message.ts';
import { renderMessage } from './message-view.ts';
import type { Style } from './output.ts';
import { cellWidth } from './terminal.ts';

const as = (name: string) => (text: string) => `<${name}>${text}</${name}>`;
const MARKED: Style = { bold: as('b'), dim: as('d'), red: as('r'), green: as('g'), yellow: as('y') };
const same = (text: string) => text;
const PLAIN: Style = { bold: same, dim: same, red: same, green: same, yellow: same };

process.env['TZ'] = 'UTC';

async function screen(message: string, columns = Number.POSITIVE_INFINITY, style = PLAIN, trusted: string[] = []) {
  const read = await readMessage(Buffer.from(message.replaceAll('\n', '\r\n')));
  return (await renderMessage(read, { style, columns, trusted })).split('\n');
}

const LETTER = `From: Ann Example <ann@example.org>
To: Bob <bob@example.net>, "Carol, C." <carol@example.com>
Cc: dave@example.org
Subject: =?utf-8?Q?The_report_=E2=98=95?=
Date: Mon, 23 Nov 2026 06:12:15 -0800
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8; format=flowed

Here is what you asked for, in a paragraph that the other 
program broke for us.

> > You wrote something that was answered, at some length, long ago.
> And that was the answer.

-- 
Ann
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="report.pdf"

%PDF
--b--
`;

test('a letter, where the output is no terminal', async () => {
  assert.deepEqual(await screen(LETTER), [
    'From:     Ann Example <ann@example.org>',
    'To:       Bob <bob@example.net>, "Carol, C." <carol@example.com>',
    'Cc:       dave@example.org',
    'Subject:  The report ☕',
    'Date:     Mon, 23 Nov 2026 14:12:15 +0000 (Mon 06:12 -0800 where it was written)',
    '',
    'Here is what you asked for, in a paragraph that the other program broke for us.',
    '',
    '> > You wrote something that was answered, at some length, long ago.',
    '> And that was the answer.',
    '',
    '-- ',
    'Ann',
    '',
    'Attached:',
    '[2] report.pdf  application/pdf, 4 B',
  ]);
});

test('the same on 40 columns, styled', async () => {
  const lines = await screen(LETTER, 40, MARKED);
  assert.deepEqual(lines, [
    '<b>From:</b>     Ann Example <ann@example.org>',
    '<b>To:</b>       Bob <bob@example.net>, "Carol,',
    '          C." <carol@example.com>',
    '<b>Cc:</b>       dave@example.org',
    '<b>Subject:</b>  The report ☕',
    '<b>Date:</b>     Mon, 23 Nov 2026 14:12:15',
    '          +0000 (Mon 06:12 -0800 where',
    '          it was written)',
    '',
    'Here is what you asked for, in a',
    'paragraph that the other program broke',
    'for us.',
    '',
    '<d><g>> > You wrote something that was</g></d>',
    '<d><g>> > answered, at some length, long ago.</g></d>',
    '<d>> And that was the answer.</d>',
    '',
    '<d>-- </d>',
    '<d>Ann</d>',
    '',
    'Attached:',
    '<b>[2]</b> report.pdf  <d>application/pdf, 4 B</d>',
  ]);
});

const PAGE = `From: shop@example.com
Content-Type: text/html

<h1>Your order</h1><p>Thank you. See <a href="https://shop.example/orders/1">your order</a>.
<table><tr><th>Item<th>Price<tr><td>Tea, black, from a garden in the hills<td>3.50<tr><td>漢字<td>12.00</table>
`;

test('HTML, at three widths', async () => {
  assert.deepEqual((await screen(PAGE, 200)).slice(3), [
    'Your order',
    '==========',
    '',
    'Thank you. See your order [1].',
    '',
    'Item                                    Price',
    '--------------------------------------  -----',
    'Tea, black, from a garden in the hills   3.50',
    '漢字                                    12.00',
    '',
    '[1] https://shop.example/orders/1',
  ]);
  assert.deepEqual(
    (await screen(PAGE, 40)).slice(8),
    [
      'Item: Tea, black, from a garden in the',
      'hills',
      'Price: 3.50',
      '',
      'Item: 漢字',
      'Price: 12.00',
      '',
      '[1] https://shop.example/orders/1',
    ].map((line) => (line === '      hills' ? 'hills' : line)),
  );
});

test('no line is wider than the terminal, whatever the width', async () => {
  for (const message of [LETTER, PAGE]) {
    for (const columns of [20, 33, 40, 80, 132, 200]) {
      for (const line of await screen(message, columns)) {
        assert.ok(cellWidth(line) <= columns || line.includes('://'), `${columns}: ${line}`);
      }
    }
  }
});

test('signs of danger stand above the text, in words', async () => {
  const lines = await screen(
    `From: "service@bank.example" <x@evil.test>
Reply-To: y@elsewhere.test
Subject: =?utf-8?Q?Pay=E2=80=AE_now?=
Authentication-Results: mx.example.org; spf=pass; dkim=none; dmarc=fail
Content-Disposition: attachment; filename="invoice.pdf.exe"

MZ
`,
    Number.POSITIVE_INFINITY,
    PLAIN,
    ['mx.example.org'],
  );
  assert.deepEqual(lines, [
    'From:     "service@bank.example" <x@evil.test>',
    'Reply-To: y@elsewhere.test',
    'Subject:  Pay\\u202e now',
    'Checked:  spf=pass, dkim=none, dmarc=fail by mx.example.org',
    '',
    '! The name of the sender looks like the address service@bank.example; the real one is x@evil.test.',
    '! An answer would go to y@elsewhere.test, not to anybody at evil.test.',
    '! mx.example.org could not confirm the sender: DMARC says fail.',
    '! The subject contains characters that turn the direction of text round.',
    '! Attachment 1 is a program that pretends to be something else.',
    '',
    '(no text)',
    '',
    'Attached:',
    '[1] invoice.pdf.exe  text/plain, 4 B',
  ]);
});

test('everything that comes from outside is made safe', async () => {
  const lines = await screen(
    `From: "\x1b[2J" <a\x1b]0;x\x07@evil.test>
Sender: =?utf-8?Q?=1B[31m?= <s\x9b@evil.test>
To: ${Array.from({ length: 60 }, (_, index) => `t${index}@example.org`).join(', ')}
Subject: =?utf-8?Q?=1B]52;c;x=07?=
Date: \x1b[31m
Content-Type: multipart/mixed; boundary=b

--b

a\x1b[31mb\x9bc\rd
--b
Content-Type: text/html

<pre>&#27;[31m&#x202e;</pre><img alt="&#27;c">
--b
Content-Type: x\x1b/y
Content-Disposition: attachment; filename="a\x1b.txt"

--b--
`,
    80,
  );
  for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\u202a-\u202e]/u);
  assert.match(lines.join(' '), /t49@example\.org, +and 10 more/);
  assert.ok(lines.some((line) => line.startsWith('Date:     unknown: ')));
});

test('who sent it on is not its author', async () => {
  const lines = await screen('From: ann@example.org\nResent-From: Bob <bob@example.net>\nSubject: x\n\nHi\n');
  assert.deepEqual(lines.slice(0, 3), ['From:     ann@example.org', 'Resent:   Bob <bob@example.net>', 'Subject:  x']);
});

test('an empty message', async () => {
  assert.deepEqual(await screen('\n'), [
    'From:     (none)',
    'Subject:  (none)',
    '',
    '! There is no From: nobody says who wrote this.',
    '',
    '',
  ]);
});

test('parts never swallow each other', async () => {
  const lines = await screen(`From: x@example.org
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html

<img src="http://evil.test/?
--b
Content-Type: text/plain

the secret
--b
Content-Type: text/html

"> <p>end
--b--
`);
  assert.deepEqual(
    lines.slice(3),
    ['', 'the secret', '"> ', '', 'end'].map((line) => line.trimEnd()),
  );
});

test('an attachment whose name is empty has none', async () => {
  const part = 'Content-Type: text/csv\nContent-Disposition: attachment; filename=""\n\nx\n';
  const lines = await screen(`Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b\n${part}--b--\n`);
  assert.equal(lines.at(-1), '[2] (no name)  text/csv, 1 B');
});
