/**
 * Taking parts out of a message.
 *
 * Why: nothing of a message is kept once it was shown; to save parts, the message is read again, once for all of them, and
 * they stream out one after the other, no further than the end of the last. This file must never know where messages come
 * from or where parts go.
 */

import { UsageError } from '../errors.ts';
import type { Codec } from './codec.ts';
import { MessageParser } from './parse.ts';
import type { Part } from './part.ts';
import { type PartInfo, partInfo } from './part-info.ts';
import { chunksOf, type MessageSource } from './source.ts';
import { createDecoder } from './transfer.ts';
import { mayHoldFiles, uuPart } from './uu-files.ts';
import { UuReader } from './uuencode.ts';

const EMPTY = new Uint8Array(0);

/** Takes the octets of a part in order; a promise it returns is waited for. */
export type PartSink = (chunk: Uint8Array) => void | Promise<void>;

/** Some octets of a part, decoded; perhaps none. */
export interface PartPiece {
  readonly part: Part;
  readonly octets: Uint8Array;
  readonly last: boolean;
}

/** Finds parts among the events of a parser and decodes them. */
class Extraction {
  readonly parser: MessageParser;
  readonly #wanted: Set<string>;
  #part: Part | undefined;
  #decoder: Codec = createDecoder('');
  /** Where a file in text is wanted: its reader, and the file that is being read. */
  #files: UuReader | undefined;
  #file: Part | undefined;
  #ready: PartPiece[] = [];

  constructor(numbers: Iterable<string>) {
    this.#wanted = new Set(numbers);
    this.parser = new MessageParser(
      {
        partStart: (part) => {
          this.#files = this.#filesIn(part);
          if (part.kind !== 'leaf' || !this.#wanted.delete(part.number)) return;
          this.#part = part;
          this.#decoder = createDecoder(part.encoding);
        },
        body: (part, chunk) => {
          if (part === this.#part) this.#ready.push({ part, octets: this.#decoder.push(chunk), last: false });
          else this.#files?.push(this.#decoder.push(chunk));
        },
        partEnd: (part) => {
          if (part !== this.#part) return this.#endFiles();
          this.#ready.push({ part, octets: this.#decoder.end(), last: true });
          this.#part = undefined;
        },
      },
      { descend: (part) => !this.#wanted.has(part.number) },
    );
  }

  /** Nothing is left to be found. */
  get done(): boolean {
    return this.#wanted.size === 0 && this.#part === undefined && this.#file === undefined;
  }

  /** For the files in the text of a part, where one of them is wanted and the part as a whole is not. */
  #filesIn(part: Part): UuReader | undefined {
    const inside = `${part.number}.`;
    if (!mayHoldFiles(part) || this.#wanted.has(part.number)) return undefined;
    if (![...this.#wanted].some((number) => number.startsWith(inside))) return undefined;
    this.#decoder = createDecoder(part.encoding);
    let index = 0;
    const give = (octets: Uint8Array, last: boolean) => {
      if (this.#file !== undefined) this.#ready.push({ part: this.#file, octets, last });
    };
    return new UuReader({
      text: () => undefined,
      begin: (name) => {
        const file = uuPart(part, ++index, name);
        this.#file = this.#wanted.delete(file.number) ? file : undefined;
      },
      data: (octets) => give(octets, false),
      end: () => {
        give(EMPTY, true);
        this.#file = undefined;
      },
    });
  }

  #endFiles(): void {
    this.#files?.push(this.#decoder.end());
    this.#files?.end();
    this.#files = undefined;
  }

  take(): PartPiece[] {
    return this.#ready.splice(0);
  }
}

/**
 * The octets of several parts, in the order of the message, however many there are. A part inside an embedded message that
 * is wanted as a whole does not come by itself; one that the message does not have does not come either.
 *
 * @param numbers as in `PartInfo`.
 */
export async function* extractParts(
  source: MessageSource,
  numbers: Iterable<string>,
): AsyncGenerator<PartPiece, void, undefined> {
  const extraction = new Extraction(numbers);
  for await (const chunk of chunksOf(source)) {
    extraction.parser.push(chunk);
    yield* extraction.take();
    if (extraction.done) return;
  }
  extraction.parser.end();
  yield* extraction.take();
}

/**
 * Streams one part out of a message, decoded. An embedded message comes out as it stands.
 *
 * @param number as in `PartInfo`.
 * @throws UsageError `no-such-part`, and what `source` and `sink` throw.
 */
export async function extractPart(source: MessageSource, number: string, sink: PartSink): Promise<PartInfo> {
  let found: Part | undefined;
  let size = 0;
  for await (const { part, octets } of extractParts(source, [number])) {
    found = part;
    size += octets.length;
    if (octets.length > 0) await sink(octets);
  }
  if (found === undefined) {
    throw new UsageError('no-such-part', `The message has no part ${number}.`, { hint: 'List its parts first.' });
  }
  await found.headers.loadCharsets();
  return partInfo(found, size);
}
