/**
 * The one way a parser is tested: whole, byte by byte, cut in two at every place, with trailing bytes that must stay
 * untouched, and truncated at every place, where it must neither complete nor throw for the bytes it was given.
 */
import assert from 'node:assert/strict';
import type { Parser } from '../../src/wire/parser.ts';

export interface Fed<P> {
  parser: P;
  /** How many of the bytes were taken. */
  taken: number;
}

/** Feeds `pieces` in turn, as a channel would, and stops when the parser is complete. */
export function feed<P extends Parser<unknown>>(parser: P, pieces: readonly Uint8Array[]): Fed<P> {
  let taken = 0;
  for (const piece of pieces) {
    let at = 0;
    while (at < piece.length && parser.result === undefined) at += parser.push(piece.subarray(at));
    taken += at;
    if (parser.result !== undefined) break;
  }
  return { parser, taken };
}

/** Every way of cutting `bytes` that the house rules ask for. */
export function cuts(bytes: Buffer): Uint8Array[][] {
  const ways: Uint8Array[][] = [[bytes], [...bytes].map((_, at) => bytes.subarray(at, at + 1))];
  for (let at = 1; at < bytes.length; at++) ways.push([bytes.subarray(0, at), bytes.subarray(at)]);
  return ways;
}

/**
 * Checks that `wire` parses to `expected` in every way; `view` takes from the parser what is compared (by default its
 * result), so that what went to a sink can be part of it.
 */
export function checkParser<P extends Parser<unknown>>(
  make: () => P,
  wire: string | Buffer,
  expected: unknown,
  view: (parser: P) => unknown = (parser) => parser.result?.value,
): void {
  const bytes = typeof wire === 'string' ? Buffer.from(wire, 'latin1') : wire;
  const trailing = Buffer.from('+OK 250 the next reply\r\n.\r\n');
  for (const pieces of cuts(bytes)) {
    const { parser, taken } = feed(make(), pieces);
    assert.deepEqual(view(parser), expected, `cut as ${pieces.map((piece) => piece.length).join('+')}`);
    assert.equal(taken, bytes.length);
  }
  const { parser, taken } = feed(make(), [Buffer.concat([bytes, trailing])]);
  assert.deepEqual(view(parser), expected, 'with trailing bytes');
  assert.equal(taken, bytes.length, 'trailing bytes are left alone');
  for (let end = 0; end < bytes.length; end++) {
    assert.equal(feed(make(), [bytes.subarray(0, end)]).parser.result, undefined, `truncated at ${end}`);
  }
}

/** Checks that `wire` is refused with an error of `code`, however it is cut. */
export function checkRefused(make: () => Parser<unknown>, wire: string | Buffer, code: string): void {
  const bytes = typeof wire === 'string' ? Buffer.from(wire, 'latin1') : wire;
  for (const pieces of cuts(bytes)) {
    assert.throws(() => feed(make(), pieces), { code }, `cut as ${pieces.map((piece) => piece.length).join('+')}`);
  }
}
