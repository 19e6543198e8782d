/**
 * What a mailing list says of itself: the List fields (RFC 2369, RFC 2919, RFC 8058).
 *
 * Why: they are the only way out of a list that works for every list, and a stranger writes them: nothing here is ever
 * followed, and what is no address of the web or of mail does not come out.
 */

import type { Headers } from './header-fields.ts';

export interface MailingList {
  /** `announce.example.org`, as it stands; and what people call the list. */
  readonly id: string | undefined;
  readonly name: string | undefined;
  /** URLs of the schemes http, https and mailto, in the order in which the list prefers them. */
  readonly post: readonly string[];
  readonly unsubscribe: readonly string[];
  readonly subscribe: readonly string[];
  readonly help: readonly string[];
  readonly owner: readonly string[];
  readonly archive: readonly string[];
  /** Nobody may write to it (`List-Post: NO`). */
  readonly closed: boolean;
  /** One POST to the first https URL of `unsubscribe` ends it (RFC 8058): only when the reader asks for it. */
  readonly oneClick: boolean;
}

const MAX_URLS = 10;
const FIELD = /^list-(?:id|post|unsubscribe|subscribe|help|owner|archive)$/i;

/** @returns undefined for a message that is from no list. */
export function mailingList(headers: Headers): MailingList | undefined {
  if (!headers.fields.some(({ name }) => FIELD.test(name))) return undefined;
  const urls = (name: string) => urlsIn(headers.raw(`list-${name}`) ?? '');
  const id = headers.get('list-id') ?? '';
  const bracket = /^(.*)<\s*([^<>\s]{1,255})\s*>/.exec(id);
  const unsubscribe = urls('unsubscribe');
  return {
    id: bracket?.[2] ?? (/^[^\s<>]{1,255}$/.exec(id)?.[0] || undefined),
    name: bracket?.[1]?.trim().replace(/^"(.*)"$/, '$1') || undefined,
    post: urls('post'),
    unsubscribe,
    subscribe: urls('subscribe'),
    help: urls('help'),
    owner: urls('owner'),
    archive: urls('archive'),
    closed: /^\s*NO\b/i.test(headers.raw('list-post') ?? ''),
    oneClick:
      /^\s*List-Unsubscribe\s*=\s*One-Click\s*$/i.test(headers.raw('list-unsubscribe-post') ?? '') &&
      unsubscribe.some((url) => /^https:/i.test(url)),
  };
}

/** The URLs in angle brackets, without the white space that RFC 2369 §2 lets stand in them. */
function urlsIn(value: string): string[] {
  const urls: string[] = [];
  for (const [, text = ''] of value.matchAll(/<([^<>]{1,2000})>/g)) {
    const url = text.replace(/\s+/g, '');
    if (/^(?:https?:\/\/|mailto:)[!-~]+$/i.test(url) && urls.length < MAX_URLS) urls.push(url);
  }
  return urls;
}
