/**
 * The streaming parser: octets in, parts out (RFC 2045, RFC 2046).
 *
 * Why: a message may be larger than memory and may be made to hurt. Bodies are searched with the platform's `indexOf` and
 * handed on as slices; nothing is read line by line but headers, nothing recurses, and what is held between two chunks is
 * at most one line that may yet become a boundary. Faults are noted as defects, by these rules: the first of several
 * Content-Type fields counts; a boundary of an outer multipart ends all inner ones, and an embedded message where it would end as
 * one opaque part; a multipart without a boundary
 * parameter, or nested too deep, is one opaque part; an embedded message is descended into unless it is encoded (which
 * RFC 2046 §5.2.1 forbids, and which is then an opaque part). This file must never know charsets or what is text.
 */

import { asBuffer, CR, HYPHEN, LF } from '../wire/bytes.ts';
import { type Defect, note, noteOnce } from './defect.ts';
import { HeaderReader, MAX_HEADERS } from './header-reader.ts';
import { makePart, type Part } from './part.ts';

export interface PartHandlers {
  /** The header of a part is complete. Parts start in the order of the message; a container before what it holds. */
  partStart?(part: Part): void;
  /**
   * Octets of the body as they stand in the message, still encoded; valid during the call. Of a multipart: its preamble,
   * which matters only when it turns out to have no parts.
   */
  body?(part: Part, chunk: Buffer): void;
  partEnd?(part: Part): void;
}

export interface ParseOptions {
  /** Asked of every embedded message: false keeps it one opaque part. By default all are descended into. */
  readonly descend?: ((part: Part) => boolean) | undefined;
  /** How deep containers are nested before the rest is one opaque part; 100. */
  readonly maxDepth?: number | undefined;
  /** How many parts are told apart; what follows is body of the last one; 10,000. */
  readonly maxParts?: number | undefined;
}

/** RFC 2046 §5.1.1 allows 70 characters; longer ones are seen in the wild. */
const MAX_BOUNDARY = 16 * 1024;
/** White space after a boundary (transport padding) up to this length does not matter. */
const MAX_PADDING = 1000;
const EMPTY = Buffer.alloc(0);

interface Open {
  readonly part: Part;
  /** Of a multipart until its end boundary is seen; one character an octet. */
  boundary: string | undefined;
  /** Parts seen in it. */
  children: number;
}

interface Found {
  readonly index: number;
  readonly close: boolean;
}

export class MessageParser {
  /** What was wrong so far, in the order it was found. */
  readonly defects: Defect[] = [];
  readonly #handlers: PartHandlers;
  readonly #options: { [K in keyof ParseOptions]-?: NonNullable<ParseOptions[K]> };
  readonly #stack: Open[] = [];
  /** While a header is being read. */
  #reader: HeaderReader | undefined;
  #headerStart = 0;
  /** The end of the last chunk, when it may yet belong to a boundary. */
  #held: Buffer = EMPTY;
  /** The next octet of the body begins a line, after a line end of so many octets that was read already. */
  #lineStart = false;
  #lineEnd = 0;
  #parts = 0;
  /** Octets that the headers to come may have altogether. */
  #headerRoom = MAX_HEADERS;
  /** Where in the message the data at hand begins, in octets. */
  #base = 0;
  readonly #isBoundary = (line: string): boolean => this.#findBoundary(line.slice(2)) !== undefined;

  constructor(handlers: PartHandlers, options: ParseOptions = {}) {
    this.#handlers = handlers;
    const { descend = () => true, maxDepth = 100, maxParts = 10_000 } = options;
    this.#options = { descend, maxDepth, maxParts };
    this.#openHeader(0);
  }

  /** Takes the next octets of the message; nothing of the chunk is kept after the call. */
  push(chunk: Uint8Array): void {
    const octets = asBuffer(chunk);
    this.#run(this.#held.length === 0 ? octets : Buffer.concat([this.#held, octets]), false);
  }

