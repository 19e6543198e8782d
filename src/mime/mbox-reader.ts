/**
 * The messages of a mailbox file: one after the other, each behind a line of "From sender date" (RFC 4155).
 *
 * What that line is decides its date, as in mutt: "From me to you" in a text is none, empty line before it or not. Of
 * `>From` one `>` goes (mboxrd, which reads mboxo too). Where a header says Content-Length, and the file has a new message
 * at just that place, the text is that long and stays as it is (mboxcl, mboxcl2). Lines end with CRLF in what comes out.
 * Everything else, NUL and lines of any length included, passes in constant memory. Pure: the file is given.
 */
import { asBuffer, CR, CRLF, LF, latin1 } from '../wire/bytes.ts';
import { FROM, QUOTE } from './mbox.ts';

/** A file to read from, in order, and a little at any place. */
export interface MboxFile {
  chunks(): AsyncIterable<Uint8Array>;
  /** The octets at a position; fewer at the end of the file. */
  at(position: number, length: number): Promise<Uint8Array>;
}

export type MboxPiece =
  | { readonly kind: 'begin' }
  | { readonly kind: 'octets'; readonly octets: Uint8Array }
  /** With the flags that mail programs write into `Status` and `X-Status`, as Maildir letters. */
  | { readonly kind: 'end'; readonly flags: string };

/** A line is judged by so much of it; what is longer is text. */
const JUDGED = 1024;
/** What the date of a separator is made of, in this order. */
const DATE = [
  /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:\d{1,2} +)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b/,
  // The year is behind the time, as asctime has it, or before it, as in a Date field.
  /\b\d{4} +\d{1,2}:\d\d|\d:\d\d.{0,40}? \d{4}\b/,
];
/** What `Status` and `X-Status` say, by their letters. */
const STATUS: Readonly<Record<string, string>> = { R: 'S', A: 'R', F: 'F', T: 'D', D: 'T' };

/** Whether a file begins as a mailbox file does. */
export function beginsMbox(octets: Uint8Array): boolean {
  return isSeparator(latin1(octets).split('\n', 1)[0] ?? '');
}

/** The messages of a file, piece by piece. What is before the first separator is passed over. */
export async function* readMbox(file: MboxFile): AsyncGenerator<MboxPiece, void, undefined> {
  const reader = new MboxReader();
  for await (const chunk of file.chunks()) {
    for (const step of reader.push(chunk)) {
      if (step.kind !== 'length') yield step;
      else if (await isMessageEnd(file, step.at + step.length)) reader.trust(step.length);
    }
  }
  yield* reader.end();
}

/** Whether a message can end there: the file does, or another message begins, behind an empty line or not. */
async function isMessageEnd(file: MboxFile, position: number): Promise<boolean> {
  const octets = latin1(await file.at(position - 1, JUDGED));
  const text = octets.slice(1);
  if (/^[\r\n]*$/.test(text)) return octets.length > 0 && octets.length < JUDGED;
  return isSeparator(text.replace(/^(?:\r?\n)+/, '').split('\n', 1)[0] ?? '');
}

/** A header that names a length: whoever sees it says by `trust`, before the next step, whether it is right. */
type Step = MboxPiece | { readonly kind: 'length'; readonly at: number; readonly length: number };

class MboxReader {
  #state: 'outside' | 'header' | 'body' = 'outside';
  /** The beginning of a line that cannot be judged yet, and where in the file it is. */
  #carry: Uint8Array = Buffer.alloc(0);
  #position = 0;
  /** The rest of a line that was too long to be judged is being passed on. */
  #within = false;
  /** An empty line: text if more follows, and no separator. */
  #owed = false;
  /** What the header says, and how many octets of the text are still not to be looked at. */
  #length = 0;
  #verbatim = 0;
  #flags = '';
  #out: Uint8Array[] = [];
  #afterCr = false;

