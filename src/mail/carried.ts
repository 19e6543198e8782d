/**
 * Attachments of a stored message on their way into a new one: read from the mailbox while the new message is written, so
 * that no copy of them lies anywhere.
 *
 * Why in one reading: a message may have ten thousand of them, and a reading for each would take all day. They are played
 * in their order, so each goes on where the one before it ended; out of turn a reading of its own is begun.
 */
import type { Attachment } from '../mime/draft.ts';
import { extractParts, type PartPiece } from '../mime/extract.ts';
import { inspectAttachment } from '../mime/inspect.ts';
import type { PartInfo } from '../mime/part-info.ts';
import { safeFileName } from '../store/safe-name.ts';
import { extension } from './save.ts';
import type { OpenMessage } from './read.ts';

type Reading = AsyncGenerator<PartPiece, void, undefined>;

/** What a header can carry as a type; what a stranger wrote beyond that is octets. */
const TYPE = /^[\w!#$&.+^-]{1,127}\/[\w!#$&.+^-]{1,127}$/;
/** And as a charset; beyond that there is none. */
const CHARSET = /^[\w!#$&.+^:-]{1,60}$/;

/**
 * @param parts in the order of the message.
 * @returns `close` gives back what a reading that was broken off holds.
 */
export async function carryParts(
  message: OpenMessage,
  parts: readonly PartInfo[],
): Promise<{ attachments: Attachment[]; close(): Promise<void> }> {
  const reader = new PartReader(message, parts);
  const attachments: Attachment[] = [];
  for (const [index, part] of parts.entries()) {
    const attachment = carried(part, () => reader.read(index));
    // Only messages are looked into: whether they can go as messages.
    attachments.push(part.type === 'message/rfc822' ? await inspectAttachment(attachment) : attachment);
  }
  return { attachments, close: () => reader.close() };
}

function carried(part: PartInfo, open: Attachment['open']): Attachment {
  const type = TYPE.test(part.type) ? part.type : 'application/octet-stream';
  return {
    name: safeFileName(part.fileName ?? `part-${part.number}${extension(type)}`),
    type,
    ...(part.charset !== undefined && CHARSET.test(part.charset) ? { charset: part.charset } : {}),
    size: part.size,
    open,
  };
}

/** Reads parts one by one, each call going on where the last one stopped if that is not behind what it wants. */
class PartReader {
  readonly #message: OpenMessage;
  readonly #parts: readonly PartInfo[];
  #waiting: { reading: Reading; next: number } | undefined;

  constructor(message: OpenMessage, parts: readonly PartInfo[]) {
    this.#message = message;
    this.#parts = parts;
  }

  async *read(index: number): AsyncGenerator<Uint8Array, void, undefined> {
    const reading = await this.#reach(index);
    let whole = false;
    try {
      for (let next = await reading.next(); next.done !== true; next = await reading.next()) {
        const { part, octets, last } = next.value;
        if (part.number !== this.#parts[index]?.number) continue;
        if (octets.length > 0) yield octets;
        whole = last;
        if (whole) break;
      }
    } finally {
      if (whole && index + 1 < this.#parts.length && this.#waiting === undefined)
        this.#waiting = { reading, next: index + 1 };
      else await reading.return();
    }
  }

  async close(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    await waiting?.reading.return();
  }

  async #reach(index: number): Promise<Reading> {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting !== undefined && waiting.next <= index) return waiting.reading;
    await waiting?.reading.return();
    const numbers = this.#parts.slice(index).map(({ number }) => number);
    return extractParts(this.#message.chunks(), numbers);
  }
}
