/**
 * The server's side of DATA: a message into a backend, within bounds, and never two messages for one (RFC 5321 §4.5.2).
 *
 * What comes is read to its end even when it is refused: the client listens only then.
 */
import { SmtpReplyError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import { DotDecoder } from '../wire/dot.ts';
import { BareNewlineDetector } from '../wire/eol.ts';
import { DATA_BLOCK } from './commands.ts';
import type { Envelope } from './transaction.ts';

/** Where a message goes while it arrives. Either `commit` or `abort` is called, once; no `abort` follows a `commit`. */
export interface Delivery {
  write(chunk: Uint8Array): void | Promise<void>;
  /** The message is whole: resolves when it is safe, to a name for it. @throws SmtpReplyError to refuse it. */
  commit(): Promise<string>;
  abort(): Promise<void>;
}

/** Opens the way for one message. */
export type Deliver = (envelope: Envelope) => Promise<Delivery>;

/**
 * Takes one message from the channel.
 *
 * @throws SmtpReplyError 552 past `limit` octets, 550 for a bare CR or LF; whatever the delivery throws.
 */
export async function receive(channel: Channel, delivery: Delivery, limit: number): Promise<string> {
  const newlines = new BareNewlineDetector();
  let octets = 0;
  let fault: { readonly error: unknown } | undefined;
  const failed = (error: unknown): void => {
    fault ??= { error };
  };
  const sink = (chunk: Uint8Array): void | Promise<void> => {
    octets += chunk.length;
    newlines.push(chunk);
    if (octets > limit || newlines.found || fault !== undefined) return;
    try {
      const written = delivery.write(chunk);
      if (written instanceof Promise) return written.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
  try {
    await channel.read(new DotDecoder(sink), { timeout: DATA_BLOCK });
    if (octets > limit)
      throw new SmtpReplyError({ code: 552, enhanced: '5.3.4' }, `message larger than ${limit} octets`);
    // Some reader behind us may take a bare line end for a real one, and its dot for the end (the attacks of 2023).
    if (newlines.found) throw new SmtpReplyError({ code: 550, enhanced: '5.6.11' }, 'bare CR or LF in the message');
    if (fault !== undefined) throw fault.error;
  } catch (error) {
    await delivery.abort();
    throw error;
  }
  return delivery.commit();
}
