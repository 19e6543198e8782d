/**
 * Taking one part out of a message.
 *
 * Why: nothing of a message is kept once it was shown; to save a part, the message is read again and the part streams to
 * its sink, no further than its end. This file must never know where messages come from or where parts go.
 */

import { UsageError } from '../errors.ts';
import type { Codec } from './codec.ts';
import { MessageParser } from './parse.ts';
import type { Part } from './part.ts';
import { type PartInfo, partInfo } from './part-info.ts';
import { createDecoder } from './transfer.ts';

/** Takes the octets of a part in order; a promise it returns is waited for. */
export type PartSink = (chunk: Uint8Array) => void | Promise<void>;

/** Finds one part among the events of a parser and decodes it. */
class Extraction {
  part: Part | undefined;
  done = false;
  size = 0;
  readonly parser: MessageParser;
  #decoder: Codec = createDecoder('');
  #ready: Uint8Array[] = [];

  constructor(number: string) {
    this.parser = new MessageParser(
      {
        partStart: (part) => {
          if (this.part !== undefined || part.number !== number || part.kind !== 'leaf') return;
          this.part = part;
          this.#decoder = createDecoder(part.encoding);
        },
        body: (part, chunk) => {
          if (part === this.part) this.#ready.push(this.#decoder.push(chunk));
        },
        partEnd: (part) => {
          if (part !== this.part) return;
          this.#ready.push(this.#decoder.end());
          this.done = true;
        },
      },
      { descend: (part) => part.number !== number },
    );
  }

  async drain(sink: PartSink): Promise<void> {
    for (const octets of this.#ready.splice(0)) {
      this.size += octets.length;
      if (octets.length > 0) await sink(octets);
    }
  }
}

/**
 * Streams one part out of a message, decoded. An embedded message comes out as it stands.
 *
 * @param number as in `PartInfo`.
 * @throws UsageError `no-such-part`, and what `chunks` and `sink` throw.
 */
export async function extractPart(
  chunks: AsyncIterable<Uint8Array>,
  number: string,
  sink: PartSink,
): Promise<PartInfo> {
  const extraction = new Extraction(number);
  for await (const chunk of chunks) {
    extraction.parser.push(chunk);
    await extraction.drain(sink);
    if (extraction.done) break;
  }
  if (!extraction.done) extraction.parser.end();
  await extraction.drain(sink);
  const { part, size } = extraction;
  if (part === undefined) {
    throw new UsageError('no-such-part', `The message has no part ${number}.`, { hint: 'List its parts first.' });
  }
  await part.headers.loadCharsets();
  return partInfo(part, size);
}
