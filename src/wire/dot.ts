/**
 * Dot-stuffing, both ways: RFC 1939 §3 and RFC 5321 §4.5.2 are one mechanism.
 *
 * Strategy: search for the only three octets that matter, CR LF dot, with the platform's `indexOf`, and hand on slices
 * of the chunk that came; nothing is read line by line and nothing is held whole. Only CRLF.CRLF ends a body: `\n.\n`,
 * `\r.\r` and their kin are content (the smuggling attacks of 2023). This file must never know POP3 or SMTP.
 */
import { LimitError } from '../errors.ts';
import { asBuffer, CR, DOT, LF } from './bytes.ts';
import type { Parser, Sink } from './parser.ts';

const CRLF_DOT = Buffer.from('\r\n.', 'latin1');
const ONE_CR = Buffer.from('\r', 'latin1');
const ONE_DOT = Buffer.from('.', 'latin1');

/** Where in a line the last octet left us. The two `held` states keep octets back that may be the terminator. */
type Place = 'line-start' | 'inside' | 'after-cr' | 'dot-held' | 'dot-cr-held';

/** Where a run of octets without CR LF dot, starting inside a line, ends. */
function placeAfter(chunk: Buffer, from: number): Place {
  const last = chunk[chunk.length - 1];
  if (last === CR) return 'after-cr';
  return last === LF && chunk.length - 2 >= from && chunk[chunk.length - 2] === CR ? 'line-start' : 'inside';
}

/** Undoes dot-stuffing, hands the body to a sink, and completes behind the terminator with the body's octets. */
export class DotDecoder implements Parser<number> {
  result: { readonly value: number } | undefined;
  wait: Promise<void> | undefined;
  readonly streaming = true;
  readonly said: string[] = [];
  readonly #sink: Sink;
  readonly #limit: number;
  #place: Place = 'line-start';
  #octets = 0;

  /** `limit`: the most octets a body may have; past it, LimitError `body-too-long`. */
  constructor(sink: Sink, limit = Number.POSITIVE_INFINITY) {
    this.#sink = sink;
    this.#limit = limit;
  }

  push(bytes: Uint8Array): number {
    const chunk = asBuffer(bytes);
    this.wait = undefined;
    let at = 0;
    while (at < chunk.length && this.result === undefined && this.wait === undefined) {
      at = this.#step(chunk, at);
    }
    return at;
  }

  /** Goes on from `at` to the next place where something changes, emitting what is certain to be body. */
  #step(chunk: Buffer, at: number): number {
    const octet = chunk[at];
    switch (this.#place) {
      case 'line-start':
        if (octet !== DOT) return this.#run(chunk, at);
        this.#place = 'dot-held';
        return at + 1;
      case 'after-cr':
        if (octet !== LF) return this.#run(chunk, at);
        this.#emit(chunk.subarray(at, at + 1), 'line-start');
        return at + 1;
      case 'dot-held':
        if (octet !== CR) return this.#run(chunk, at);
        this.#place = 'dot-cr-held';
        return at + 1;
      case 'dot-cr-held':
        if (octet !== LF) {
          this.#emit(ONE_CR, 'after-cr');
          return at;
        }
        this.result = { value: this.#octets };
        this.said.push(`(${this.#octets} octets)`, '.');
        return at + 1;
      case 'inside':
        return this.#run(chunk, at);
    }
  }

  #run(chunk: Buffer, from: number): number {
    const found = chunk.indexOf(CRLF_DOT, from);
    if (found < 0) {
      this.#emit(chunk.subarray(from), placeAfter(chunk, from));
      return chunk.length;
    }
    this.#emit(chunk.subarray(from, found + 2), 'dot-held');
    return found + 3;
  }

  #emit(body: Buffer, place: Place): void {
    this.#place = place;
    this.#octets += body.length;
    if (this.#octets > this.#limit) {
      throw new LimitError('body-too-long', `The other side sent a message of more than ${this.#limit} octets.`);
    }
    this.wait = this.#sink(body) ?? undefined;
  }
}

/** Applies dot-stuffing to a body given in chunks, and knows the right terminator for how the body ended. */
export class DotEncoder {
  #place: Place = 'line-start';

  /** The wire form of `chunk`, as slices of it with single dots between. */
  push(bytes: Uint8Array): Uint8Array[] {
    const chunk = asBuffer(bytes);
    if (chunk.length === 0) return [];
    const wire: Uint8Array[] = [];
    let from = 0;
    if (this.#place === 'line-start' && chunk[0] === DOT) wire.push(ONE_DOT);
    if (this.#place === 'after-cr' && chunk[0] === LF && chunk[1] === DOT) {
      wire.push(chunk.subarray(0, 1), ONE_DOT);
      from = 1;
    }
    for (let found = chunk.indexOf(CRLF_DOT, from); found >= 0; found = chunk.indexOf(CRLF_DOT, found + 2)) {
      wire.push(chunk.subarray(from, found + 2), ONE_DOT);
      from = found + 2;
    }
    wire.push(chunk.subarray(from));
    const completesCrlf = chunk.length === 1 && this.#place === 'after-cr' && chunk[0] === LF;
    this.#place = completesCrlf ? 'line-start' : placeAfter(chunk, 0);
    return wire;
  }

  /** The terminator: a CRLF is added only where the body did not end in one, so that no octet is invented. */
  end(): Uint8Array {
    return Buffer.from(this.#place === 'line-start' ? '.\r\n' : '\r\n.\r\n', 'latin1');
  }
}
