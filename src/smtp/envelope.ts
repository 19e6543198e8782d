/** What a message needs to travel, and what became of it (RFC 5321 §2.3.1, RFC 1870, 6152, 6531). Values alone. */
import { UsageError } from '../errors.ts';
import { type Capabilities } from '../wire/capabilities.ts';
import { sizeLimit } from './capabilities.ts';
import type { Reply } from './reply.ts';

export interface Envelope {
  /** The sender to whom failures are reported; empty for none. */
  readonly from: string;
  readonly recipients: readonly string[];
}

export interface Outgoing {
  /** The message, in chunks. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Octets, where known: announced to the server, and compared with its limit before anything is sent (RFC 1870). */
  readonly size?: number | undefined;
  /** Every line end is known to be CRLF; otherwise bare ones are made so on the way. */
  readonly exactLines?: boolean | undefined;
  /** Octets above 127 in the body: needs 8BITMIME (RFC 6152). */
  readonly has8bit?: boolean | undefined;
  /** UTF-8 in addresses or headers: needs SMTPUTF8 (RFC 6531). */
  readonly needsUtf8?: boolean | undefined;
}

export interface SendOptions {
  /** Send to the recipients that were accepted although others were refused. By default nobody gets it then. */
  readonly partial?: boolean | undefined;
  /** Called with the octets of each piece of the message as it leaves. */
  readonly progress?: ((octets: number) => void) | undefined;
}

export interface RecipientResult {
  readonly address: string;
  readonly accepted: boolean;
  readonly reply: Reply;
}

/** `sent`: the server took responsibility. `refused`: nobody gets the message, for the reasons of the recipients. */
export interface SendResult {
  readonly outcome: 'sent' | 'refused';
  readonly recipients: readonly RecipientResult[];
  /** The server's answer to the message; its text often names a queue id. */
  readonly reply: Reply | undefined;
}

/**
 * What MAIL must say of the message, behind the sender.
 *
 * @throws UsageError when the message is larger than the server takes, or needs what it does not offer: nothing was sent.
 */
export function mailParameters(capabilities: Capabilities, envelope: Envelope, message: Outgoing): string {
  const limit = sizeLimit(capabilities);
  const { size } = message;
  if (size !== undefined && limit !== undefined && size > limit) {
    throw new UsageError('message-too-large', `The message has ${size} octets; the server takes at most ${limit}.`, {
      phase: 'mail',
      hint: 'Send fewer or smaller attachments.',
    });
  }
  const utf8 =
    message.needsUtf8 === true ||
    [envelope.from, ...envelope.recipients].some((address) => /[^\x00-\x7f]/.test(address));
  if (utf8) require(capabilities, 'SMTPUTF8', 'smtputf8-not-offered', 'an address or a header is not ASCII');
  if (message.has8bit) require(capabilities, '8BITMIME', '8bitmime-not-offered', 'its body has octets above 127');
  const announced = size !== undefined && capabilities.has('SIZE') ? ` SIZE=${size}` : '';
  return `${announced}${message.has8bit ? ' BODY=8BITMIME' : ''}${utf8 ? ' SMTPUTF8' : ''}`;
}

function require(capabilities: Capabilities, capability: string, code: string, why: string): void {
  if (capabilities.has(capability)) return;
  throw new UsageError(code, `The server does not offer ${capability}, which this message needs: ${why}.`, {
    phase: 'mail',
  });
}
