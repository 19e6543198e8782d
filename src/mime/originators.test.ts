import assert from 'node:assert/strict';
import { test } from 'node:test';
import { originators } from './originators.ts';
import { readHeaders } from './summary.ts';

const read = async (...fields: string[]) =>
  originators((await readHeaders(Buffer.from(`${fields.join('\n')}\n\n`))).headers);
const shown = (list: readonly { name: string; address: string; group?: string }[]) =>
  list.map(({ name, address, group }) => [group, name, address].filter(Boolean).join('/'));

test('several authors, a group as author, and who really sent it', async () => {
  const { from, sender } = await read('From: Ann <ann@x>, bob@x', 'From: cem@x', 'Sender: Dora <dora@x>');
  assert.deepEqual([shown(from), sender?.address], [['Ann/ann@x', 'bob@x', 'cem@x'], 'dora@x']);
  assert.deepEqual(shown((await read('From: Team: Ann <ann@x>, bob@x;')).from), ['Team/Ann/ann@x', 'Team/bob@x']);
  assert.deepEqual((await read('From: Nobody:;')).from, []);
  assert.deepEqual(await read('Subject: x'), { from: [], sender: undefined, resent: [] });
});

test('each resending by itself, the last one first', async () => {
  const { resent } = await read(
    'Resent-Date: Tue, 24 Nov 2026 12:00:00 +0000',
    'Resent-From: cem@x',
    'Resent-To: dora@x, eli@x',
    'Received: from a by b',
    'Resent-From: bob@x',
    'Resent-Sender: office@x',
    'Resent-Message-ID: <2@x>',
    'Resent-From: ann@x',
    'Resent-Cc: bob@x',
    'From: someone@x',
  );
  assert.deepEqual(
    resent.map((each) => [shown(each.from), shown([...each.to, ...each.cc]), each.sender?.address, each.messageId]),
    [
      [['cem@x'], ['dora@x', 'eli@x'], undefined, undefined],
      [['bob@x'], [], 'office@x', '<2@x>'],
      [['ann@x'], ['bob@x'], undefined, undefined],
    ],
  );
  assert.equal(resent[0]?.date?.getTime(), Date.UTC(2026, 10, 24, 12));
});
