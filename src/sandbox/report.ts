/**
 * The report that a message was delivered (RFC 3464, in the multipart/report of RFC 6522), for those who asked for it with
 * NOTIFY=SUCCESS (RFC 3461). Of failures there are none to report: whoever cannot be delivered to is refused at once.
 */
import { randomBytes } from 'node:crypto';
import { formatDate } from '../mime/date.ts';
import type { ReceivedEnvelope } from '../smtp/envelope.ts';
import { isAscii } from '../smtp/grammar.ts';
import { encodeUtf8Address } from '../smtp/xtext.ts';
import { latin1 } from '../wire/bytes.ts';

/** Of a header that is longer, the rest is left out of the report. */
const MAX_HEADER = 64 * 1024;

/** For the sender of `envelope`; undefined where nobody asked, and where there is nobody to be told (RFC 3461 §4.1). */
export async function successReport(
  envelope: ReceivedEnvelope,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Buffer | undefined> {
  const { from, recipients, requests = new Map() } = envelope;
  const told = recipients.filter((address) => requests.get(address)?.notify?.includes('success'));
  if (from === '' || told.length === 0) return undefined;
  const header = await headerOf(chunks);
  const boundary = `=_${randomBytes(16).toString('hex')}`;
  // RFC 3461 §6.2: what was delivered is not brought back, whatever RET says.
  const [type, encoding] = isAscii(header) ? ['text/rfc822-headers', '7bit'] : ['message/global-headers', '8bit'];
  const lines = [
    `Date: ${formatDate(new Date())}`,
    'From: Posthorn sandbox <postmaster@localhost>',
    `To: <${from}>`,
    'Subject: Delivered',
    `Message-ID: <${randomBytes(16).toString('hex')}@localhost>`,
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    'Your message was delivered to:',
    ...told,
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    ...statusOf(envelope, told),
    `--${boundary}`,
    `Content-Type: ${type}`,
    `Content-Transfer-Encoding: ${encoding}`,
    '',
  ];
  return Buffer.concat([
    Buffer.from(`${lines.join('\r\n')}\r\n`),
    Buffer.from(header, 'latin1'),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
}

/** The fields for the message, and a block of them for each recipient (RFC 3464 §2). */
function statusOf({ envelopeId, requests }: ReceivedEnvelope, told: readonly string[]): string[] {
  const message = [
    ...(envelopeId === undefined ? [] : [`Original-Envelope-Id: ${envelopeId}`]),
    'Reporting-MTA: dns; localhost',
    '',
  ];
  const each = told.flatMap((address) => {
    const original = requests?.get(address)?.originalRecipient;
    return [
      ...(original === undefined ? [] : [`Original-Recipient: ${original.type}; ${plain(original.address)}`]),
      `Final-Recipient: ${typed(address)}`,
      'Action: delivered',
      'Status: 2.0.0',
      '',
    ];
  });
  return [...message, ...each];
}

/** RFC 6533 §3. */
function typed(address: string): string {
  return `${isAscii(address) ? 'rfc822' : 'utf-8'}; ${plain(address)}`;
}

/** On one line and in ASCII, whatever a client wrote. */
function plain(address: string): string {
  return /^[!-~]+$/.test(address) ? address : encodeUtf8Address(address);
}

async function headerOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let header = '';
  for await (const chunk of chunks) {
    header += latin1(chunk);
    const end = header.indexOf('\r\n\r\n');
    if (end >= 0) return header.slice(0, end + 2);
    if (header.length > MAX_HEADER) break;
  }
  return header.slice(0, MAX_HEADER);
}
