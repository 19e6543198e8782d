/**
 * Files in the text of a part, as parts of their own: the first in the text of part 2 is `2.1`, as if that were a multipart.
 *
 * Why: a leaf has no other parts, so the numbers are free; and a file that is listed, read and saved like every other part
 * needs no words of its own. Reading and taking out find them by the same reader, so they agree.
 */

import { decodeText } from './charset.ts';
import { Headers } from './header-fields.ts';
import { parameterPieces, parseParameterized } from './params.ts';
import type { Part } from './part.ts';
import { guessType } from './types.ts';
import { UuReader } from './uuencode.ts';

export interface UuFile {
  readonly part: Part;
  size: number;
  /** Whether its end was there. */
  complete: boolean;
}

/** Whether files are looked for in a part. */
export function mayHoldFiles({ kind, type }: Part): boolean {
  return kind === 'leaf' && type === 'text/plain';
}

/** Takes the decoded content of a part, and gives its text without the files, which are counted and not kept. */
export class UuFiles {
  readonly files: UuFile[] = [];
  readonly #reader: UuReader;
  #text: Uint8Array[] = [];

  constructor(part: Part) {
    let file: UuFile | undefined;
    this.#reader = new UuReader({
      text: (octets) => void this.#text.push(octets),
      begin: (name) => {
        file = { part: uuPart(part, this.files.length + 1, name), size: 0, complete: false };
        this.files.push(file);
      },
      data: (octets) => {
        if (file !== undefined) file.size += octets.length;
      },
      end: (complete) => {
        if (file !== undefined) file.complete = complete;
      },
    });
  }

  /** What comes back is valid as long as what was given. */
  push(octets: Uint8Array): Uint8Array {
    this.#reader.push(octets);
    return this.#take();
  }

  end(): Uint8Array {
    this.#reader.end();
    return this.#take();
  }

  #take(): Uint8Array {
    const pieces = this.#text;
    this.#text = [];
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
  }
}

/** A file as a part. @param name as it was written, one character an octet. */
export function uuPart(parent: Part, index: number, name: string): Part {
  const fileName = decodeText(Buffer.from(name, 'latin1')).text.replace(/\p{Cc}+/gu, ' ');
  const pieces = parameterPieces('filename', fileName.slice(0, 255));
  const disposition = ['attachment', ...pieces].join('; ');
  return {
    ...parent,
    number: `${parent.number}.${index}`,
    parent,
    depth: parent.depth + 1,
    headers: new Headers([{ name: 'Content-Disposition', value: disposition }]),
    type: guessType(fileName),
    params: new Map(),
    encoding: 'x-uuencode',
    disposition: parseParameterized(disposition),
  };
}
