/**
 * Reports that a program sends about a message: whether it was delivered (RFC 3464), or shown to somebody (RFC 8098), in a
 * multipart/report (RFC 6522).
 *
 * Why: “undelivered mail returned to sender” is read for one line in it. Everything here is what a stranger claims; it is
 * text for people and programs to show, and nothing is done because of it. Fields are read as those of a header.
 */

import { parseDate } from './date.ts';
import type { Headers } from './header-fields.ts';
import { HeaderReader } from './header-reader.ts';
import { messageIds } from './summary.ts';

export interface DeliveryReport {
  readonly kind: 'delivery';
  /** What the sender called the transaction (ENVID), and the server that reports. */
  readonly envelopeId: string | undefined;
  readonly reportingServer: string | undefined;
  readonly arrived: Date | undefined;
  readonly recipients: readonly RecipientReport[];
  /** The Message-ID of the message that is reported about, with angle brackets, where its header came back. */
  readonly messageId: string | undefined;
}

export interface RecipientReport {
  /** Where it was to go in the end, and what the sender wrote where that is another address. */
  readonly address: string;
  readonly originalAddress: string | undefined;
  /** In lower case: `failed`, `delayed`, `delivered`, `relayed` or `expanded`, if the program keeps to the RFC. */
  readonly action: string;
  /** An enhanced status code: `5.1.1`. */
  readonly status: string | undefined;
  /** The words of the server that said so, without its type; and that server. */
  readonly diagnostic: string | undefined;
  readonly remoteServer: string | undefined;
  readonly retriedUntil: Date | undefined;
}

export interface DispositionReport {
  readonly kind: 'disposition';
  /** In lower case: `displayed`, `deleted`, `dispatched` or `processed`. */
  readonly disposition: string;
  /** Whether a person agreed to the report, as far as the program says. */
  readonly manual: boolean;
  readonly recipient: string;
  readonly messageId: string | undefined;
}

export type Report = DeliveryReport | DispositionReport;

/** The most recipients of one report. */
const MAX_RECIPIENTS = 1000;
const REPORT_TYPE = /^message\/(?:global-)?(delivery-status|disposition-notification)$/;

/** Whether a part of this type is what `readReport` reads. */
export function isReportType(type: string): boolean {
  return REPORT_TYPE.test(type);
}

/**
 * @param type for which `isReportType` holds.
 * @param content of that part, decoded.
 * @param returned the header of the message that is reported about, if the report has it.
 * @returns undefined when the part has none of the fields it must have.
 */
export function readReport(type: string, content: Buffer, returned?: Headers): Report | undefined {
  const [first, ...others] = fieldGroups(content);
  if (first === undefined) return undefined;
  const messageId = messageIds(returned?.raw('message-id') ?? '')[0];
  if (REPORT_TYPE.exec(type)?.[1] === 'disposition-notification') return disposition(first, messageId);
  // QUIRK: the empty line behind the fields of the message is left out by some programs.
  const groups = first.raw('action') === undefined ? others : [first, ...others];
  const recipients = groups.slice(0, MAX_RECIPIENTS).flatMap((group) => recipient(group) ?? []);
  if (recipients.length === 0) return undefined;
  return {
    kind: 'delivery',
    envelopeId: field(first, 'original-envelope-id'),
    reportingServer: typed(first, 'reporting-mta'),
    arrived: parseDate(first.raw('arrival-date') ?? ''),
    recipients,
    messageId,
  };
}

function recipient(group: Headers): RecipientReport | undefined {
  const action = field(group, 'action')?.toLowerCase();
  const [final, original] = [typed(group, 'final-recipient'), typed(group, 'original-recipient')];
  const address = final ?? original;
  if (action === undefined || address === undefined) return undefined;
  return {
    address,
    originalAddress: original === address ? undefined : original,
    action,
    status: /[245]\.\d{1,3}\.\d{1,3}/.exec(group.raw('status') ?? '')?.[0],
    diagnostic: typed(group, 'diagnostic-code'),
    remoteServer: typed(group, 'remote-mta'),
    retriedUntil: parseDate(group.raw('will-retry-until') ?? ''),
  };
}

function disposition(group: Headers, returnedId: string | undefined): DispositionReport | undefined {
  const [mode = '', kind = ''] = (field(group, 'disposition') ?? '').toLowerCase().split(';');
  const recipient = typed(group, 'final-recipient') ?? typed(group, 'original-recipient');
  const disposition = kind.split('/')[0]?.trim() ?? '';
  if (disposition === '' || recipient === undefined) return undefined;
  const messageId = messageIds(group.raw('original-message-id') ?? '')[0] ?? returnedId;
  return { kind: 'disposition', disposition, manual: mode.trim().startsWith('manual-action'), recipient, messageId };
}

/** A header, or nothing, for what stands between empty lines. */
function fieldGroups(content: Buffer): Headers[] {
  const groups = content.toString('latin1').split(/(?:\r?\n[ \t]*){2,}/);
  return groups.slice(0, MAX_RECIPIENTS + 1).flatMap((group) => {
    const headers = readHeaderBlock(Buffer.from(group, 'latin1'));
    return headers.fields.length === 0 ? [] : [headers];
  });
}

/** The fields of a block that stands by itself. */
export function readHeaderBlock(octets: Buffer): Headers {
  const reader = new HeaderReader();
  reader.push(octets, 0);
  if (!reader.done) reader.end();
  return reader.headers();
}

/** What a field says, on one line; undefined when it says nothing. */
function field(group: Headers, name: string): string | undefined {
  return group.get(name) || undefined;
}

/** The value of a field of the form `rfc822; ann@example.org` (RFC 3464 §2.1.2). */
function typed(group: Headers, name: string): string | undefined {
  return field(group, name)?.replace(/^[\w-]{1,40}\s*;\s*/, '') || undefined;
}
