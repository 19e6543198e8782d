/**
 * What the parts of a message tell a program, in a line or two for a person and as plain values for `--json`: delivery
 * reports, invitations, embedded messages. Pure; what came from outside goes through the terminal's guard here.
 */
import { type Address, makeAddress } from '../mime/address.ts';
import type { Calendar, CalendarEvent, CalendarPerson, CalendarTime } from '../mime/calendar.ts';
import type { Notices } from '../mime/notices.ts';
import type { Report } from '../mime/report.ts';
import { showAddress } from './address-view.ts';
import { safeText } from './terminal.ts';

/** The most lines of one kind. */
const MAX_SHOWN = 10;

/** Lines for a person; none where the message has nothing of the kind. */
export function noticeLines({ report, calendars }: Pick<Notices, 'report' | 'calendars'>): string[] {
  const lines = report === undefined ? [] : reportLines(report);
  for (const calendar of calendars) lines.push(...calendar.events.map((event) => eventLine(calendar, event)));
  const more = lines.length - MAX_SHOWN;
  const shown = lines.slice(0, MAX_SHOWN).map((line) => safeText(line));
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

function reportLines(report: Report): string[] {
  if (report.kind === 'disposition') {
    const how = report.manual ? '' : ' (by a program)';
    return [`Receipt: ${report.recipient} says ${report.disposition}${how}`];
  }
  return report.recipients.map(({ address, action, status, diagnostic, remoteServer, retriedUntil }) => {
    // Most servers repeat the code in their words.
    const code = status !== undefined && diagnostic?.includes(status) === true ? undefined : status;
    const said = [code, diagnostic].filter(Boolean).join(' ');
    const by = remoteServer === undefined ? '' : ` (${remoteServer})`;
    const until = retriedUntil === undefined ? '' : `, tried until ${retriedUntil.toISOString()}`;
    return `Delivery: ${action} for ${address}${said === '' ? '' : `: ${said}`}${by}${until}`;
  });
}

function eventLine({ method }: Calendar, event: CalendarEvent): string {
  const what = method === 'CANCEL' ? 'Cancelled' : method === 'REQUEST' ? 'Invitation' : 'Calendar';
  const when = timeSpan(event);
  const details = [
    event.recurs ? 'repeatedly' : '',
    event.location === undefined ? '' : `at ${event.location}`,
    event.organizer === undefined ? '' : `by ${personText(event.organizer)}`,
  ].filter((text) => text !== '');
  return [`${what}: ${event.summary ?? '(no title)'}`, when, ...details].filter((text) => text !== '').join(', ');
}

/** As every other sender is shown. */
function personText({ name = '', address }: CalendarPerson): string {
  const at = address.lastIndexOf('@');
  const [local, domain] = at < 0 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)];
  return showAddress(makeAddress(name, local, domain));
}

function timeSpan({ start, end, duration }: CalendarEvent): string {
  if (start === undefined) return '';
  const length = duration === undefined ? '' : ` for ${duration}`;
  if (end === undefined) return `${timeText(start)}${length}`;
  const sameDay = end.date === start.date && end.zone === start.zone && start.time !== undefined;
  if (!sameDay) return `${timeText(start)} to ${timeText(end)}`;
  return timeText({ ...start, time: `${start.time}-${end.time ?? ''}` });
}

function timeText({ date, time, zone }: CalendarTime): string {
  return [date, time, zone === undefined ? '' : `(${zone})`].filter(Boolean).join(' ');
}

/** The facts for `--json`. */
export function noticesJson({ report, calendars, messages }: Notices) {
  return {
    report: report === undefined ? null : reportJson(report),
    calendars: calendars.map(({ method, events }) => ({ method: method ?? null, events: events.map(eventJson) })),
    messages: messages.map(({ part, subject, from, date, messageId }) => ({
      part,
      subject,
      from: from.map(({ name, address }: Address) => ({ name: name === '' ? null : name, address })),
      date: date === undefined || Number.isNaN(date.getTime()) ? null : date.toISOString(),
      messageId: messageId ?? null,
    })),
  };
}

function reportJson(report: Report) {
  const { kind, messageId = null } = report;
  if (report.kind === 'disposition') {
    const { disposition, manual, recipient } = report;
    return { kind, messageId, disposition, manual, recipient };
  }
  const { envelopeId = null, reportingServer = null, arrived, recipients } = report;
  return {
    kind,
    messageId,
    envelopeId,
    reportingServer,
    arrived: arrived?.toISOString() ?? null,
    recipients: recipients.map((recipient) => ({
      address: recipient.address,
      originalAddress: recipient.originalAddress ?? null,
      action: recipient.action,
      status: recipient.status ?? null,
      diagnostic: recipient.diagnostic ?? null,
      remoteServer: recipient.remoteServer ?? null,
      retriedUntil: recipient.retriedUntil?.toISOString() ?? null,
    })),
  };
}

function eventJson(event: CalendarEvent) {
  const { uid = null, summary = null, duration = null, location = null, organizer, recurs } = event;
  const time = (value: CalendarTime | undefined) =>
    value === undefined ? null : { date: value.date, time: value.time ?? null, zone: value.zone ?? null };
  return {
    uid,
    summary,
    start: time(event.start),
    end: time(event.end),
    duration,
    location,
    organizer: organizer === undefined ? null : { name: organizer.name ?? null, address: organizer.address },
    recurs,
  };
}
