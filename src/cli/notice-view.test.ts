import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCalendar } from '../mime/calendar.ts';
import { readReport } from '../mime/report.ts';
import { noticeLines } from './notice-view.ts';

const lines = (calendar: string, status = '', type = 'message/delivery-status') => {
  const read = readCalendar(calendar);
  return noticeLines({
    report: readReport(type, Buffer.from(status)),
    calendars: read === undefined ? [] : [read],
  });
};
const event = (...properties: string[]) =>
  ['BEGIN:VCALENDAR', 'METHOD:REQUEST', 'BEGIN:VEVENT', ...properties, 'END:VEVENT', 'END:VCALENDAR'].join('\n');

test('a report is a line for each recipient', () => {
  const status =
    'Reporting-MTA: dns; mx.test\n\nFinal-Recipient: rfc822; bob@x.test\nAction: failed\nStatus: 5.1.1\n' +
    'Diagnostic-Code: smtp; 550 nobody\u001b[2J\nRemote-MTA: dns; y.test\n\nFinal-Recipient: a@x.test\nAction: delivered\n';
  const [first = '', ...others] = lines('', status);
  assert.match(first, /^Delivery: failed for bob@x\.test: 5\.1\.1 550 nobody.*\(y\.test\)$/);
  assert.ok(!first.includes('\u001b'));
  assert.deepEqual(others, ['Delivery: delivered for a@x.test']);
  const repeated = 'Final-Recipient: a@x\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no';
  assert.deepEqual(lines('', repeated), ['Delivery: failed for a@x: 550 5.1.1 no']);
  assert.deepEqual(
    lines(
      '',
      'Final-Recipient: rfc822;b@x\nDisposition: automatic-action/x;displayed\n',
      'message/disposition-notification',
    ),
    ['Receipt: b@x says displayed (by a program)'],
  );
});

test('an invitation is one line', () => {
  const shown = (...properties: string[]) => lines(event(...properties)).join('|');
  assert.equal(
    shown(
      'SUMMARY:Tea',
      'DTSTART;TZID=Europe/Berlin:20261124T093000',
      'DTEND;TZID=Europe/Berlin:20261124T100000',
      'LOCATION:Kitchen',
      'ORGANIZER;CN=Ann:mailto:ann@x.test',
    ),
    'Invitation: Tea, 2026-11-24 09:30-10:00 (Europe/Berlin), at Kitchen, by Ann <ann@x.test>',
  );
  assert.equal(
    shown('SUMMARY:a', 'ORGANIZER;CN="Boss <boss@bank.test>, or":mailto:x@evil.test'),
    'Invitation: a, by "Boss <boss@bank.test>, or" <x@evil.test>',
  );
  assert.equal(shown('SUMMARY:a', 'ORGANIZER:mailto:ann@x.test'), 'Invitation: a, by ann@x.test');
  assert.equal(shown('DTSTART;VALUE=DATE:20261124', 'RRULE:X'), 'Invitation: (no title), 2026-11-24, repeatedly');
  assert.equal(
    shown('SUMMARY:a', 'DTSTART:20261124T230000Z', 'DTEND:20261125T010000Z'),
    'Invitation: a, 2026-11-24 23:00 (UTC) to 2026-11-25 01:00 (UTC)',
  );
  assert.equal(
    shown('SUMMARY:a', 'DTSTART:20261124T230000', 'DURATION:PT1H'),
    'Invitation: a, 2026-11-24 23:00 for PT1H',
  );
});

test('no message fills the screen with them', () => {
  const many = `BEGIN:VCALENDAR\n${'BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n'.repeat(15)}`;
  assert.deepEqual([lines(many).length, lines(many).at(-1)], [11, 'and 5 more']);
  assert.deepEqual(lines(''), []);
});
