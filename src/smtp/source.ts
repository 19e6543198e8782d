/**
 * The chunks of a message, which are asked for anew each time it is sent.
 *
 * Why: an iterator or a stream that was read before has nothing more to give, or only the rest. Sent once more it would
 * be an empty message, or a part that passes for the whole.
 */
import { Readable } from 'node:stream';
import { UsageError } from '../errors.ts';
import type { Outgoing } from './envelope.ts';

const begun = new WeakSet<AsyncIterable<Uint8Array>>();

/** @throws UsageError `message-read` for a source that can be read only once, and was. */
export function chunksOf(message: Outgoing): AsyncIterable<Uint8Array> {
  const chunks = message.chunks();
  if (begun.has(chunks) && isReadOnce(chunks)) {
    throw new UsageError('message-read', 'The message can be read only once, and was; it was not sent again.', {
      phase: 'data',
      hint: 'Let chunks() begin at the beginning each time it is called.',
    });
  }
  begun.add(chunks);
  return chunks;
}

function isReadOnce(chunks: AsyncIterable<Uint8Array>): boolean {
  return (
    chunks instanceof Readable || chunks instanceof ReadableStream || Object.is(chunks, chunks[Symbol.asyncIterator]())
  );
}
