/**
 * One part of a message on a terminal: text as text, in its own charset; of anything else a terminal can make nothing.
 */
import { UsageError } from '../errors.ts';
import { type OpenMessage, readOpened } from '../mail/read.ts';
import { streamPart } from '../mail/save.ts';
import { decodeText, loadCharsets } from '../mime/charset.ts';
import type { Context } from './context.ts';
import { page } from './pager.ts';
import { safeText } from './terminal.ts';

const TEXT = /^(?:text|message)\/|[/+](?:json|xml)$/;
/** In octets; for more there are files. */
const MAX_TEXT = 8 * 1024 * 1024;

/** @throws UsageError `no-such-part`; `binary-to-terminal` for what is no text. */
export async function showPart(context: Context, message: OpenMessage, wanted: string, pager?: boolean): Promise<void> {
  const { parts } = await readOpened(message);
  const part = parts.find(({ number, fileName }) => number === wanted || fileName === wanted);
  if (part !== undefined && !TEXT.test(part.type)) {
    const { number } = message.stored;
    throw new UsageError('binary-to-terminal', `Part ${wanted} is ${part.type}, which a terminal cannot show.`, {
      hint: `Save it with posthorn save ${number} ${part.number}, or write it to a file with > FILE.`,
    });
  }
  const chunks: Uint8Array[] = [];
  let room = MAX_TEXT;
  await streamPart(message, [wanted], (chunk) => {
    chunks.push(Uint8Array.from(chunk.subarray(0, room)));
    room -= Math.min(room, chunk.length);
  });
  const charset = part?.charset ?? 'utf-8';
  await loadCharsets([charset]);
  const { text } = decodeText(Buffer.concat(chunks), charset);
  await page(context, safeText(text.trimEnd(), { multiline: true }), pager);
}
