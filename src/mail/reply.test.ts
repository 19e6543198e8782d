import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from './account.ts';
import type { OpenMessage } from './read.ts';
import { beginForward } from './reply.ts';

const PICTURES = [
  'From: bob@example.org',
  'Content-Type: multipart/mixed; boundary=m',
  '',
  '--m',
  'Content-Type: multipart/related; boundary=r',
  '',
  '--r',
  'Content-Type: text/html',
  '',
  '<p>Look: <img src="cid:photo@x">',
  '--r',
  'Content-Type: image/jpeg; name=photo.jpg',
  'Content-ID: <photo@x>',
  '',
  'pixels',
  '--r--',
  '--m',
  'Content-Type: application/pdf; name=plan.pdf',
  '',
  '%PDF-',
  '--m--',
  '',
].join('\r\n');

test('what is passed on within a text keeps the images that its HTML showed, unless nothing is to go along', async () => {
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    yield Buffer.from(PICTURES);
  }
  const message = { chunks } as unknown as OpenMessage;
  const account = { from: 'ann@example.org', aliases: [] } as unknown as Account;
  for (const [attachments, names] of [
    [true, ['photo.jpg', 'plan.pdf']],
    [false, []],
  ] as const) {
    const { request, close } = await beginForward(message, account, { asAttachment: false, attachments });
    assert.deepEqual(
      request.attachments?.map(({ name }) => name),
      names,
    );
    await close();
  }
});
