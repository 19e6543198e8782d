/**
 * A message that somebody else composed: taken as it is, but for its line ends and its Bcc (RFC 5322 §3.6.3).
 *
 * It is spooled first: what is to be announced (its size, octets above 127) is known only at its end, and standard
 * input can be read but once.
 */
import { isAscii } from 'node:buffer';
import { UsageError } from '../errors.ts';
import { type Address, bad, distinctAddresses, wireAddress } from '../mime/address.ts';
import { parseRecipients } from '../mime/recipient.ts';
import { HeaderCutter, withoutBcc } from '../mime/header-cutter.ts';
import type { Headers } from '../mime/header-fields.ts';
import { MAX_FIELDS } from '../mime/header-reader.ts';
import { readHeaders } from '../mime/summary.ts';
import type { Envelope } from '../smtp/envelope.ts';
import { Spool } from '../store/spool.ts';
import { normaliseEol } from '../wire/eol.ts';
import { at } from './compose.ts';
import type { Sendable } from './send.ts';

const RESENT = ['resent-to', 'resent-cc', 'resent-bcc'];

export interface RawRequest {
  readonly from?: string | undefined;
  /** Recipients; without any they are read from To, Cc and Bcc. */
  readonly to?: readonly string[];
}

/**
 * Spools a raw message and reads its envelope. `remove` forgets it.
 *
 * @throws UsageError `bad-message`, `no-sender`, `no-recipient`, `bad-address`.
 */
export async function spoolRaw(
  source: AsyncIterable<Uint8Array>,
  request: RawRequest,
  defaultFrom: string | undefined,
): Promise<Sendable & { remove(): Promise<void> }> {
  const spool = await Spool.create();
  try {
    const sink = spool.store();
    const cutter = new HeaderCutter();
    let ascii = true;
    for await (const chunk of normaliseEol(source)) {
      const body = cutter.push(chunk);
      ascii &&= isAscii(body);
      await sink.write(body);
    }
    await sink.write(cutter.end());
    const body = await sink.commit();
    const whole = Buffer.from(cutter.header, 'latin1');
    const { headers, messageId } = await readHeaders(whole);
    const envelope = readEnvelope(headers, { ...request, from: request.from ?? defaultFrom });
    const header = withoutBcc(cutter.header);
    return {
      envelope,
      messageId,
      size: header.length + body.size,
      needsUtf8: !isAscii(header),
      has8bit: !ascii || !isAscii(header),
      exactLines: true,
      chunks: async function* () {
        yield header;
        yield* body.read();
      },
      remove: () => spool.close(),
    };
  } catch (error) {
    await spool.close();
    throw error;
  }
}

/** From whom to whom: what was said beside the message, else what its header names. */
function readEnvelope(headers: Headers, { from, to = [] }: RawRequest): Envelope {
  if (headers.fields.length >= MAX_FIELDS) throw new UsageError('bad-message', 'The header has too many fields.');
  const sender = from ?? headers.raw('sender') ?? headers.raw('from');
  if (sender === undefined) {
    throw new UsageError('no-sender', 'The message has no sender.', {
      hint: 'Give one with --from, or a From: field in the message.',
    });
  }
  const recipients = to.length > 0 ? to.flatMap((text) => at('--to', text, readList)) : recipientsIn(headers);
  if (recipients.length === 0) {
    throw new UsageError('no-recipient', 'The message names no recipient.', {
      hint: 'Give one with --to, or a To: field in the message.',
    });
  }
  const [author, another] = at('The sender', sender, readList);
  if (author === undefined || another !== undefined) throw bad('there is not exactly one sender');
  return { from: wireAddress(author), recipients: distinctAddresses(recipients) };
}

/** What To, Cc and Bcc name, unless the message was passed on: then it is not for them, and Resent-To has its own history. */
function recipientsIn(headers: Headers): Address[] {
  if (RESENT.some((name) => headers.raw(name) !== undefined)) {
    throw new UsageError(
      'no-recipient',
      'The message was sent on before, so its header does not say to whom it goes now.',
      {
        hint: 'Say it with --to.',
      },
    );
  }
  return ['To', 'Cc', 'Bcc'].flatMap((name) => headers.rawAll(name).flatMap((text) => at(name, text, readList)));
}

function readList(text: string): Address[] {
  return parseRecipients(text, { field: true });
}
