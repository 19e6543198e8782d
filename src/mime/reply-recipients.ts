/**
 * To whom an answer goes (RFC 5322 §3.6.2, §3.6.3; RFC 2369 §3.4; Mail-Reply-To and Mail-Followup-To as D. J. Bernstein
 * described them).
 *
 * Why: all of it is what a stranger wrote. So each field is parsed once, an address is taken only as an envelope can carry
 * it, a field that programs read in different ways is not taken at all, and where the answer would leave the author's
 * domain without the author's own address saying so, the caller is told. What it must never know: Bcc.
 */

import { type Address, wireAddress } from './address.ts';
import { parseAddressList } from './address-list.ts';
import { percentDecoded } from './percent.ts';
import type { Summary } from './summary.ts';

export type ReplyMode = 'author' | 'all' | 'list';

export interface ReplyRecipients {
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  /** The field that names whom it goes to, as people write it: `From`, `Reply-To`. */
  readonly by: string;
  /** Of these, who is not where the author is, and was put there by a field that only answers obey. */
  readonly elsewhere: readonly Address[];
  /** Fields that could not be used, and why: a sentence each. */
  readonly left: readonly string[];
}

export interface ReplyOptions {
  readonly mode?: ReplyMode | undefined;
  /** Our own addresses: they get no answer, unless nobody else is there. */
  readonly own?: readonly Pick<Address, 'local' | 'domain'>[] | undefined;
  /** Reply-To, Mail-Reply-To and Mail-Followup-To count for nothing: the answer goes to the author. */
  readonly ignoreReplyTo?: boolean | undefined;
}

/** Defects that leave it open whom an address means; a comment or a missing domain does not. */
const AMBIGUOUS = new Set(
  'address-space several-at stray-angle text-after-angle stray-bracket unclosed-quote unclosed-literal obsolete-address stray-colon'.split(
    ' ',
  ),
);

interface Field {
  readonly name: string;
  readonly addresses: readonly Address[];
}

/** @returns for `list` without a list that takes letters, and for a message without any usable address, nobody. */
export function replyRecipients(summary: Pick<Summary, 'headers'>, options: ReplyOptions = {}): ReplyRecipients {
  const { mode = 'author', own = [], ignoreReplyTo = false } = options;
  const left: string[] = [];
  const fields = new Map<string, Field>();
  const read = (name: string): Field => {
    const field = fields.get(name) ?? readField(summary, name, left);
    fields.set(name, field);
    return field;
  };
  const mine = new Set(own.map(keyOf));
  const others = (addresses: readonly Address[]): Address[] => addresses.filter((each) => !mine.has(keyOf(each)));
  if (mode === 'list') return { to: listPost(summary), cc: [], by: 'List-Post', elsewhere: [], left };

  const authors = read('From').addresses;
  const named = [...authors, ...read('To').addresses, ...read('Cc').addresses];
  const followup = mode === 'all' && !ignoreReplyTo ? read('Mail-Followup-To') : undefined;
  if (followup !== undefined && others(followup.addresses).length > 0) {
    const to = distinct(others(followup.addresses));
    return { to, cc: [], by: followup.name, elsewhere: elsewhere(to, authors, named), left };
  }
  const asked = ignoreReplyTo ? [] : ['Mail-Reply-To', 'Reply-To'];
  const answer = asked.map(read).find(({ addresses }) => addresses.length > 0) ?? read('From');
  // One's own letter is answered by a second one to the same people.
  const self = others(answer.addresses).length === 0 && others(read('To').addresses).length > 0;
  const target = self ? read('To') : answer;
  const to = distinct(others(target.addresses).length > 0 ? others(target.addresses) : target.addresses);
  const known = new Set(to.map(keyOf));
  const cc = mode === 'all' ? distinct(others([...read('To').addresses, ...read('Cc').addresses])) : [];
  return {
    to,
    cc: cc.filter((each) => !known.has(keyOf(each))),
    by: target.name,
    elsewhere: target.name === 'From' || self ? [] : elsewhere(to, authors),
    left: [...new Set(left)],
  };
}

/** What two addresses share that are one mailbox to us: letter case means nothing. */
function keyOf({ local, domain }: Pick<Address, 'local' | 'domain'>): string {
  return `${local}@${domain}`.toLowerCase();
}

/** Each mailbox once, where it is named first. */
function distinct(addresses: readonly Address[]): Address[] {
  const first = new Map<string, Address>();
  for (const each of addresses) if (!first.has(keyOf(each))) first.set(keyOf(each), each);
  return [...first.values()];
}

/** Those in a domain in which no author is; `known` are fine wherever they are. */
function elsewhere(to: readonly Address[], authors: readonly Address[], known: readonly Address[] = []): Address[] {
  const domains = new Set(authors.map(({ domain }) => domain.toLowerCase()));
  const named = new Set([...authors, ...known].map(keyOf));
  return to.filter((each) => !domains.has(each.domain.toLowerCase()) && !named.has(keyOf(each)));
}

function readField({ headers }: Pick<Summary, 'headers'>, name: string, left: string[]): Field {
  const addresses: Address[] = [];
  for (const value of headers.rawAll(name)) {
    const list = parseAddressList(value);
    if (list.defects.some(({ code }) => AMBIGUOUS.has(code))) {
      left.push(`${name} can be read in more than one way, so nobody in it gets the answer.`);
    } else addresses.push(...list.addresses.filter(usable).map(withoutGroup));
  }
  return { name, addresses };
}

function withoutGroup({ name, local, domain, address }: Address): Address {
  return { name: [...name].length > 200 || name.includes('=?') ? '' : name, local, domain, address };
}

function usable(address: Address): boolean {
  try {
    wireAddress(address);
    return true;
  } catch {
    return false;
  }
}

/** The address that List-Post names (RFC 2369 §3.4); `NO`, and every other scheme and field of a URL, names nobody. */
function listPost({ headers }: Pick<Summary, 'headers'>): Address[] {
  for (const [, encoded = ''] of (headers.raw('list-post') ?? '').matchAll(/<\s{0,9}mailto:([^>?\s]{1,900})/gi)) {
    const list = parseAddressList(percentDecoded(encoded) ?? '');
    const [address] = list.addresses;
    if (address !== undefined && list.addresses.length === 1 && list.defects.length === 0 && usable(address))
      return [{ ...address, name: '' }];
  }
  return [];
}
