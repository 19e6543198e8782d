/**
 * Invitations: an iCalendar object in a message (RFC 5545 §3.4, §3.7.2, RFC 6047 §2.4).
 *
 * Why: the method must stand in Content-Type exactly as in the object, or programs show no way to answer. This file must
 * never know dates and people: whoever made the object knows those.
 */

import { UsageError } from '../errors.ts';
import type { Attachment } from './draft.ts';

/**
 * The METHOD of the object: `REQUEST` of an invitation; undefined for a calendar that asks nothing.
 *
 * @throws UsageError `bad-calendar` for what is no iCalendar object, or has a METHOD that cannot be.
 */
export function calendarMethod(calendar: string): string | undefined {
  const text = String(calendar).replace(/\r?\n[ \t]/g, '');
  if (!/^\uFEFF?BEGIN:VCALENDAR\s/i.test(text) || !/^END:VCALENDAR\s*$/im.test(text)) {
    throw new UsageError('bad-calendar', 'That is not an iCalendar object: it does not begin with BEGIN:VCALENDAR.', {
      hint: 'Export the appointment from your calendar as a file that ends in .ics.',
    });
  }
  const [, method] = /^METHOD(?:;[^:\r\n]*)?:(.*?)[ \t]*$/im.exec(text) ?? [];
  if (method === undefined || /^[A-Za-z-]{1,40}$/.test(method)) return method?.toUpperCase();
  throw new UsageError('bad-calendar', 'The METHOD of the iCalendar object is not a name such as REQUEST.');
}

/** The same for programs that look for a file. QUIRK: `application/ics`, as `text/calendar` would be shown a second time. */
export function calendarFile(calendar: string): Attachment {
  const octets = Buffer.from(calendar);
  return {
    name: 'invite.ics',
    type: 'application/ics',
    size: octets.length,
    async *open() {
      yield octets;
    },
  };
}
