/** Attachments carried from a stored message: in any order, in one reading where they come in theirs, none left open. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunksOf } from '../../test/support/sessions.ts';
import { compose } from '../mime/compose.ts';
import { readMessage } from '../mime/message.ts';
import { parseRecipients } from '../mime/recipient.ts';
import { carryParts } from './carried.ts';
import type { OpenMessage } from './read.ts';

/** A message of so many small attachments, the third of which is a message, and how often it was read and is open. */
function parcel(count: number) {
  const parts = Array.from({ length: count }, (_, at) =>
    at === 2
      ? 'Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nletter'
      : `Content-Type: application/x; name="n${at}"\r\nContent-Disposition: attachment\r\n\r\ncontent ${at}`,
  );
  const bytes = Buffer.from(
    `Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`,
  );
  const counts = { read: 0, open: 0 };
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    counts.read += 1;
    counts.open += 1;
    try {
      for (let at = 0; at < bytes.length; at += 50) yield bytes.subarray(at, at + 50);
    } finally {
      counts.open -= 1;
    }
  }
  return { message: { chunks } as unknown as OpenMessage, counts };
}

async function carry(count: number) {
  const { message, counts } = parcel(count);
  const { attachments } = await readMessage(message.chunks());
  const carried = await carryParts(message, attachments);
  const read = async (at: number): Promise<string> => {
    const pieces: Uint8Array[] = [];
    for await (const piece of carried.attachments[at]?.open() ?? []) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces).toString();
  };
  return { ...carried, counts, read };
}

test('they are the parts, each with its size', async () => {
  const { attachments, read, counts, close } = await carry(5);
  for (const order of [
    [0, 1, 2, 3, 4],
    [4, 3, 2, 1, 0],
    [2, 2, 0, 4, 1],
  ]) {
    for (const at of order) {
      const content = await read(at);
      assert.equal(content, at === 2 ? 'Subject: in\r\n\r\nletter' : `content ${at}`);
      assert.equal(attachments[at]?.size, content.length);
    }
  }
  await close();
  assert.equal(counts.open, 0);
});

test('two that are read at once do not disturb each other', async () => {
  const { read, counts, close } = await carry(5);
  assert.deepEqual(await Promise.all([0, 1, 0, 3].map(read)), ['content 0', 'content 1', 'content 0', 'content 3']);
  await close();
  assert.equal(counts.open, 0);
});

test('a thousand take one reading, and one that is broken off is given back', async () => {
  const { read, counts, attachments, close } = await carry(1000);
  const before = counts.read;
  for (let at = 0; at < 1000; at += 1) await read(at);
  assert.deepEqual([counts.read - before, counts.open], [1, 0]);
  for await (const _ of attachments[7]?.open() ?? []) break;
  assert.equal(counts.open, 0);
  await read(0);
  assert.equal(counts.open, 1);
  await close();
  assert.equal(counts.open, 0);
});

test('a charset that is none keeps nobody from passing the attachment on', async () => {
  const charsets = ['koi8-r', 'a\x01b', 'c'.repeat(3000), 'x\r\n\tBcc: eve@evil.test', 'é'];
  const parts = charsets.map(
    (charset) =>
      `--b\r\nContent-Type: text/csv; charset="${charset}"\r\nContent-Disposition: attachment\r\n\r\n1,2\r\n`,
  );
  const bytes = Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts.join('')}--b--\r\n`);
  const message = { chunks: () => chunksOf(bytes.toString('latin1')) } as unknown as OpenMessage;
  const { attachments } = await readMessage(message.chunks());
  const carried = await carryParts(message, attachments);
  assert.deepEqual(
    carried.attachments.map(({ charset }) => charset),
    ['koi8-r', undefined, undefined, undefined, undefined],
  );
  const from = parseRecipients('ann@example.org')[0];
  assert.ok(from !== undefined);
  assert.match(compose({ from, to: [from], attachments: carried.attachments }).encode('7bit').headers, /multipart/);
  await carried.close();
});
