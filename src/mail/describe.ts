/**
 * A message as the index wants to know it: who, what about, its words, the names of its files.
 *
 * Why HTML is not laid out: only its words are looked for. Of more text than a mebibyte the rest is not searched.
 */
import { readMessage } from '../mime/message.ts';
import type { Address } from '../mime/address.ts';
import { htmlWords } from '../mime/html-words.ts';
import type { MessageContent, Person } from '../store/index-content.ts';

/** In octets. */
const MAX_TEXT = 1024 * 1024;

/** @throws only what `source` throws. */
export async function describeMessage(source: Uint8Array | AsyncIterable<Uint8Array>): Promise<MessageContent> {
  const message = await readMessage(source, { maxText: MAX_TEXT });
  const { subject, from, to, cc, date, messageId, inReplyTo, references, attachments, bodies } = message;
  const texts: string[] = [];
  for (const { html, text } of bodies) texts.push(html ? await htmlWords(text) : text);
  const time = date?.getTime() ?? Number.NaN;
  return {
    subject,
    from: from.map(personOf),
    to: to.map(personOf),
    cc: cc.map(personOf),
    date: Number.isNaN(time) ? undefined : time,
    messageId,
    references: inReplyTo === undefined || references.includes(inReplyTo) ? references : [...references, inReplyTo],
    text: texts.join('\n'),
    files: attachments.flatMap(({ fileName }) => fileName ?? []),
    attachments: attachments.length,
  };
}

function personOf({ name, address }: Address): Person {
  return { name, address };
}
