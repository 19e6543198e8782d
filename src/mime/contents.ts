/**
 * The parts of a message with what is kept of each: text up to a cap, what programs say to programs, and sizes.
 *
 * Why: a message is read once, in constant memory; attachments are counted and never held. This file must never know what a
 * person is shown of it.
 */

import { isBody } from './bodies.ts';
import type { Codec } from './codec.ts';
import { type Defect, note } from './defect.ts';
import { KeptOctets } from './kept.ts';
import { isNotice, MAX_NOTICE } from './notices.ts';
import { MessageParser } from './parse.ts';
import type { Part } from './part.ts';
import { chunksOf, type MessageSource } from './source.ts';
import { createDecoder, IDENTITY } from './transfer.ts';
import { mayHoldFiles, UuFiles } from './uu-files.ts';
import { MAX_FILES } from './uuencode.ts';

/** One part, and what was kept of it. */
export interface Content {
  readonly part: Part;
  /** Of a part for which `isBody` holds. */
  readonly text: KeptOctets | undefined;
  /** Of a part for which `isNotice` holds. */
  readonly notice: KeptOctets | undefined;
  /** Decoded and in octets, whether it was kept or not; of an embedded message, as it stands. */
  readonly size: number;
}

export interface Contents {
  /** In the order of the message, and at least one. */
  readonly contents: readonly Content[];
  readonly defects: Defect[];
  /** The whole message, in octets. */
  readonly size: number;
}

/** @param maxText octets of text that are kept of all parts together. */
export async function readContents(source: MessageSource, maxText: number): Promise<Contents> {
  // Octets are copied from a chunk only where the chunk is not there to stay.
  const reading = new Reading(maxText, source instanceof Uint8Array);
  let size = 0;
  for await (const chunk of chunksOf(source)) {
    size += chunk.length;
    reading.parser.push(chunk);
  }
  reading.parser.end();
  return { contents: reading.contents, defects: reading.parser.defects, size };
}

interface Open extends Content {
  readonly decoder: Codec;
  /** Where the text may hold files. */
  readonly files: UuFiles | undefined;
  size: number;
  /** Not all of the text was kept. */
  cut: boolean;
}

class Reading {
  readonly contents: Content[] = [];
  readonly parser: MessageParser;
  readonly #open: Open[] = [];
  readonly #stable: boolean;
  #room: number;

  constructor(maxText: number, stable: boolean) {
    this.#room = maxText;
    this.#stable = stable;
    this.parser = new MessageParser({
      partStart: (part) => this.#start(part),
      body: (_part, chunk) => {
        const open = this.#open.at(-1);
        if (open !== undefined) this.#keep(open, open.decoder.push(chunk));
      },
      partEnd: (part) => this.#end(part),
    });
  }

  #start(part: Part): void {
    const text = isBody(part) ? new KeptOctets() : undefined;
    const notice = isNotice(part) ? new KeptOctets() : undefined;
    const files = text !== undefined && mayHoldFiles(part) ? new UuFiles(part) : undefined;
    const open = { part, text, notice, files, decoder: createDecoder(part.encoding), size: 0, cut: false };
    this.contents.push(open);
    this.#open.push(open);
  }

  #end(part: Part): void {
    const open = this.#open.pop();
    if (open === undefined) return;
    this.#keep(open, open.decoder.end());
    if (open.files !== undefined) this.#endFiles(open, open.files);
    if (part.kind === 'message') open.size = part.bodyEnd - part.bodyStart;
    if (open.decoder.damaged) note(this.parser.defects, { code: 'bad-encoding', part: part.number });
  }

  #keep(open: Open, octets: Uint8Array): void {
    if (octets.length === 0) return;
    open.size += octets.length;
    const stable = this.#stable || open.decoder !== IDENTITY;
    open.notice?.append(octets, MAX_NOTICE - open.notice.size, stable);
    this.#keepText(open, open.files?.push(octets) ?? octets, stable);
  }

  /** The files in a text follow its part. */
  #endFiles(open: Open, files: UuFiles): void {
    this.#keepText(open, files.end(), true);
    if (files.files.length === MAX_FILES) note(this.parser.defects, { code: 'too-many-parts', part: open.part.number });
    for (const { part, size, complete } of files.files) {
      this.contents.push({ part, text: undefined, notice: undefined, size });
      if (!complete) note(this.parser.defects, { code: 'missing-uuencode-end', part: part.number });
    }
  }

  #keepText(open: Open, octets: Uint8Array, stable: boolean): void {
    if (open.text === undefined || octets.length === 0) return;
    const kept = open.text.append(octets, this.#room, stable);
    this.#room -= kept;
    if (kept === octets.length || open.cut) return;
    open.cut = true;
    note(this.parser.defects, { code: 'text-truncated', part: open.part.number });
  }
}
