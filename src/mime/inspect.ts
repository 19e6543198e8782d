/**
 * What an attachment is, from its name and its content, before it goes into a message (RFC 2046 §4, §5.2.1).
 *
 * Why: the name counts where it is specific, the content where it is not. Another message may be attached as one only
 * when all of it is lines that need no encoding, which is known at its end: so it is read once more than other files, in
 * constant memory.
 */

import { UsageError } from '../errors.ts';
import { normaliseEol } from '../wire/eol.ts';
import type { Attachment } from './draft.ts';
import { HeaderCutter, withoutBcc } from './header-cutter.ts';
import { type DataKind, LineScanner } from './lines.ts';
import { HEAD, judge } from './magic.ts';
import { knownType } from './types.ts';

/**
 * The attachment with its type; text also with its charset, and a message with its lines made CRLF and its Bcc left out
 * (RFC 5322 §3.6.3). What is called a message and is none, or has lines no mail can carry, goes as a file of octets.
 */
export async function inspectAttachment(attachment: Attachment): Promise<Attachment> {
  const type = attachment.type ?? knownType(attachment.name);
  if (type === 'message/rfc822') {
    return (await asMessage(attachment)) ?? { ...attachment, type: 'application/octet-stream' };
  }
  if (type !== undefined && !type.startsWith('text/')) return attachment;
  const judged = judge(await headOf(attachment));
  const charset = attachment.charset ?? judged.charset;
  return { ...attachment, type: type ?? judged.type, ...(charset === undefined ? {} : { charset }) };
}

async function headOf(attachment: Attachment): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of attachment.open()) {
    // What is yielded may be used anew for the next.
    chunks.push(Uint8Array.from(chunk.subarray(0, HEAD)));
    size += chunk.length;
    if (size >= HEAD) break;
  }
  return Buffer.concat(chunks);
}

/**
 * A message that is one, whatever its quality, such as one of the mailbox: as `inspectAttachment` has it, and without its Bcc
 * also where no mail can carry its lines and it goes as a file.
 *
 * @throws UsageError `bad-message` for a header longer than 1 MiB.
 */
export async function inspectMessage(attachment: Attachment): Promise<Attachment> {
  const open = () => messageLines(attachment, new HeaderCutter({ anyLines: true }));
  const { size, lines } = await measure(open());
  if (lines === 'binary') return { ...attachment, type: 'application/octet-stream', size, open };
  return { ...attachment, type: 'message/rfc822', size, lines, open };
}

async function asMessage(attachment: Attachment): Promise<Attachment | undefined> {
  const open = () => messageLines(attachment, new HeaderCutter());
  try {
    const { size, lines } = await measure(open());
    return lines === 'binary' ? undefined : { ...attachment, type: 'message/rfc822', size, lines, open };
  } catch (error) {
    if (error instanceof UsageError && error.code === 'bad-message') return undefined;
    throw error;
  }
}

async function measure(chunks: AsyncIterable<Uint8Array>): Promise<{ size: number; lines: DataKind }> {
  const scanner = new LineScanner();
  let size = 0;
  for await (const chunk of chunks) {
    scanner.push(chunk);
    size += chunk.length;
  }
  return { size, lines: scanner.end() };
}

async function* messageLines(attachment: Attachment, cutter: HeaderCutter): AsyncGenerator<Uint8Array> {
  let begun = false;
  for await (const chunk of normaliseEol(attachment.open())) {
    const body = cutter.push(chunk);
    if (!begun && cutter.done) yield withoutBcc(cutter.header);
    begun = cutter.done;
    if (body.length > 0) yield body;
  }
  const rest = cutter.end();
  if (!begun) yield withoutBcc(cutter.header);
  if (rest.length > 0) yield rest;
}
