/**
 * Addresses as people type them, and as a message that is sent on names its recipients: strictly.
 *
 * Why: an address that two programs read differently is how mail goes astray, so what is shown of others' mail with a defect
 * is refused here for it.
 */

import { type Address, bad, wireAddress } from './address.ts';
import { MAX_ADDRESSES, parseAddressList } from './address-list.ts';
import { checkText } from './header.ts';

/**
 * What a person typed for one address: `ann@example.org` or `Ann Example <ann@example.org>`.
 *
 * @throws UsageError `bad-address` with what is wrong, when it is not exactly one address that all programs read alike.
 */
export function parseRecipient(text: string): Address {
  const [first, ...others] = parseRecipients(text);
  if (first === undefined || others.length > 0) throw bad('there is more than one where one is expected');
  return first;
}

/**
 * What a person typed for one or more addresses, separated by commas; or what the `field` of a whole message names, which
 * may be folded with TABs and have groups, of which the members count, even of nobody (`undisclosed-recipients:;`).
 *
 * @throws UsageError `bad-address` as `parseRecipient`, also when there is none and it is no field.
 */
export function parseRecipients(text: string, { field = false }: { field?: boolean } = {}): Address[] {
  try {
    checkText('an address', field ? text.replaceAll('\t', ' ') : text);
  } catch {
    throw bad('it contains a line break, a control character or half a character');
  }
  const { addresses, defects } = parseAddressList(text);
  const first = defects[0];
  if (first !== undefined) throw bad(REASONS.get(first.code) ?? 'it can be read in more than one way');
  if (addresses.length === 0 && !field) throw bad('it is empty');
  for (const address of addresses) {
    if (address.group !== undefined && !field) throw bad('a group of addresses is not accepted here');
    wireAddress(address);
  }
  return [...addresses];
}

const REASONS = new Map(
  Object.entries({
    'no-domain': 'there is no @ and domain',
    'address-space': 'it contains a space outside quotes',
    'address-comment': 'it contains a comment in parentheses',
    'phrase-special': 'the name contains a special character: put the name in quotes',
    'unclosed-quote': 'a quotation mark is not closed',
    'unclosed-angle': 'a < is not closed',
    'source-route': 'it contains a route through other hosts',
    'too-many-addresses': `there are more than ${MAX_ADDRESSES}`,
    'stray-semicolon': 'it contains a semicolon: separate addresses with commas',
  }),
);
