/**
 * In-Reply-To and References of an answer (RFC 5322 §3.6.4).
 *
 * Why: the ids come from a stranger and are written into our own header. What goes in is what can be read in one way
 * only: printable ASCII in angle brackets as it stood in the field, never decoded, never an encoded-word. An id without
 * an `@` stays: programs that make such ids thread by them.
 */

import { messageIds, type Summary } from './summary.ts';

/** The thread's first message and its last ones: enough for every reader, and a header stays of bounded length. */
const MAX_REFERENCES = 30;
/** In octets; longer ids are no id of any program. */
const MAX_ID = 250;

export interface Threading {
  readonly inReplyTo?: string;
  readonly references?: readonly string[];
}

/** @returns what an answer to this message says of its place in the thread; nothing where the message gives nothing to say. */
export function threadingOf({ headers, messageId }: Pick<Summary, 'headers' | 'messageId'>): Threading {
  const parent = ids(messageId)[0];
  const named = ids(headers.raw('references'));
  const answered = ids(headers.raw('in-reply-to'));
  // RFC 5322 §3.6.4: In-Reply-To takes the place of References only where it names one message.
  const before = named.length > 0 ? named : answered.length === 1 ? answered : [];
  const chain = [...new Set(parent === undefined ? before : [...before.filter((id) => id !== parent), parent])];
  const references = chain.length > MAX_REFERENCES ? [...chain.slice(0, 1), ...chain.slice(1 - MAX_REFERENCES)] : chain;
  return {
    ...(parent === undefined ? {} : { inReplyTo: parent }),
    ...(references.length === 0 ? {} : { references }),
  };
}

function ids(value: string | undefined): string[] {
  return messageIds(value ?? '').filter((id) => id.length <= MAX_ID && !id.includes('=?'));
}
