import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCalendar } from './calendar.ts';
import { readMessage } from './message.ts';

const event = (...lines: string[]) =>
  [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'METHOD:REQUEST',
    'BEGIN:VEVENT',
    ...lines,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
const first = (...lines: string[]) => readCalendar(event(...lines))?.events[0];

test('an invitation in a message is read', async () => {
  const ics = event(
    'UID:7@example.org',
    'DTSTART;TZID=Europe/Berlin:20261124T093000',
    'DTEND;TZID=Europe/Berlin:20261124T103000',
    'SUMMARY:Tea\\, cake\\nand a very long talk about ',
    ' everything else',
    'LOCATION;LANGUAGE=de:Küche',
    'ORGANIZER;CN="Ann: Example":mailto:ann@example.org',
    'RRULE:FREQ=WEEKLY',
    'BEGIN:VALARM',
    'SUMMARY:wake up',
    'END:VALARM',
  );
  const message = await readMessage(
    Buffer.from(
      `Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${ics}`,
    ),
  );
  assert.deepEqual(message.calendars, [
    {
      method: 'REQUEST',
      events: [
        {
          uid: '7@example.org',
          summary: 'Tea, cake and a very long talk about everything else',
          start: { date: '2026-11-24', time: '09:30', zone: 'Europe/Berlin' },
          end: { date: '2026-11-24', time: '10:30', zone: 'Europe/Berlin' },
          duration: undefined,
          location: 'Küche',
          organizer: { name: 'Ann: Example', address: 'ann@example.org' },
          recurs: true,
        },
      ],
    },
  ]);
});

test('times are given as they stand', () => {
  const start = (line: string) => first(line)?.start;
  assert.deepEqual(start('DTSTART:20261124T093000Z'), { date: '2026-11-24', time: '09:30', zone: 'UTC' });
  assert.deepEqual(start('DTSTART:20261124T093000'), { date: '2026-11-24', time: '09:30', zone: undefined });
  assert.deepEqual(start('DTSTART;VALUE=DATE:20261124'), { date: '2026-11-24', time: undefined, zone: undefined });
  for (const wrong of ['20261324T000000', '20261124T256000', 'soon', '', '99999999'])
    assert.equal(start(`DTSTART:${wrong}`), undefined);
  assert.equal(first('DURATION:PT1H30M')?.duration, 'PT1H30M');
});

test('what is no such object, or broken, does no harm', () => {
  for (const text of ['', 'BEGIN:VEVENT\r\n', 'hello', 'BEGIN:VCALENDARS\n'])
    assert.equal(readCalendar(text), undefined);
  assert.deepEqual(readCalendar('begin:vcalendar\nMETHOD:cancel'), { method: 'CANCEL', events: [] });
  assert.equal(first('ORGANIZER:http://example.org')?.organizer, undefined);
  assert.equal(first('SUMMARY:a\u0007b\u2028c')?.summary, 'a b c');
  assert.equal(first('SUMMARY')?.summary, undefined);
  assert.equal(readCalendar(event('X:y').replace('END:VEVENT', 'BEGIN:VEVENT\r\n'.repeat(100)))?.events.length, 0);
});

test('a megabyte costs no more than its length', () => {
  for (const piece of [
    'BEGIN:VEVENT\r\nEND:VEVENT\r\n',
    'A;B=',
    'A;B="',
    'A;b=c,',
    '\r\n ',
    'DTSTART;TZID=',
    'END:X\n',
    ';',
  ]) {
    const text = `BEGIN:VCALENDAR\r\n${piece.repeat(Math.ceil(1_000_000 / piece.length))}`;
    assert.ok((readCalendar(text)?.events.length ?? 0) <= 20);
  }
});