  /** The message is complete: ends all parts that are still open. Called once. */
  end(): void {
    this.#run(this.#held, true);
    for (let reader = this.#reader; reader !== undefined; reader = this.#reader) {
      reader.end();
      const rest = Buffer.from(reader.rest, 'latin1');
      this.#base -= rest.length;
      this.#startPart(reader, this.#base);
      this.#run(rest, true);
    }
    while (this.#stack.length > 0) this.#closePart(this.#base);
  }

  /** Reads `input`, which ends with the data at hand, and keeps in `#held` what cannot be judged yet. */
  #run(input: Buffer, final: boolean): void {
    let data = input;
    let at = 0;
    this.#held = EMPTY;
    while (at < data.length) {
      const reader = this.#reader;
      if (reader === undefined) {
        at = this.#readBody(data, at, final);
        continue;
      }
      at = reader.push(data, at);
      if (!reader.done) break;
      if (reader.rest !== '') {
        const rest = Buffer.from(reader.rest, 'latin1');
        this.#base += at - rest.length;
        data = Buffer.concat([rest, data.subarray(at)]);
        at = 0;
      }
      this.#startPart(reader, this.#base + at);
    }
    this.#base += data.length - this.#held.length;
  }

  #openHeader(start: number): void {
    this.#reader = new HeaderReader(this.#isBoundary, this.#headerRoom);
    this.#headerStart = start;
    this.#parts += 1;
  }

  #startPart(reader: HeaderReader, bodyStart: number): void {
    const open = this.#stack.at(-1);
    const place = {
      parent: open?.part,
      index: open?.children ?? 1,
      start: this.#headerStart,
      bodyStart,
      tooDeep: this.#stack.length >= this.#options.maxDepth,
      cut: reader.defects.some(({ code }) => code === 'headers-too-long'),
    };
    this.#headerRoom -= Math.min(reader.octets, this.#headerRoom);
    const found = reader.defects;
    const made = makePart(reader.headers(), place, found);
    const part = made.kind === 'message' && !this.#options.descend(made) ? { ...made, kind: 'leaf' as const } : made;
    for (const { code } of found) note(this.defects, { code, offset: part.start, part: part.number });
    const boundary = part.kind === 'multipart' ? boundaryOf(part) : undefined;
    this.#stack.push({ part, boundary, children: 0 });
    this.#reader = undefined;
    this.#lineStart = true;
    this.#lineEnd = reader.lineEnd;
    this.#handlers.partStart?.(part);
    if (part.kind === 'message') this.#openHeader(bodyStart);
  }

  #closePart(end: number): void {
    const open = this.#stack.pop();
    if (open === undefined) return;
    const { part, boundary, children } = open;
    if (boundary !== undefined) {
      const code = children === 0 ? 'missing-start-boundary' : 'missing-end-boundary';
      note(this.defects, { code, offset: end, part: part.number });
    }
    part.bodyEnd = Math.max(part.bodyStart, end);
    this.#handlers.partEnd?.(part);
  }

  /** Reads the body of the innermost part, up to a boundary or the end of the data; says where it stopped. */
  #readBody(data: Buffer, from: number, final: boolean): number {
    if (!this.#stack.some(hasBoundary)) return this.#emit(data, from, data.length);
    if (!final && this.#lineStart && data.length - from === 1) return this.#hold(data, from);
    let mark = this.#lineStart && data[from] === HYPHEN && data[from + 1] === HYPHEN ? from : nextMark(data, from);
    const atStart = this.#lineStart;
    this.#lineStart = false;
    for (; mark >= 0; mark = nextMark(data, mark + 2)) {
      const eol = lineEndBefore(data, from, mark);
      const lf = data.indexOf(LF, mark + 2);
      const end = lf < 0 ? data.length : lf;
      if (end - mark > MAX_BOUNDARY + MAX_PADDING) continue;
      const line = data.toString('latin1', mark + 2, end);
      if (lf < 0 && !final) {
        if (!this.#mayBecomeBoundary(line)) continue;
        this.#emit(data, from, eol);
        this.#lineStart = atStart && eol === mark;
        return this.#hold(data, eol);
      }
      const found = this.#findBoundary(line);
      if (found === undefined) continue;
      this.#emit(data, from, eol);
      const next = Math.min(end + 1, data.length);
      this.#reach(found, this.#base + eol - (mark === from ? this.#lineEnd : 0), this.#base + next);
      this.#lineEnd = data[end - 1] === CR ? 2 : 1;
      return next;
    }
    const keep = final ? data.length : undecided(data, from);
    this.#emit(data, from, keep);
    return this.#hold(data, keep);
  }

  #emit(data: Buffer, from: number, to: number): number {
    const open = this.#stack.at(-1);
    if (to > from && open !== undefined && open.children === 0) {
      this.#handlers.body?.(open.part, data.subarray(from, to));
    }
    return to;
  }

  #hold(data: Buffer, from: number): number {
    this.#held = Buffer.from(data.subarray(from));
    return data.length;
  }

  #reach(found: Found, end: number, next: number): void {
    while (this.#stack.length - 1 > found.index) this.#closePart(end);
    const open = this.#stack.at(-1);
    if (open === undefined) return;
    this.#lineStart = true;
    if (found.close) {
      open.boundary = undefined;
      open.children = Math.max(open.children, 1);
      return;
    }
    open.children += 1;
    this.#openHeader(next);
  }

  /**
   * The innermost multipart it fits is meant; but one around an embedded message comes before those within, so that the
   * message ends at the same place whether it is descended into or not.
   *
   * @param line what follows the two hyphens, without LF.
   */
  #findBoundary(line: string): Found | undefined {
    const text = line.trimEnd();
    if (text.length > MAX_BOUNDARY || line.length - text.length > MAX_PADDING) return undefined;
    let found: Found | undefined;
    let within = false;
    for (let index = this.#stack.length - 1; index >= 0; index--) {
      const { part, boundary } = this.#stack[index] as Open;
      within &&= part.kind !== 'message';
      if (within || boundary === undefined || !text.startsWith(boundary)) continue;
      const close = text.length === boundary.length + 2 && text.endsWith('--');
      if (!close && text.length !== boundary.length) continue;
      [found, within] = [{ index, close }, true];
    }
    if (found === undefined || found.close || this.#parts < this.#options.maxParts) return found;
    noteOnce(this.defects, { code: 'too-many-parts' });
    return undefined;
  }

  #mayBecomeBoundary(line: string): boolean {
    return this.#stack.some(({ boundary }) => {
      if (boundary === undefined) return false;
      if (line.length <= boundary.length) return boundary.startsWith(line);
      return line.startsWith(boundary) && /^-{0,2}\s*$/.test(line.slice(boundary.length));
    });
  }
}

function hasBoundary(open: Open): boolean {
  return open.boundary !== undefined;
}

function boundaryOf(part: Part): string {
  return Buffer.from(part.params.get('boundary') ?? '')
    .toString('latin1')
    .trimEnd();
}

/** Where the next line that begins with two hyphens begins, looking for its LF from `from` on; -1 for nowhere. */
function nextMark(data: Buffer, from: number): number {
  const lf = data.indexOf('\n--', from, 'latin1');
  return lf < 0 ? -1 : lf + 1;
}

/** The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1). */
function lineEndBefore(data: Buffer, from: number, mark: number): number {
  if (mark === from) return mark;
  return mark - 2 >= from && data[mark - 2] === CR ? mark - 2 : mark - 1;
}

/** Where a line end, and a hyphen after it, begin at the end of the data; its length when there is none. */
function undecided(data: Buffer, from: number): number {
  let at = data.length;
  if (at - 2 >= from && data[at - 1] === HYPHEN && data[at - 2] === LF) at -= 1;
  if (at - 1 >= from && data[at - 1] === LF) return lineEndBefore(data, from, at);
  return at - 1 >= from && data[at - 1] === CR ? at - 1 : data.length;
}
