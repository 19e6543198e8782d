/**
 * Messages one after the other in one file, as `mboxrd` (RFC 4155, and the quoting that can be undone): a line of
 * "From sender date" before each, one more `>` before every line that would look like one, an empty line behind it.
 *
 * Lines end with LF there, so CRLF becomes LF. Nothing from a message can begin a new one: not its sender, not its
 * text, not a last line without an end. Pure, in constant memory.
 */

import { asBuffer, CR, LF } from '../wire/bytes.ts';

/** How a separator begins, and what is put before a line that would look like one. */
export const FROM = Buffer.from('From ');
export const QUOTE = 0x3e;

export interface MboxEnvelope {
  /** The bare address; what is none is written as `MAILER-DAEMON`. */
  readonly sender: string | undefined;
  /** When it was received. */
  readonly date: Date;
}

/** One message as a mailbox file has it; the entries only need to be put together. */
export async function* mboxEntry(
  content: AsyncIterable<Uint8Array>,
  { sender, date }: MboxEnvelope,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from(`From ${mboxSender(sender)} ${mboxDate(date)}\n`);
  const body = new MboxBody();
  for await (const chunk of content) yield body.push(chunk);
  yield body.end();
}

/** Without blanks and controls, which would make another line of it. */
function mboxSender(sender = ''): string {
  return /^[!-~]{1,320}$/.test(sender) ? sender : 'MAILER-DAEMON';
}

/** As asctime(3) writes it, in UTC: `Thu Jan  1 00:00:00 1970`. */
function mboxDate(date: Date): string {
  const year = date.getUTCFullYear();
  const shown = year >= 0 && year <= 9999 ? date : new Date(0);
  const [day, dayOfMonth = '', month, fourDigits, time] = shown.toUTCString().split(' ');
  return `${day?.slice(0, 3)} ${month} ${String(Number(dayOfMonth)).padStart(2)} ${time} ${fourDigits}`;
}

/** The lines of one message, quoted; chunks may be cut anywhere. */
export class MboxBody {
  /** What cannot be judged before more has come: the beginning of `From `, or a CR. */
  #held: Uint8Array = Buffer.alloc(0);
  /** Whether only `>` has been seen of the line so far. */
  #atStart = true;
  #last = LF;

  push(chunk: Uint8Array): Uint8Array {
    const input = this.#held.length === 0 ? asBuffer(chunk) : Buffer.concat([this.#held, chunk]);
    // A line of six octets may become one of seven.
    const output = Buffer.allocUnsafe(input.length + Math.ceil(input.length / 5));
    let written = 0;
    let at = 0;
    while (at < input.length) {
      let to = at;
      if (this.#atStart) {
        while (input[to] === QUOTE) to += 1;
        const compared = Math.min(FROM.length, input.length - to);
        const looksLike = compared > 0 && input.compare(FROM, 0, compared, to, to + compared) === 0;
        if (looksLike && compared < FROM.length) {
          written += input.copy(output, written, at, to);
          at = to;
          break;
        }
        if (looksLike) output[written++] = QUOTE;
        this.#atStart = to === input.length;
      }
      const end = input.indexOf(LF, to);
      if (end < 0) {
        const stop = input.at(-1) === CR ? input.length - 1 : input.length;
        written += input.copy(output, written, at, stop);
        at = stop;
        break;
      }
      written += input.copy(output, written, at, end > at && input[end - 1] === CR ? end - 1 : end);
      output[written++] = LF;
      this.#atStart = true;
      at = end + 1;
    }
    this.#held = input.subarray(at);
    if (written > 0) this.#last = output[written - 1] ?? LF;
    return output.subarray(0, written);
  }

  /** The rest, the end of the last line if it has none, and the empty line between two messages. */
  end(): Uint8Array {
    const open = this.#held.length > 0 || this.#last !== LF;
    return Buffer.concat([this.#held, Buffer.from(open ? '\n\n' : '\n')]);
  }
}
