import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHeaders } from './summary.ts';
import { threadIds } from './thread.ts';

const ids = async (header: string) => threadIds((await readHeaders(Buffer.from(`${header}\n\n`))).headers);

test('ids are read from fields of any quality', async () => {
  const cases: readonly [string, string | undefined, string[], string[]][] = [
    ['Message-ID: <1@x>\nIn-Reply-To: <2@x>\nReferences: <3@x> <2@x>', '<1@x>', ['<2@x>'], ['<3@x>', '<2@x>']],
    ['Message-ID: 1@x', '<1@x>', [], []],
    ['Message-ID: <1\n @x>', '<1@x>', [], []],
    ['Message-ID: no id\nMessage-ID: <1@x>', '<1@x>', [], []],
    ['In-Reply-To: Your message of Monday. <2@x>', undefined, ['<2@x>'], []],
    ['In-Reply-To: <2@x> <3@x>\nIn-Reply-To: <2@x>', undefined, ['<2@x>', '<3@x>'], []],
    ['References: <1@x>,<2@x>;<1@x><3@x>', undefined, [], ['<1@x>', '<2@x>', '<3@x>']],
    ['References: 1@x,\n 2@x', undefined, [], ['<1@x>', '<2@x>']],
    ['References: <1@x> <broken', undefined, [], ['<1@x>']],
    ['References: words alone\nIn-Reply-To:', undefined, [], []],
    ['Message-ID: <no-at-sign>', '<no-at-sign>', [], []],
  ];
  for (const [header, messageId, inReplyTo, references] of cases) {
    assert.deepEqual(await ids(header), { messageId, inReplyTo, references }, header);
  }
});

test('of a thread without end the last ids are given', async () => {
  const { references } = await ids(`References: ${Array.from({ length: 5000 }, (_, at) => `<${at}@x>`).join(' ')}`);
  assert.deepEqual([references.length, references.at(-1)], [1000, '<4999@x>']);
});
