/**
 * Addresses as a person reads them: whoever a name says that it is, the address stands beside it, whole where it counts.
 *
 * Pure; what comes out is safe text.
 */
import type { Address } from '../mime/address.ts';
import { domainForms } from '../mime/homograph.ts';
import { cellWidth, safeText, truncate } from './terminal.ts';

/** In cells. A longer name is cut; of a longer local part the beginning is shown, of a longer domain the end: it says whose it is. */
const MAX_NAME = 60;
const MAX_LOCAL = 72;
const MAX_DOMAIN = 120;

/** `Ann Example <ann@example.org>`; both forms of a domain that is not plain ASCII. */
export function showAddress({ name, local, domain, address }: Address): string {
  const shown = domain === '' ? safeText(address) : showReal(local, domain, address);
  const safe = truncate(safeText(name).trim(), MAX_NAME);
  if (safe === '') return shown;
  const quoted = plainName().test(name) ? safe : `"${safe.replaceAll('"', '\\"')}"`;
  return shown === '' ? quoted : `${quoted} <${shown}>`;
}

// Made when the first name is shown: as a literal it would be parsed at every start.
let plainNamePattern: RegExp | undefined;
/** What needs no quotes to be read back as a name. */
const plainName = () => (plainNamePattern ??= new RegExp("^[\\p{L}\\p{M}\\p{N}\\p{So} !#$%&'*+/=?^_`{|}~-]+$", 'u'));

function showReal(local: string, domain: string, address: string): string {
  const forms = domainForms(domain);
  const other = forms && (domain.toLowerCase() === forms.unicode ? forms.ascii : forms.unicode);
  const whole = safeText(address);
  const real =
    cellWidth(whole) <= MAX_LOCAL + MAX_DOMAIN
      ? whole
      : `${truncate(safeText(local), MAX_LOCAL)}@${endOf(safeText(domain))}`;
  return other === undefined ? real : `${real} = ${endOf(safeText(other))}`;
}

function endOf(domain: string): string {
  return domain.length <= MAX_DOMAIN ? domain : `…${domain.slice(-MAX_DOMAIN)}`;
}

/**
 * Who a listing says a message is from: the name where there is one, else the address. A name that looks like an address
 * of its own is not believed: the real one comes first.
 */
export function senderOf(summary: { readonly from: readonly Pick<Address, 'name' | 'address'>[] } | undefined): string {
  const [first] = summary?.from ?? [];
  if (first === undefined) return '';
  return first.name.normalize('NFKC').includes('@')
    ? `${first.address} (“${first.name}”)`
    : first.name || first.address;
}
