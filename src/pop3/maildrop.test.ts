import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MaildropMessage, OpenMaildrop } from './maildrop.ts';

const message = (uid: string, octets: number): MaildropMessage => ({ uid, octets, async *read() {} });

function open() {
  const erased: string[][] = [];
  let released = 0;
  const messages = [message('a', 10), message('b', 20), message('c', 30)];
  const maildrop = new OpenMaildrop({
    messages,
    erase: async (which) => void erased.push(which.map(({ uid }) => uid)),
    release: () => {
      released += 1;
    },
  });
  return { maildrop, erased, released: () => released };
}

test('numbers stay while messages are marked, and what is marked does not count', () => {
  const { maildrop } = open();
  assert.deepEqual(maildrop.stat(), { count: 3, octets: 60 });
  maildrop.mark(2);
  assert.deepEqual(maildrop.stat(), { count: 2, octets: 40 });
  assert.deepEqual(
    maildrop.entries.map(([number, { uid }]) => `${number} ${uid}`),
    ['1 a', '3 c'],
  );
  assert.equal(maildrop.message(3).uid, 'c');
  maildrop.unmark();
  assert.deepEqual(maildrop.stat(), { count: 3, octets: 60 });
});

test('a number that is not there, or is marked, is refused and not a fault', () => {
  const { maildrop } = open();
  maildrop.mark(1);
  for (const number of [0, -1, 4, 1.5, Number.NaN, 1e40, 1]) {
    assert.throws(() => maildrop.message(number), { name: 'Pop3ReplyError' }, String(number));
    assert.throws(() => maildrop.mark(number), { name: 'Pop3ReplyError' }, String(number));
  }
});

test('only an update erases, and only what is marked', async () => {
  const { maildrop, erased, released } = open();
  maildrop.mark(3);
  maildrop.mark(1);
  void maildrop.release();
  assert.deepEqual([erased, released()], [[], 1]);
  await maildrop.update();
  assert.deepEqual(erased, [['a', 'c']]);
});
