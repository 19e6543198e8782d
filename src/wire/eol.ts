/**
 * Makes every line end CRLF, for messages that come from files and pipes (RFC 5321 §2.3.8: CR and LF only together).
 *
 * A message with a bare LF or CR may be read as two messages by the next relay, so none leaves this program. What a
 * composer makes is exact already and need not come through here.
 */
import { asBuffer, CR, CRLF, LF, latin1 } from './bytes.ts';

/** Rewrites bare CR and bare LF as CRLF, chunk by chunk. */
export class EolNormaliser {
  #afterCr = false;

  push(bytes: Uint8Array): Uint8Array[] {
    const chunk = asBuffer(bytes);
    const out: Uint8Array[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const octet = chunk[at];
      if (octet === LF) {
        if (at > from) out.push(chunk.subarray(from, at));
        out.push(CRLF);
        from = at + 1;
      } else {
        // A CR is held until it is known whether its LF follows; alone, it ends a line too.
        if (this.#afterCr) out.push(CRLF);
        if (octet === CR) {
          if (at > from) out.push(chunk.subarray(from, at));
          from = at + 1;
        }
      }
      this.#afterCr = octet === CR;
    }
    if (from < chunk.length) out.push(chunk.subarray(from));
    return out;
  }

  /** What is still owed at the end: the line end of a last bare CR. */
  end(): Uint8Array[] {
    return this.#afterCr ? [CRLF] : [];
  }
}

/** The same over a stream; small pieces of a chunk leave as one. */
export async function* normaliseEol(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const normaliser = new EolNormaliser();
  for await (const chunk of chunks) {
    const pieces = normaliser.push(chunk);
    if (pieces.length > 0) yield pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  }
  yield* normaliser.end();
}

/** Notices a bare CR or a bare LF in what passes: the octets with which one message is made to look like two. */
export class BareNewlineDetector {
  found = false;
  #afterCr = false;

  push(bytes: Uint8Array): void {
    let afterCr = this.#afterCr;
    // By index, as an iterator takes twice as long, and every octet of every message passes here.
    for (let at = 0; at < bytes.length; at++) {
      const octet = bytes[at];
      if (afterCr !== (octet === LF)) this.found = true;
      afterCr = octet === CR;
    }
    this.#afterCr = afterCr;
  }
}

/** CRLF as LF, for programs of this machine; a CR or an LF alone stays what it is. */
export async function* withLf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let held = false;
  for await (const chunk of chunks) {
    const text = latin1(chunk);
    const whole: string = held ? `\r${text}` : text;
    held = whole.endsWith('\r');
    yield Buffer.from((held ? whole.slice(0, -1) : whole).replaceAll('\r\n', '\n'), 'latin1');
  }
  if (held) yield Buffer.of(CR);
}
