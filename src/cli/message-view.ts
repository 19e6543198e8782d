/**
 * A message as a person reads it in a terminal, and the same facts as plain values for `--json`. Pure; everything that
 * came from outside goes through the terminal's guard here.
 */
import { type Address, formatAddress } from '../mime/address.ts';
import type { Message } from '../mime/message.ts';
import type { PartInfo } from '../mime/part-info.ts';
import type { Summary } from '../mime/summary.ts';
import { noticeLines, noticesJson } from './notice-view.ts';
import type { Style } from './output.ts';
import { formatBytes } from './table.ts';
import { safeText } from './terminal.ts';

/** Header, text and attachments, as lines. @param text what `readableText` gives. */
export function renderMessage(message: Message, text: string | undefined, style: Style): string {
  const lines = headerLines(message, style);
  const notices = noticeLines(message);
  if (notices.length > 0) lines.push('', ...notices);
  lines.push('', text === undefined ? '(no text)' : safeText(text.trimEnd(), { multiline: true }));
  if (message.attachments.length > 0) lines.push('', ...message.attachments.map((part) => attachmentLine(part, style)));
  if (message.inline.length > 0)
    lines.push('', 'In the HTML:', ...message.inline.map((part) => attachmentLine(part, style)));
  return lines.join('\n');
}

function headerLines(message: Summary, style: Style): string[] {
  const rows: [name: string, value: string][] = [
    ['From', addresses(message.from)],
    ['To', addresses(message.to)],
    ['Cc', addresses(message.cc)],
    ['Reply-To', addresses(message.replyTo)],
    ['Subject', message.subject],
    ['Date', message.date?.toString().replace(/ \(.*\)$/, '') ?? ''],
  ];
  const shown = rows.filter(([name, value]) => value !== '' || name === 'From' || name === 'Subject');
  return shown.map(([name, value]) => `${style.bold(`${name}:`.padEnd(9))} ${safeText(value) || style.dim('(none)')}`);
}

function attachmentLine(part: PartInfo, style: Style): string {
  const name = safeText(part.fileName ?? '(no name)');
  return `${style.bold(`[${part.number}]`)} ${name}  ${style.dim(`${safeText(part.type)}, ${formatBytes(part.size)}`)}`;
}

function addresses(list: readonly Address[]): string {
  return list.map(formatAddress).join(', ');
}

/**
 * Who a listing says a message is from: the name where there is one, else the address. A name that looks like an address
 * of its own is not believed: the real one comes first.
 */
export function senderOf(summary: Summary | undefined): string {
  const [first] = summary?.from ?? [];
  if (first === undefined) return '';
  return first.name.includes('@') ? `${first.address} (“${first.name}”)` : first.name || first.address;
}

/** The facts of a header, for `--json`. */
export function summaryJson(summary: Summary | undefined) {
  return {
    subject: summary?.subject ?? null,
    from: (summary?.from ?? []).map(addressJson),
    to: (summary?.to ?? []).map(addressJson),
    cc: (summary?.cc ?? []).map(addressJson),
    date: dateJson(summary?.date),
    messageId: summary?.messageId ?? null,
  };
}

/** A whole message, for `--json`. @param text what `readableText` gives. */
export function messageJson(message: Message, text: string | undefined) {
  return {
    ...summaryJson(message),
    replyTo: message.replyTo.map(addressJson),
    inReplyTo: message.inReplyTo ?? null,
    references: message.references,
    text: text ?? null,
    html: message.html ?? null,
    attachments: message.attachments.map(partJson),
    inline: message.inline.map(partJson),
    parts: message.parts.map(partJson),
    ...noticesJson(message),
    size: message.size,
    defects: message.defects.map(({ code, offset, part }) => ({ code, offset: offset ?? null, part: part || null })),
  };
}

function addressJson({ name, address }: Address) {
  return { name: name === '' ? null : name, address };
}

function partJson({ number, type, charset, disposition, fileName, size, contentId }: PartInfo) {
  return {
    part: number,
    type,
    charset: charset ?? null,
    disposition: disposition ?? null,
    name: fileName ?? null,
    size,
    contentId: contentId ?? null,
  };
}

function dateJson(date: Date | undefined): string | null {
  return date === undefined || Number.isNaN(date.getTime()) ? null : date.toISOString();
}
