import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkParser } from '../../test/support/parse.ts';
import { CountedBody } from './count.ts';

const made = (octets: number) => () => {
  const chunks: Uint8Array[] = [];
  return Object.assign(new CountedBody((chunk) => void chunks.push(chunk), octets), { chunks });
};

test('exactly the stated octets go to the sink, whatever they are', () => {
  const wire = Buffer.from('a\r\n.\r\n\0\xff\r\r\n', 'latin1');
  checkParser(made(wire.length), wire, wire.toString('latin1'), (parser) =>
    parser.result === undefined ? undefined : Buffer.concat(parser.chunks).toString('latin1'),
  );
});

test('a body of no octets is complete at once and takes nothing', () => {
  const body = made(0)();
  assert.deepEqual(body.result, { value: 0 });
  assert.equal(body.push(Buffer.from('next')), 0);
});

test('a busy sink asks the channel to wait', async () => {
  const busy = Promise.resolve();
  const body = new CountedBody(() => busy, 4);
  assert.equal(body.push(Buffer.from('ab')), 2);
  assert.equal(body.wait, busy);
  assert.equal(body.push(Buffer.from('cdef')), 2);
  assert.deepEqual(body.result, { value: 4 });
});
