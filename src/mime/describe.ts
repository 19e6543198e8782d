/**
 * A message as a mailbox wants to know it, for lists and searches: who, what about, its words, the names of its files.
 *
 * Why HTML is not laid out: only its words are looked for. Of more text than a mebibyte the rest is not searched; and only
 * the beginning of a large message is looked into, so that a mailbox of films is listed as fast as one of letters.
 */
import type { Address } from './address.ts';
import { htmlWords } from './html-words.ts';
import { readMessage } from './message.ts';
import type { MessageSource } from './source.ts';

export interface Person {
  /** Empty when there is none. */
  readonly name: string;
  /** `local@domain`. */
  readonly address: string;
}

/** What a list shows of a message. */
export interface MessageHeader {
  readonly subject: string;
  readonly from: readonly Person[];
  readonly to: readonly Person[];
  readonly cc: readonly Person[];
  /** In milliseconds since 1970; absent where the message says none that can be understood. */
  readonly date?: number | undefined;
  /** With angle brackets. */
  readonly messageId?: string | undefined;
  /** The Message-IDs of those that it answers, oldest first: the last is its parent. */
  readonly references: readonly string[];
}

export interface MessageContent extends MessageHeader {
  /** To be searched; not more than is worth it. */
  readonly text: string;
  /** The names of its attachments, where they have one. */
  readonly files: readonly string[];
  /** How many there are. */
  readonly attachments: number;
}

export type DescribeMessage = (source: MessageSource) => Promise<MessageContent>;

/** In octets. */
const MAX_TEXT = 1024 * 1024;
/** Octets that are looked into: text and names of files behind them are not found. */
const MAX_LOOKED_INTO = 4 * 1024 * 1024;

/** Says what is in a message, of any quality. @throws only what `source` throws. */
export async function describeMessage(source: MessageSource): Promise<MessageContent> {
  const beginning = source instanceof Uint8Array ? source.subarray(0, MAX_LOOKED_INTO) : beginningOf(source);
  const message = await readMessage(beginning, { maxText: MAX_TEXT });
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

async function* beginningOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let left = MAX_LOOKED_INTO;
  for await (const chunk of source) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

function personOf({ name, address }: Address): Person {
  return { name, address };
}
