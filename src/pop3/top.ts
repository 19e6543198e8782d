/** The header of a message, the blank line, and the first lines of its body: what TOP shows (RFC 1939 §7). Pure. */
import { asBuffer, CR, LF } from '../wire/bytes.ts';

/** Cuts a message given in chunks; it reads no further than it must. */
export async function* topOf(message: AsyncIterable<Uint8Array>, lines: number): AsyncGenerator<Uint8Array> {
  const cutter = new TopCutter(lines);
  for await (const chunk of message) {
    yield chunk.subarray(0, cutter.push(chunk));
    if (cutter.done) return;
  }
}

class TopCutter {
  done = false;
  #left: number;
  #inHeader = true;
  /** Octets of the line so far, and the last of them. */
  #lineLength = 0;
  #lastOctet: number | undefined;

  constructor(lines: number) {
    this.#left = lines;
  }

  /** How many of the chunk's octets belong to the top. */
  push(bytes: Uint8Array): number {
    const chunk = asBuffer(bytes);
    let at = 0;
    while (at < chunk.length && !this.done) {
      const end = chunk.indexOf(LF, at);
      if (end < 0) {
        this.#take(chunk.subarray(at));
        return chunk.length;
      }
      this.#take(chunk.subarray(at, end));
      this.#endLine();
      at = end + 1;
    }
    return at;
  }

  #take(octets: Uint8Array): void {
    this.#lineLength += octets.length;
    this.#lastOctet = octets.at(-1) ?? this.#lastOctet;
  }

  #endLine(): void {
    const blank = this.#lineLength === 0 || (this.#lineLength === 1 && this.#lastOctet === CR);
    this.#lineLength = 0;
    if (!this.#inHeader) this.#left -= 1;
    else if (blank) this.#inHeader = false;
    this.done = !this.#inHeader && this.#left <= 0;
  }
}
