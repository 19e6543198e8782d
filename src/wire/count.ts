/** A body of a stated number of octets (BDAT, RFC 3030 §2): exactly that many to a sink, whatever they are. */
import type { Parser, Sink } from './parser.ts';

export class CountedBody implements Parser<number> {
  result: { readonly value: number } | undefined;
  wait: Promise<void> | undefined;
  readonly streaming = true;
  readonly said: string[] = [];
  readonly #sink: Sink;
  readonly #octets: number;
  #left: number;

  constructor(sink: Sink, octets: number) {
    this.#sink = sink;
    this.#octets = octets;
    this.#left = octets;
    this.#complete();
  }

  push(bytes: Uint8Array): number {
    const body = bytes.subarray(0, this.#left);
    this.#left -= body.length;
    this.wait = body.length === 0 ? undefined : (this.#sink(body) ?? undefined);
    this.#complete();
    return body.length;
  }

  #complete(): void {
    if (this.#left > 0 || this.result !== undefined) return;
    this.result = { value: this.#octets };
    this.said.push(`(${this.#octets} octets)`);
  }
}
