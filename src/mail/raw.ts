/**
 * A message that somebody else composed: taken as it is, but for its line ends and its Bcc (RFC 5322 §3.6.3).
 *
 * It is spooled first: what is to be announced (its size, octets above 127) is known only at its end, and standard
 * input can be read but once.
 */
import { UsageError } from '../errors.ts';
import { wireAddress } from '../mime/address.ts';
import { parseRecipients, parseRecipient } from '../mime/address-list.ts';
import { readHeaders } from '../mime/summary.ts';
import { Spool } from '../store/spool.ts';
import { asBuffer, latin1 } from '../wire/bytes.ts';
import { normaliseEol } from '../wire/eol.ts';
import type { Sendable } from './send.ts';

/** The most octets a header may have. */
const MAX_HEADER = 1024 * 1024;

export interface RawRequest {
  readonly from?: string | undefined;
  /** Recipients; without any they are read from To, Cc and Bcc. */
  readonly to?: readonly string[];
}

/** Spools a raw message and reads its envelope. `remove` forgets it. @throws UsageError `bad-message`, `no-recipient`, `bad-address`. */
export async function spoolRaw(
  source: AsyncIterable<Uint8Array>,
  request: RawRequest,
  defaultFrom: string | undefined,
): Promise<Sendable & { remove(): Promise<void> }> {
  const spool = await Spool.create();
  try {
    const sink = spool.store();
    const header = new HeaderCutter();
    let has8bit = false;
    for await (const chunk of normaliseEol(source)) {
      const body = header.push(chunk);
      has8bit ||= body.some((octet) => octet > 127);
      await sink.write(body);
    }
    await sink.write(header.end());
    const body = await sink.commit();
    const { bytes, removed } = withoutBcc(header.header);
    const summary = await readHeaders(Buffer.from(header.header, 'latin1'));
    const recipients =
      (request.to ?? []).length > 0
        ? (request.to ?? [])
        : [...['to', 'cc'].flatMap((name) => summary.headers.rawAll(name)), ...removed];
    const sender = request.from ?? defaultFrom ?? summary.headers.raw('from');
    const envelope = {
      from: sender === undefined ? '' : wireAddress(parseRecipient(sender)),
      recipients: [
        ...new Set(
          recipients
            .filter((text) => text.trim() !== '')
            .flatMap(parseRecipients)
            .map(wireAddress),
        ),
      ],
    };
    if (envelope.recipients.length === 0) {
      throw new UsageError('no-recipient', 'The message names no recipient.', {
        hint: 'Give one with --to, or a To: field in the message.',
      });
    }
    return {
      envelope,
      messageId: summary.messageId,
      size: bytes.length + body.size,
      needsUtf8: /[\x80-\xff]/.test(header.header),
      has8bit,
      exactLines: true,
      chunks: async function* () {
        yield bytes;
        yield* body.read();
      },
      remove: () => spool.close(),
    };
  } catch (error) {
    await spool.close();
    throw error;
  }
}

/** Takes the header off the front of a message. */
class HeaderCutter {
  header = '';
  #done = false;

  /** Returns what of the chunk is body, from the blank line on. */
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
    checkFields(this.header);
    return missing === '' ? body : Buffer.concat([Buffer.from(missing, 'latin1'), body]);
  }

  /** A message that is all header still gets its blank line. */
  end(): Uint8Array {
    if (this.#done) return new Uint8Array();
    checkFields(this.header);
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

/** The header without its Bcc fields, and what stood in them. */
function withoutBcc(header: string): { bytes: Buffer; removed: string[] } {
  const removed: string[] = [];
  const kept = header.replace(/^bcc[ \t]*:((?:.*\r\n)(?:[ \t].*\r\n)*)/gim, (_, value: string) => {
    removed.push(value.replaceAll('\r\n', ' ').trim());
    return '';
  });
  return { bytes: Buffer.from(kept, 'latin1'), removed };
}