  *push(chunk: Uint8Array): Generator<Step, void, undefined> {
    const input = this.#carry.length === 0 ? asBuffer(chunk) : Buffer.concat([this.#carry, chunk]);
    let at = 0;
    while (at < input.length) {
      if (this.#verbatim > 0) {
        at += this.#takeVerbatim(input.subarray(at));
        continue;
      }
      const end = input.indexOf(LF, at) + 1 || input.length;
      const line = input.subarray(at, end);
      const isWhole = line.at(-1) === LF;
      if (!isWhole && !this.#within && line.length <= JUDGED) break;
      at = end;
      if (this.#within) this.#put(line);
      else yield* this.#line(line, this.#position + at);
      this.#within = !isWhole;
    }
    this.#carry = Buffer.from(input.subarray(at));
    this.#position += at;
    yield* this.#flush();
  }

  *end(): Generator<MboxPiece, void, undefined> {
    if (this.#carry.length > 0) this.#text(asBuffer(this.#carry));
    yield* this.#finish();
  }

  /** The text has so many octets, and none of them is a separator or quoted. */
  trust(length: number): void {
    this.#verbatim = length;
  }

  /** A line, or so much of it that it is too long for a separator. `next` is where the file goes on. */
  *#line(line: Buffer, next: number): Generator<Step, void, undefined> {
    if (line.length <= JUDGED && line.indexOf(FROM) === 0 && isSeparator(latin1(line))) {
      yield* this.#finish();
      yield { kind: 'begin' };
      this.#state = 'header';
    } else if (this.#state === 'header') {
      this.#put(line);
      if (!isEmpty(line)) return this.#field(line);
      this.#state = 'body';
      if (this.#length > 0) yield { kind: 'length', at: next, length: this.#length };
    } else {
      this.#text(line);
    }
  }

  #field(line: Buffer): void {
    const [, name = '', value = ''] =
      /^(content-length|status|x-status):(.*)/i.exec(latin1(line.subarray(0, JUDGED))) ?? [];
    if (name.length > 'x-status'.length) this.#length = Number(/^\s*(\d{1,15})\s*$/.exec(value)?.[1] ?? 0);
    else for (const letter of value) this.#flags += STATUS[letter] ?? '';
  }

  #text(line: Buffer): void {
    if (this.#owed) this.#put(CRLF);
    this.#owed = isEmpty(line);
    if (!this.#owed) this.#put(isQuoted(line) ? line.subarray(1) : line);
  }

  #takeVerbatim(input: Buffer): number {
    const octets = input.subarray(0, this.#verbatim);
    this.#verbatim -= octets.length;
    for (let at = 0; at < octets.length; ) {
      const end = octets.indexOf(LF, at) + 1 || octets.length;
      this.#put(octets.subarray(at, end));
      at = end;
    }
    return octets.length;
  }

  /** Passes octets on, up to the end of a line or less; it becomes CRLF. */
  #put(octets: Uint8Array): void {
    if (this.#state === 'outside') return;
    const isEnd = octets.at(-1) === LF;
    const isCrlf = octets.length > 1 ? octets.at(-2) === CR : this.#afterCr;
    if (isEnd && !isCrlf) this.#out.push(octets.subarray(0, -1), CRLF);
    else this.#out.push(octets);
    this.#afterCr = octets.at(-1) === CR;
  }

  *#flush(): Generator<MboxPiece, void, undefined> {
    if (this.#out.length > 0) yield { kind: 'octets', octets: Buffer.concat(this.#out) };
    this.#out = [];
  }

  *#finish(): Generator<MboxPiece, void, undefined> {
    if (this.#state === 'outside') return;
    yield* this.#flush();
    yield { kind: 'end', flags: this.#flags };
    this.#owed = false;
    this.#length = 0;
    this.#flags = '';
  }
}

/** Each part is looked for once, behind the one before: hostile lines cost no more than others. */
function isSeparator(line: string): boolean {
  if (!line.startsWith('From ')) return false;
  let rest = line;
  for (const part of DATE) {
    const found = part.exec(rest);
    if (found === null) return false;
    rest = rest.slice(found.index + found[0].length);
  }
  return true;
}

function isEmpty(line: Buffer): boolean {
  return line[0] === LF || (line[0] === CR && line[1] === LF);
}

/** Whether it was quoted for looking like a separator: `>From `, `>>From `. */
function isQuoted(line: Buffer): boolean {
  return line[0] === QUOTE && /^>+From /.test(latin1(line.subarray(0, JUDGED)));
}
