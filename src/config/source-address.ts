/** The address of this machine to connect from, as people write it. Pure: whether the machine has it shows later. */
import { UsageError } from '../errors.ts';
import { normalizeIpv6 } from './url-authority.ts';

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** @returns an IPv4 address, or an IPv6 address in its canonical form. @throws UsageError `bad-source-address`. */
export function parseSourceAddress(text: string): string {
  const address = IPV4.test(text) ? text : normalizeIpv6(text);
  if (address !== undefined) return address;
  throw new UsageError('bad-source-address', 'The source address is not an IP address.', {
    hint: 'Write one of the addresses of this machine, such as 192.0.2.1 or 2001:db8::1.',
  });
}
