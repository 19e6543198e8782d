/**
 * A message as a person reads it in a terminal: who, what about, what is odd, the text, what is attached. Pure; everything
 * that came from outside goes through the terminal's guard here.
 */
import type { Address } from '../mime/address.ts';
import { parseAddressList } from '../mime/address-list.ts';
import { authentication } from '../mime/authentication.ts';
import type { Message } from '../mime/message.ts';
import type { PartInfo } from '../mime/part-info.ts';
import { signs } from '../mime/signs.ts';
import { showAddress } from './address-view.ts';
import { renderBodies } from './body-view.ts';
import { showDate } from './date-view.ts';
import { noticeLines } from './notice-view.ts';
import type { Style } from './output.ts';
import { formatBytes } from './table.ts';
import { safeText } from './terminal.ts';
import { wrapBehind, wrapLine } from './wrap.ts';

export interface View {
  readonly style: Style;
  /** Of the terminal; Infinity where the output goes elsewhere: nothing is broken or left out then. */
  readonly columns: number;
  /** The servers whose Authentication-Results are believed. */
  readonly trusted?: readonly string[];
}

/** Recipients shown of one field on a terminal. */
const MAX_SHOWN = 50;
/** Cells for the names of fields. */
const LABEL = 10;

/** The whole message, without a line end behind its last line. */
export async function renderMessage(message: Message, view: View): Promise<string> {
  const { style, columns } = view;
  const body = await renderBodies(message, columns, style);
  const notices = noticeLines(message).flatMap((line) => wrapLine(line, columns));
  const lines = [
    ...headerLines(message, view),
    ...paragraph(signLines(message, view)),
    ...paragraph(notices),
    ...paragraph(message.bodies.length === 0 ? [style.dim('(no text)')] : body),
    ...partLines('Attached:', message.attachments, view),
    ...partLines('In the HTML:', message.inline, view),
  ];
  return lines.join('\n');
}

/** Under a name of their own, so that their numbers are not taken for those of links. */
function partLines(name: string, parts: readonly PartInfo[], view: View): readonly string[] {
  const lines = parts.flatMap((part) => attachmentLines(part, view));
  return paragraph(lines.length === 0 ? [] : [name, ...lines]);
}

/** Lines with an empty one before them, unless there are none. */
function paragraph(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

/** What stands above a message: names and safe texts. From and Subject are always there, the others where they say something. */
export function headerRows(message: Message, view: Pick<View, 'trusted'> & { most?: number }): [string, string][] {
  const { from, to, cc, replyTo, headers } = message;
  const listed = (name: string) => parseAddressList(headers.raw(name) ?? '').addresses;
  const sender = listed('sender');
  const addresses = (list: readonly Address[]) => showAddresses(list, view.most);
  const rows: [name: string, value: string][] = [
    ['From', addresses(from)],
    ['Sender', sameAddresses(sender, from) ? '' : addresses(sender)],
    ['Resent', addresses(listed('resent-from'))],
    ['To', addresses(to)],
    ['Cc', addresses(cc)],
    ['Reply-To', sameAddresses(replyTo, from) ? '' : addresses(replyTo)],
    ['Subject', safeText(message.subject)],
    ['Date', showDate(message)],
    ['Checked', checks(message, view)],
  ];
  return rows
    .filter(([name, value]) => value !== '' || name === 'From' || name === 'Subject')
    .map(([name, value]) => [name, value || '(none)']);
}

function headerLines(message: Message, { style, columns, trusted = [] }: View): string[] {
  const rows = headerRows(message, { trusted, ...(columns === Number.POSITIVE_INFINITY ? {} : { most: MAX_SHOWN }) });
  return rows.flatMap(([name, value]) => {
    const label = `${name}:`;
    const [first = '', ...rest] = wrapBehind(label.padEnd(LABEL), value, columns);
    return [style.bold(label) + first.slice(label.length), ...rest];
  });
}

function showAddresses(list: readonly Address[], most = list.length): string {
  const more = list.length - most;
  const shown = list.slice(0, most).map(showAddress).join(', ');
  return more > 0 ? `${shown}, and ${more} more` : shown;
}

function sameAddresses(one: readonly Address[], other: readonly Address[]): boolean {
  const plain = (list: readonly Address[]) => list.map(({ address }) => address.toLowerCase()).join();
  return plain(one) === plain(other);
}

/** What a trusted server found: `spf=pass, dkim=pass by mx.example.org`. */
function checks({ headers }: Message, { trusted = [] }: Pick<View, 'trusted'>): string {
  const results = authentication(headers, trusted).slice(0, 10);
  const [first] = results;
  if (first === undefined) return '';
  return safeText(`${results.map(({ method, result }) => `${method}=${result}`).join(', ')} by ${first.server}`);
}

function signLines(message: Message, { style, columns, trusted = [] }: View): string[] {
  const found = signs(message, { trusted });
  const lines = found.flatMap(({ text }) => wrapBehind('! ', safeText(text), columns));
  return lines.map((line) => style.yellow(line));
}

function attachmentLines(part: PartInfo, { style, columns }: View): string[] {
  const front = `[${part.number}] `;
  const about = `${safeText(part.type)}, ${formatBytes(part.size)}`;
  const lines = wrapBehind(front, `${safeText(part.fileName || '(no name)')}  ${about}`, columns);
  // What the sender wrote is never taken for what is known: only the end of the last line is dimmed, where it is whole.
  const [first = '', ...rest] = lines.map((line) =>
    line.endsWith(about) ? line.slice(0, -about.length) + style.dim(about) : line,
  );
  return [style.bold(first.slice(0, front.length - 1)) + first.slice(front.length - 1), ...rest];
}
