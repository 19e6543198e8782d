/**
 * A message with binary parts made one of lines: what a gateway owes to readers without BINARYMIME (RFC 3030 §3).
 *
 * Why: a bare LF in a binary part is a line end to many readers, and a dot behind it the end of the message. So binary
 * bodies become base64, and what contains them says 8bit. The message is read twice, in chunks: first to find the parts,
 * then to write it anew.
 */
import { asBuffer } from '../wire/bytes.ts';
import { Base64Encoder } from './base64.ts';
import { MessageParser } from './parse.ts';
import type { Part } from './part.ts';

/** A header to be rewritten, or a body to be encoded, in octets of the message. */
interface Span {
  readonly start: number;
  readonly end: number;
  readonly kind: 'header' | 'body';
  /** What stands for `binary` in the header. */
  readonly encoding: '8bit' | 'base64';
}

/** The message with no binary part left. All else is as it was; `open` is called twice and must give the same octets. */
export async function* withoutBinary(open: () => AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const spans = await findBinary(open());
  const writer = new SpanWriter(spans);
  for await (const chunk of open()) yield* writer.push(asBuffer(chunk));
  yield* writer.end();
}

async function findBinary(chunks: AsyncIterable<Uint8Array>): Promise<Span[]> {
  const spans: Span[] = [];
  const partEnd = ({ encoding: said, kind, start, bodyStart, bodyEnd }: Part): void => {
    if (said !== 'binary') return;
    const encoding = kind === 'leaf' ? 'base64' : '8bit';
    spans.push({ start, end: bodyStart, kind: 'header', encoding });
    if (kind === 'leaf') spans.push({ start: bodyStart, end: bodyEnd, kind: 'body', encoding });
  };
  const parser = new MessageParser({ partEnd });
  for await (const chunk of chunks) parser.push(chunk);
  parser.end();
  // Containers end behind what they hold, and their headers stand before it.
  return spans.sort((one, other) => one.start - other.start || one.end - other.end);
}

class SpanWriter {
  readonly #spans: Span[];
  #at = 0;
  #header: Buffer[] = [];
  #encoder = new Base64Encoder();

  constructor(spans: Span[]) {
    this.#spans = spans;
  }

  *push(chunk: Buffer): Generator<Uint8Array> {
    let rest = chunk;
    while (rest.length > 0) {
      const [span] = this.#spans;
      const inside = span !== undefined && this.#at >= span.start;
      const edge = span === undefined ? Number.POSITIVE_INFINITY : inside ? span.end : span.start;
      const piece = rest.subarray(0, edge - this.#at);
      rest = rest.subarray(piece.length);
      this.#at += piece.length;
      if (!inside) yield piece;
      else if (span.kind === 'header') this.#header.push(Buffer.from(piece));
      else yield this.#encoder.push(piece);
      if (inside && this.#at >= span.end) yield* this.#close(span);
    }
  }

  /** Spans that hold nothing are still owed, such as an empty body at the end. */
  *end(): Generator<Uint8Array> {
    for (let [span] = this.#spans; span !== undefined; [span] = this.#spans) yield* this.#close(span);
  }

  *#close(span: Span): Generator<Uint8Array> {
    this.#spans.shift();
    if (span.kind === 'body') {
      yield this.#encoder.end();
      this.#encoder = new Base64Encoder();
      return;
    }
    const header = Buffer.concat(this.#header).toString('latin1');
    this.#header = [];
    const field = /^(content-transfer-encoding[ \t]*:)(?:[ \t]|\r?\n[ \t])*binary\b/im;
    yield Buffer.from(header.replace(field, `$1 ${span.encoding}`), 'latin1');
  }
}
