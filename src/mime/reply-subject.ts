/**
 * The subject of an answer and of a forwarded message (RFC 5322 §3.6.5).
 *
 * Why a table: programs translate "Re" and "Fwd" although the RFC asks them not to, and some count, so a thread between
 * two of them grows "Re: AW: Re[2]: SV:" for ever. What is known here is taken off before ours is put in front.
 */

import { shortened } from './plain-text.ts';

/** What programs write in front of an answer, in lower case. */
const REPLY = 're aw antw antwort sv vs odp ref rif res rép ynt ats отв ответ 回复 回覆 答复 返信'.split(' ');
/** In front of a forwarded message. */
const FORWARD = 'fwd fw wg tr rv enc vl vb i doorst пересл 转发 轉寄 転送'.split(' ');

/** In characters; a header of megabytes is not carried on. */
const MAX_SUBJECT = 500;
/** A thread has no more of them; what follows stays. */
const MAX_PREFIXES = 100;

/** `Re: ` and the subject without the prefixes of answers; of none, `Re:` alone. */
export function replySubject(subject: string): string {
  return prefixed('Re:', subject, REPLY);
}

/** `Fwd: ` and the subject without the prefixes of forwarding; that it was an answer stays. */
export function forwardSubject(subject: string): string {
  return prefixed('Fwd:', subject, FORWARD);
}

function prefixed(prefix: string, subject: string, known: readonly string[]): string {
  const rest = withoutPrefixes(subject.slice(0, 4 * MAX_SUBJECT), known);
  return rest === '' ? prefix : `${prefix} ${rest}`;
}

function withoutPrefixes(subject: string, known: readonly string[]): string {
  let rest = subject.trim();
  for (let taken = 0; taken < MAX_PREFIXES; taken += 1) {
    // A word, perhaps a count, and a colon, which Chinese programs write in full width.
    const [prefix, word = ''] = /^(\p{L}{1,10})(?:\[\d{1,4}\]|\(\d{1,4}\)|\^\d{1,4})? {0,3}[:：]\s*/u.exec(rest) ?? [];
    if (prefix === undefined || !known.includes(word.toLowerCase())) break;
    rest = rest.slice(prefix.length);
  }
  return shortened(rest, MAX_SUBJECT);
}
