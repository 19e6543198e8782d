import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { StoreError } from '../errors.ts';
import type { ReceivedEnvelope } from '../smtp/envelope.ts';
import { Spool } from '../store/spool.ts';
import { PostOffice } from './post-office.ts';

const ANN = { address: 'ann@example.org', password: 'secret' };
const ENVELOPE: ReceivedEnvelope = {
  from: ANN.address,
  recipients: [ANN.address],
  requests: new Map([[ANN.address, { notify: ['success'] }]]),
  body: '8bit',
  utf8: false,
  size: undefined,
};

async function spool(t: TestContext): Promise<Spool> {
  const made = await Spool.create();
  t.after(() => made.close());
  return made;
}

test('a message whose report cannot be stored is taken all the same, or it would come twice', async (t) => {
  const full = await spool(t);
  const office = new PostOffice(full, [ANN]);
  const delivery = await office.deliver(ENVELOPE);
  await delivery.write(Buffer.from('Subject: a\r\n\r\nb\r\n'));
  t.mock.method(full, 'store', () => {
    throw new StoreError('disk-full', 'There is no room left.');
  });
  await delivery.commit();
  assert.equal(office.messages(ANN.address).length, 1);
});
