import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSourceAddress } from './source-address.ts';

test('an IPv4 or an IPv6 address, and nothing else', () => {
  for (const text of ['192.0.2.1', '0.0.0.0', '255.255.255.255']) assert.equal(parseSourceAddress(text), text);
  assert.equal(parseSourceAddress('2001:DB8:0::1'), '2001:db8::1');
  for (const text of [
    '',
    'eth0',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.1.',
    '192.0.2.01',
    '1.2.3.4.5',
    '[::1]',
    '::1%lo',
    '1',
    ' ::1',
  ])
    assert.throws(() => parseSourceAddress(text), { code: 'bad-source-address' }, text);
});
