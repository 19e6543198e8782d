/**
 * The place of a message in its thread: Message-ID, In-Reply-To and References as programs really write them (RFC 5322
 * §3.6.4 and §4.5.4).
 *
 * Why: threads are put together from ids of any quality; an answer is stricter (reply-threading.ts). Every id that comes out
 * may be written into a new header, and is compared as it stands.
 */

import type { Headers } from './header-fields.ts';
import { messageIds } from './summary.ts';

export interface ThreadIds {
  readonly messageId: string | undefined;
  /** Each once, in their order; several when several messages are answered. */
  readonly inReplyTo: readonly string[];
  /** From the first message of the thread to the last before this one, each once. */
  readonly references: readonly string[];
}

/** The most ids of one kind. Of a thread that is longer, the last ones are given. */
const MAX_IDS = 1000;

/**
 * The ids of a message, with angle brackets. White space within an id is left out, as folding put it there; where a field has
 * no angle brackets at all, its words with an `@` are taken for ids.
 */
export function threadIds(headers: Headers): ThreadIds {
  const all = (name: string) => {
    const found = headers.rawAll(name).flatMap(idsIn);
    return [...new Set(found)].slice(-MAX_IDS);
  };
  return {
    messageId: headers.rawAll('message-id').flatMap(idsIn)[0],
    inReplyTo: all('in-reply-to'),
    references: all('references'),
  };
}

function idsIn(value: string): string[] {
  const whole = value.replace(/<[^<>]*>/g, (id) => id.replace(/\s+/g, ''));
  const ids = messageIds(whole);
  if (ids.length > 0 || /[<>]/.test(value)) return ids;
  const words = value.split(/[\s,;]+/).filter((word) => word.includes('@'));
  return words.flatMap((word) => messageIds(`<${word}>`));
}
