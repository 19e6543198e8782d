/**
 * Attachments of a stored message on their way into a new one: read from the mailbox while the new message is written, so
 * that no copy of them lies anywhere.
 *
 * Why in one reading: a message may have ten thousand of them, and a reading for each would take all day. They are played
 * in their order, so each goes on where the one before it ended; out of turn a reading of its own is begun.
 */
import type { Attachment } from '../mime/draft.ts';
import { extractParts, type PartPiece } from '../mime/extract.ts';
import type { PartInfo } from '../mime/part-info.ts';
import { safeFileName } from '../store/safe-name.ts';
import { extension } from './save.ts';
import type { OpenMessage } from './read.ts';

type Reading = AsyncGenerator<PartPiece, void, undefined>;

/** What a header can carry as a type; what a stranger wrote beyond that is octets. */
const TYPE = /^[\w!#$&.+^-]{1,127}\/[\w!#$&.+^-]{1,127}$/;

/** @param parts in the order of the message. `close` gives back what a reading that was broken off holds. */
export function carryParts(
  message: OpenMessage,
  parts: readonly PartInfo[],
): { attachments: Attachment[]; close(): Promise<void> } {
  let [waiting, next]: [Reading | undefined, number] = [undefined, 0];
  const close = async (): Promise<void> => {
    const reading = waiting;
    waiting = undefined;
    await reading?.return();
  };
  async function* octets(index: number): AsyncGenerator<Uint8Array, void, undefined> {
    if (next !== index) await close();
    const reading =
      waiting ??
      extractParts(
        message.chunks(),
        parts.slice(index).map(({ number }) => number),
      );
    waiting = undefined;
    let whole = false;
    try {
      for (;;) {
        const { value, done } = await reading.next();
        if (done === true) return;
        if (value.octets.length > 0) yield value.octets;
        if (value.last) break;
      }
      whole = true;
    } finally {
      if (whole && index + 1 < parts.length) [waiting, next] = [reading, index + 1];
      else await reading.return();
    }
  }
  return { attachments: parts.map((part, index) => carried(part, () => octets(index))), close };
}

function carried(part: PartInfo, open: Attachment['open']): Attachment {
  const type = TYPE.test(part.type) ? part.type : 'application/octet-stream';
  return {
    name: safeFileName(part.fileName ?? `part-${part.number}${extension(type)}`),
    type,
    size: part.size,
    open,
  };
}
