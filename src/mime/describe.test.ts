import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeMessage } from './describe.ts';

const PART = '--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=';
const HEAD = `Subject: two films\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhere\r\n${PART}one.mp4\r\n\r\n`;
const BLOCK = Buffer.alloc(1024 * 1024, 'x');

test('of a large message the beginning is looked into, and no more of it is read', async () => {
  let blocks = 0;
  let closed = false;
  async function* film(): AsyncGenerator<Uint8Array> {
    try {
      yield Buffer.from(HEAD);
      for (; blocks < 100; blocks += 1) yield BLOCK;
      yield Buffer.from(`\r\n${PART}two.mp4\r\n\r\n`);
    } finally {
      closed = true;
    }
  }
  const { subject, text, files, attachments } = await describeMessage(film());
  assert.deepEqual([subject, text.trim(), files, attachments], ['two films', 'here', ['one.mp4'], 1]);
  assert.ok(blocks < 5 && closed);
  const whole = Buffer.concat([Buffer.from(HEAD), ...Array.from({ length: 5 }, () => BLOCK)]);
  assert.deepEqual((await describeMessage(whole)).files, ['one.mp4']);
});
