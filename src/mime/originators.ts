/**
 * Who a message is from, in full: its authors, who really sent it, and who sent it on as it was (RFC 5322 §3.6.2, §3.6.6,
 * RFC 6854).
 *
 * Why: From may name several people, or a group, and the fields of a resending are told apart only by where they stand. All of
 * it is a stranger's word.
 */

import type { Address } from './address.ts';
import { parseAddressList } from './address-list.ts';
import { parseDate } from './date.ts';
import type { HeaderField, Headers } from './header-fields.ts';
import { messageIds } from './summary.ts';

export interface Originators {
  /** Of all From fields; a member of a group says so in `group`. */
  readonly from: readonly Address[];
  readonly sender: Address | undefined;
  /** The last one first, as they stand. */
  readonly resent: readonly Resending[];
}

export interface Resending {
  readonly from: readonly Address[];
  readonly sender: Address | undefined;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly date: Date | undefined;
  readonly messageId: string | undefined;
}

const MAX_RESENDINGS = 100;

/** Never throws; what cannot be read as an address has an empty one. */
export function originators(headers: Headers): Originators {
  return {
    from: headers.rawAll('from').flatMap((value) => parseAddressList(value).addresses),
    sender: parseAddressList(headers.raw('sender') ?? '').addresses[0],
    resent: blocks(headers.fields).slice(0, MAX_RESENDINGS).map(resending),
  };
}

/** The fields of each resending stand together; where one comes again, another begins. */
function blocks(fields: readonly HeaderField[]): Map<string, string>[] {
  const found: Map<string, string>[] = [];
  let open: Map<string, string> | undefined;
  for (const { name, value } of fields) {
    const key = /^resent-(.+)$/i.exec(name)?.[1]?.toLowerCase();
    if (key === undefined) {
      open = undefined;
      continue;
    }
    if (open === undefined || open.has(key)) found.push((open = new Map()));
    open.set(key, value);
  }
  return found;
}

function resending(fields: ReadonlyMap<string, string>): Resending {
  const people = (name: string) => parseAddressList(fields.get(name) ?? '').addresses;
  return {
    from: people('from'),
    sender: people('sender')[0],
    to: people('to'),
    cc: people('cc'),
    date: parseDate(fields.get('date') ?? ''),
    messageId: messageIds(fields.get('message-id') ?? '')[0],
  };
}
