/**
 * What an invitation says: the little of an iCalendar object that a mail program shows (RFC 5545, RFC 6047).
 *
 * Why: an invitation without words of its own would be an empty message. Times are given as they stand, with the name of
 * their zone: nothing here knows the zones, nor what a rule of recurrence means, so that no wrong time is ever shown.
 */

import { parseParameterized } from './params.ts';
import { oneLine } from './plain-text.ts';

export interface Calendar {
  /** In upper case: `REQUEST`, `CANCEL`, `REPLY`; undefined where nothing is asked. */
  readonly method: string | undefined;
  readonly events: readonly CalendarEvent[];
}

export interface CalendarEvent {
  readonly uid: string | undefined;
  readonly summary: string | undefined;
  readonly start: CalendarTime | undefined;
  readonly end: CalendarTime | undefined;
  /** Where it is given instead of an end: `PT1H30M`. */
  readonly duration: string | undefined;
  readonly location: string | undefined;
  readonly organizer: CalendarPerson | undefined;
  /** Whether it takes place more than once. */
  readonly recurs: boolean;
}

export interface CalendarTime {
  /** `2026-11-24`. */
  readonly date: string;
  /** `09:30`; undefined for a whole day. */
  readonly time: string | undefined;
  /** `UTC`, or the name the sender gave the zone; undefined where the time is that of the reader's own clock. */
  readonly zone: string | undefined;
}

export interface CalendarPerson {
  readonly name: string | undefined;
  readonly address: string;
}

interface Property {
  readonly name: string;
  readonly params: ReadonlyMap<string, string>;
  readonly value: string;
}

/** In characters, and the most lines and events that are read. */
const MAX_TEXT = 1024 * 1024;
const MAX_LINES = 50_000;
const MAX_EVENTS = 20;
const MAX_VALUE = 1000;

/** @returns undefined for what is no iCalendar object. Never throws. */
export function readCalendar(text: string): Calendar | undefined {
  const lines = text
    .slice(0, MAX_TEXT)
    .replace(/\r?\n[ \t]/g, '')
    .split(/\r?\n/, MAX_LINES);
  if (!/^\uFEFF?BEGIN:VCALENDAR\s*$/i.test(lines[0] ?? '')) return undefined;
  const open: string[] = [];
  const events: CalendarEvent[] = [];
  let method: string | undefined;
  let event = new Map<string, Property>();
  for (const line of lines) {
    const property = readProperty(line);
    if (property === undefined) continue;
    const { name, value } = property;
    if (name === 'BEGIN') {
      open.push(value.trim().toUpperCase());
      if (open.length === 2) event = new Map();
    } else if (name === 'END') {
      // Of an event within the object itself: alarms and the like are within an event.
      if (open.join() === 'VCALENDAR,VEVENT' && events.length < MAX_EVENTS) events.push(readEvent(event));
      open.pop();
    } else if (open.length === 1 && name === 'METHOD') method ??= value.trim().toUpperCase().slice(0, 40);
    else if (open.join() === 'VCALENDAR,VEVENT' && !event.has(name)) event.set(name, property);
  }
  return { method, events };
}

/** `NAME;PARAM=value;PARAM="a:b":value` (§3.1). */
function readProperty(line: string): Property | undefined {
  const match = /^([A-Za-z0-9-]{1,60})((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):(.*)$/s.exec(
    line,
  );
  if (match === null) return undefined;
  const [, name = '', params = '', value = ''] = match;
  return { name: name.toUpperCase(), params: parseParameterized(params).params, value: value.slice(0, MAX_VALUE) };
}

function readEvent(event: ReadonlyMap<string, Property>): CalendarEvent {
  const text = (name: string) => textValue(event.get(name)?.value) || undefined;
  return {
    uid: text('UID'),
    summary: text('SUMMARY'),
    start: timeValue(event.get('DTSTART')),
    end: timeValue(event.get('DTEND')),
    duration: /^[+-]?P[0-9A-Z]{1,30}$/i.exec(event.get('DURATION')?.value.trim() ?? '')?.[0].toUpperCase(),
    location: text('LOCATION'),
    organizer: personValue(event.get('ORGANIZER')),
    recurs: event.has('RRULE') || event.has('RDATE'),
  };
}

/** TEXT (§3.3.11), on one line. */
function textValue(value = ''): string {
  const text = value.replace(/\\([\\;,nN])/g, (_: string, escaped: string) =>
    escaped.toLowerCase() === 'n' ? ' ' : escaped,
  );
  return oneLine(text).trim();
}

/** DATE or DATE-TIME (§3.3.4, §3.3.5). */
function timeValue(property: Property | undefined): CalendarTime | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?$/.exec(property?.value.trim() ?? '');
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, utc] = match;
  const time = hour === undefined ? undefined : `${hour}:${minute}`;
  if (Number.isNaN(Date.parse(`${year}-${month}-${day}T${time ?? '00:00'}Z`))) return undefined;
  const named = textValue(property?.params.get('tzid')).slice(0, 100) || undefined;
  return { date: `${year}-${month}-${day}`, time, zone: time === undefined ? undefined : utc === 'Z' ? 'UTC' : named };
}

/** CAL-ADDRESS (§3.3.3): only one that is an address of mail. */
function personValue(property: Property | undefined): CalendarPerson | undefined {
  const address = /^mailto:([^\s?<>]{1,254})/i.exec(property?.value.trim() ?? '')?.[1];
  return address === undefined ? undefined : { name: textValue(property?.params.get('cn')) || undefined, address };
}
