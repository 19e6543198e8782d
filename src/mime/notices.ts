/**
 * Parts that tell a program something, as values: reports, invitations, and the headers of embedded messages.
 *
 * Why: they are small, so what is needed of them is kept while a message is read, up to a bound, and the message need not
 * be read a second time. This file must never know where messages come from.
 */

import { isEmbedded } from './bodies.ts';
import { type Calendar, readCalendar } from './calendar.ts';
import { decodeText } from './charset.ts';
import type { Headers } from './header-fields.ts';
import type { KeptOctets } from './kept.ts';
import type { Part } from './part.ts';
import { isReportType, type Report, readHeaderBlock, readReport } from './report.ts';
import { type Summary, summarize } from './summary.ts';

/** Of each part, in octets; what is longer says nothing to us. */
export const MAX_NOTICE = 256 * 1024;
/** The most invitations that are read. */
const MAX_CALENDARS = 20;
const RETURNED = /^(?:text\/rfc822-headers|message\/global-headers)$/;

/** An embedded message, without its text: to read that, extract the part and read it. */
export interface EmbeddedMessage extends Pick<Summary, 'subject' | 'from' | 'date' | 'messageId'> {
  /** The number of the part that is the message. */
  readonly part: string;
}

export interface Notices {
  /** What a program reports of a message (RFC 3464, RFC 8098). */
  readonly report: Report | undefined;
  readonly calendars: readonly Calendar[];
  /** The embedded messages, those within others too, in their order. */
  readonly messages: readonly EmbeddedMessage[];
}

/** Whether the content of a part is to be kept for `readNotices`. */
export function isNotice({ type }: Part): boolean {
  return isReportType(type) || type === 'text/calendar' || RETURNED.test(type);
}

/** @param found the parts of a message in their order, with the content of those for which `isNotice` holds. */
export function readNotices(
  found: readonly { readonly part: Part; readonly notice: KeptOctets | undefined }[],
): Notices {
  const own = found.filter(({ part }) => !isEmbedded(part));
  const calendars = own.flatMap(({ part, notice }) => {
    if (part.type !== 'text/calendar' || notice === undefined) return [];
    return readCalendar(decodeText(notice.octets, part.params.get('charset') ?? 'utf-8').text) ?? [];
  });
  const messages: EmbeddedMessage[] = [];
  for (const { part } of found) {
    if (part.parent?.kind !== 'message') continue;
    const { subject, from, date, messageId } = summarize(part.headers);
    messages.push({ part: part.parent.number, subject, from, date, messageId });
  }
  return { report: reportOf(own, returnedHeader(found)), calendars: calendars.slice(0, MAX_CALENDARS), messages };
}

function reportOf(found: Parameters<typeof readNotices>[0], returned: Headers | undefined): Report | undefined {
  for (const { part, notice } of found) {
    if (notice === undefined || !isReportType(part.type)) continue;
    const report = readReport(part.type, notice.octets, returned);
    if (report !== undefined) return report;
  }
  return undefined;
}

/** The header of the message that is reported about: by itself, or of the message that came back whole (RFC 6522 §3). */
function returnedHeader(found: Parameters<typeof readNotices>[0]): Headers | undefined {
  for (const { part, notice } of found) {
    if (part.parent?.kind === 'message') return part.headers;
    if (notice !== undefined && RETURNED.test(part.type)) return readHeaderBlock(notice.octets);
  }
  return undefined;
}
