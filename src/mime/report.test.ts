import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from './message.ts';
import { readReport } from './report.ts';

const read = (text: string) => readMessage(Buffer.from(text.replaceAll('\n', '\r\n')));
const group = (...lines: string[]) => `${lines.join('\n')}\n`;

const STATUS = [
  group(
    'Original-Envelope-Id: order+7',
    'Reporting-MTA: dns; mx.example.org',
    'Arrival-Date: Mon, 23 Nov 2026 12:00:00 +0000',
  ),
  group(
    'Original-Recipient: rfc822;Bob@example.net',
    'Final-Recipient: rfc822; bob@mail.example.net',
    'Action: Failed',
    'Status: 5.1.1 (no such mailbox)',
    'Remote-MTA: dns; mail.example.net',
    'Diagnostic-Code: smtp; 550 5.1.1 there is',
    ' no such mailbox',
  ),
  group(
    'Final-Recipient: rfc822; cem@example.net',
    'Action: delayed',
    'Status: 4.4.1',
    'Will-Retry-Until: Fri, 27 Nov 2026 12:00:00 +0000',
  ),
].join('\n');

const bounce = (status: string, returned: string) =>
  'From: postmaster@example.org\nSubject: Undelivered\n' +
  'Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n' +
  `--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n${status}\n--b\n${returned}\n--b--\n`;

test('a bounce says of each recipient what became of the message', async () => {
  const message = await read(bounce(STATUS, 'Content-Type: text/rfc822-headers\n\nMessage-ID: <1@x>\nSubject: Hi\n'));
  assert.equal(message.text, 'Sorry.');
  assert.deepEqual(message.report, {
    kind: 'delivery',
    envelopeId: 'order+7',
    reportingServer: 'mx.example.org',
    arrived: new Date('2026-11-23T12:00:00Z'),
    messageId: '<1@x>',
    recipients: [
      {
        address: 'bob@mail.example.net',
        originalAddress: 'Bob@example.net',
        action: 'failed',
        status: '5.1.1',
        diagnostic: '550 5.1.1 there is no such mailbox',
        remoteServer: 'mail.example.net',
        retriedUntil: undefined,
      },
      {
        address: 'cem@example.net',
        originalAddress: undefined,
        action: 'delayed',
        status: '4.4.1',
        diagnostic: undefined,
        remoteServer: undefined,
        retriedUntil: new Date('2026-11-27T12:00:00Z'),
      },
    ],
  });
});

test('the message may come back whole, and the report stand in any multipart', async () => {
  const whole = bounce(STATUS, 'Content-Type: message/rfc822\n\nMessage-ID: <2@x>\nSubject: Back\n\nbody');
  const { report, messages } = await read(whole.replace('multipart/report', 'multipart/mixed'));
  assert.equal(report?.messageId, '<2@x>');
  assert.deepEqual(
    messages.map(({ part, subject, messageId }) => [part, subject, messageId]),
    [['3', 'Back', '<2@x>']],
  );
});

test('a report inside a forwarded message is not one about us', async () => {
  const { report } = await read(`Content-Type: message/rfc822\n\n${bounce(STATUS, '\n')}`);
  assert.equal(report, undefined);
});

test('a notification says that a message was shown', async () => {
  const { report } = await read(
    'Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nread\n--b\n' +
      'Content-Type: message/disposition-notification\n\nReporting-UA: pc; some program\n' +
      'Final-Recipient: rfc822;bob@example.net\nOriginal-Message-ID: <1@x>\n' +
      'Disposition: manual-action/MDN-sent-manually; Displayed/error\n--b--\n',
  );
  assert.deepEqual(report, {
    kind: 'disposition',
    disposition: 'displayed',
    manual: true,
    recipient: 'bob@example.net',
    messageId: '<1@x>',
  });
});

test('of what is malformed, what is there is read', () => {
  const delivery = (text: string) => readReport('message/delivery-status', Buffer.from(text));
  for (const nothing of ['', '\n\n\n', 'words', 'Reporting-MTA: dns; x\n', 'A: b\n\nAction: failed\n']) {
    assert.equal(delivery(nothing), undefined, nothing);
  }
  const together = delivery('Reporting-MTA: dns; x\nFinal-Recipient: a@x\nAction: failed\nStatus: none\n');
  assert.deepEqual(
    together?.kind === 'delivery' && together.recipients.map(({ address, status }) => [address, status]),
    [['a@x', undefined]],
  );
  const blanks = delivery('Reporting-MTA: dns; x\r\n \r\n\r\nOriginal-Recipient: rfc822;a@x\r\nAction: relayed\r\n');
  assert.equal(blanks?.kind === 'delivery' && blanks.recipients[0]?.address, 'a@x');
  const many = delivery(`A: b\n\n${'Final-Recipient: rfc822;a@x\nAction: failed\n\n'.repeat(20_000)}`);
  assert.equal(many?.kind === 'delivery' && many.recipients.length, 1000);
  assert.equal(readReport('message/disposition-notification', Buffer.from('Disposition: x\n')), undefined);
});
