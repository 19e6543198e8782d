import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chunkSizes, cutBy } from '../../test/support/chunks.ts';
import { latin1 } from '../wire/bytes.ts';
import { topOf } from './top.ts';

async function* stream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

async function top(chunks: readonly Uint8Array[], lines: number): Promise<string> {
  const out: Uint8Array[] = [];
  for await (const chunk of topOf(stream(chunks), lines)) out.push(chunk);
  return latin1(Buffer.concat(out));
}

/** The same, the slow way: the lines of the header to the blank one, then so many more. */
function slowly(message: string, lines: number): string {
  const all = message.split('\n');
  const last = all.pop() ?? '';
  const whole = all.map((line) => `${line}\n`);
  const blank = whole.findIndex((line) => line === '\r\n' || line === '\n');
  if (blank < 0) return message;
  const taken = whole.slice(0, blank + 1 + lines);
  return taken.join('') + (taken.length === whole.length && whole.length - blank - 1 < lines ? last : '');
}

test('the header, the blank line, and as many lines as asked for', async () => {
  const message = Buffer.from('Subject: x\r\n\r\none\r\ntwo\r\nthree');
  assert.equal(await top([message], 0), 'Subject: x\r\n\r\n');
  assert.equal(await top([message], 1), 'Subject: x\r\n\r\none\r\n');
  assert.equal(await top([message], 99), String(message));
  assert.equal(await top([], 5), '');
});

test('it reads no further than it must', async () => {
  let read = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (; read < 100; read++) yield Buffer.from('a: b\r\n\r\nline\r\n');
  }
  for await (const _ of topOf(endless(), 1));
  assert.equal(read, 0);
});

test('the same as the slow way, however the message is cut', async () => {
  const text = fc
    .array(fc.constantFrom('\r\n', '\r\n', 'a', 'b: c', '.', '\n', '\r'), { maxLength: 20 })
    .map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(text, chunkSizes, fc.nat(5), async (message, sizes, lines) => {
      assert.equal(await top(cutBy(Buffer.from(message), sizes), lines), slowly(message, lines));
    }),
    { numRuns: 500 },
  );
});
