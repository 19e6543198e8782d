/**
 * The header of a message that somebody else made, taken off its front to be looked at and sent without its Bcc
 * (RFC 5322 §2.1, §3.6.3).
 *
 * Its lines end in CRLF by then. What it must never know: what becomes of the body, of which it keeps nothing.
 */

import { UsageError } from '../errors.ts';
import { asBuffer, latin1 } from '../wire/bytes.ts';

/** The most octets a header may have. */
const MAX_HEADER = 1024 * 1024;

/** Takes the header off the front of a message. */
export class HeaderCutter {
  /** Whole once it is done; each octet a character. */
  header = '';
  readonly #anyLines: boolean;
  #done = false;

  /** @param options `anyLines` takes a header in which not every line is a field. */
  constructor({ anyLines = false }: { anyLines?: boolean } = {}) {
    this.#anyLines = anyLines;
  }

  get done(): boolean {
    return this.#done;
  }

  /** Returns what of the chunk is body, from the blank line on. @throws UsageError `bad-message`. */
  push(bytes: Uint8Array): Uint8Array {
    if (this.#done) return bytes;
    const before = this.header.length;
    this.header += latin1(bytes);
    const end = this.header.startsWith('\r\n') ? 0 : this.header.indexOf('\r\n\r\n', Math.max(0, before - 3)) + 2;
    if (end === 1) {
      if (this.header.length > MAX_HEADER)
        throw new UsageError('bad-message', 'The header of the message is longer than 1 MiB.');
      return new Uint8Array();
    }
    this.#done = true;
    const body = asBuffer(bytes).subarray(Math.max(0, end - before));
    // Where the blank line began in an earlier chunk, its beginning is put back in front.
    const missing = this.header.slice(end, Math.max(end, before));
    this.header = this.header.slice(0, end);
    if (!this.#anyLines) checkFields(this.header);
    return missing === '' ? body : Buffer.concat([Buffer.from(missing, 'latin1'), body]);
  }

  /** A message that is all header still gets its blank line. */
  end(): Uint8Array {
    if (this.#done) return new Uint8Array();
    if (!this.#anyLines) checkFields(this.header);
    if (!this.header.endsWith('\r\n')) this.header += '\r\n';
    return Buffer.from('\r\n');
  }
}

/** Some other file would go out as a message with a garbled header. @throws UsageError `bad-message`. */
function checkFields(header: string): void {
  const lines = header.replace(/\r\n$/, '').split('\r\n');
  const wrong = lines.findIndex((line, at) => !/^[!-9;-~]+[ \t]*:/.test(line) && (at === 0 || !/^[ \t]/.test(line)));
  if (wrong < 0) return;
  throw new UsageError('bad-message', `That is not a message: line ${wrong + 1} is no field of a header.`, {
    hint: 'A message begins with fields such as "Subject: hello", then a blank line, then the text.',
  });
}

/** The header without its Bcc fields, and those of whoever passed it on. */
export function withoutBcc(header: string): Buffer {
  return Buffer.from(header.replace(/^(?:resent-)?bcc[ \t]*:.*\r\n(?:[ \t].*\r\n)*/gim, ''), 'latin1');
}
