/**
 * `mailto:` URLs (RFC 6068): what a link may say of the message somebody is about to write.
 *
 * Why: the link comes from a stranger, so only what its reader sees before it is sent is taken from it: recipients,
 * subject, text, and the message it answers. Files, senders and hidden recipients never; what else it asks for is
 * reported, not done (§7). Decoding is strict: what two programs could read differently is refused. This file must never
 * know what is done with the message.
 */

import { UsageError } from '../errors.ts';
import type { Address } from './address.ts';
import { parseRecipients } from './recipient.ts';
import { decodeWords } from './encoded-word.ts';
import { checkMessageId } from './header.ts';
import { percentDecoded } from './percent.ts';
import { isOneLine } from './plain-text.ts';

export interface Mailto {
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly subject?: string;
  /** Its lines end in LF. */
  readonly body?: string;
  /** With angle brackets. */
  readonly inReplyTo?: string;
  /** The names of fields it asks for that are never taken from a link, each once, in lower case. */
  readonly ignored: readonly string[];
}

/** In characters: longer than any link that a person made. */
const MAX_URL = 256 * 1024;
/** RFC 3986 §2: everything else must be escaped; `#` would begin a fragment, which no mailto: URL has. */
const URL_CHARACTERS = /^[\w.~:/?@!$&'()*+,;=%[\]-]*$/;
const TAKEN = new Set(['to', 'cc', 'subject', 'body', 'in-reply-to']);

/** @throws UsageError `bad-mailto`, or `bad-address` and `bad-header` for an address or id that cannot be used. */
export function parseMailto(url: string): Mailto {
  if (!/^mailto:/i.test(url)) throw bad('it does not begin with mailto:');
  if (url.length > MAX_URL) throw bad('it is too long');
  if (!URL_CHARACTERS.test(url)) throw bad('it contains a character that must be escaped with %');
  const mark = url.indexOf('?');
  const [path, query] = mark < 0 ? [url.slice(7), ''] : [url.slice(7, mark), url.slice(mark + 1)];
  const fields = readFields(query);
  const [subject, body, inReplyTo] = ['subject', 'body', 'in-reply-to'].map((name) => single(fields, name));
  return {
    // A comma between addresses stands as it is; one inside an address is escaped (§2).
    to: [...path.split(',').flatMap((one) => addresses(decode(one))), ...listed(fields, 'to')],
    cc: listed(fields, 'cc'),
    ...(subject === undefined ? {} : { subject: oneLine('subject', decodeWords(subject)) }),
    ...(body === undefined ? {} : { body: lines(body) }),
    ...(inReplyTo === undefined ? {} : { inReplyTo: checkMessageId('the in-reply-to', inReplyTo.trim()) }),
    ignored: [...fields.keys()].filter((name) => !TAKEN.has(name)),
  };
}

/** Every field with its values, by its name in lower case. */
function readFields(query: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const field of query.split('&')) {
    if (field === '') continue;
    const equals = field.indexOf('=');
    if (equals < 0) throw bad('a field has no value');
    const name = oneLine('name of a field', decode(field.slice(0, equals))).toLowerCase();
    const values = fields.get(name) ?? [];
    values.push(decode(field.slice(equals + 1)));
    fields.set(name, values);
  }
  return fields;
}

function listed(fields: ReadonlyMap<string, readonly string[]>, name: string): Address[] {
  return (fields.get(name) ?? []).flatMap((value) => addresses(value));
}

function addresses(text: string): Address[] {
  return text === '' ? [] : parseRecipients(text);
}

function single(fields: ReadonlyMap<string, readonly string[]>, name: string): string | undefined {
  const [value, another] = fields.get(name) ?? [];
  if (another !== undefined) throw bad(`it has more than one ${name}`);
  return value;
}

/** `+` stands for itself: a mailto: URL is no form (§5). */
function decode(text: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) throw bad('a % is not followed by two hexadecimal digits');
  const decoded = percentDecoded(text);
  if (decoded === undefined) throw bad('what it escapes is not UTF-8');
  return decoded;
}

function oneLine(what: string, text: string): string {
  if (!isOneLine(text)) throw bad(`its ${what} contains a line break or a control character`);
  return text;
}

/** Lines end in `%0D%0A` (§5); other control characters have no place in a letter. */
function lines(body: string): string {
  const text = body.replaceAll('\r\n', '\n');
  if (/[^\P{Cc}\n\t]/u.test(text) || /(?<!\r)\n/.test(body)) {
    throw bad('its body contains a control character; a line ends in %0D%0A');
  }
  return text;
}

function bad(why: string): UsageError {
  return new UsageError('bad-mailto', `The mailto: URL cannot be used: ${why}.`, {
    hint: 'Write for example: mailto:ann@example.org?subject=Hello%20Ann',
  });
}
