import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asReceived } from './rewritten.ts';

/** The text as it was, read in pieces of so many octets. */
async function before(text: string, octets: number): Promise<string | undefined> {
  async function* chunks() {
    for (let at = 0; at < text.length; at += octets) yield Buffer.from(text.slice(at, at + octets), 'latin1');
  }
  const found = await asReceived(chunks);
  if (found === undefined) return undefined;
  const parts: Uint8Array[] = [];
  for await (const chunk of found) parts.push(chunk);
  return Buffer.concat(parts).toString('latin1');
}

const TEXT = 'A: 1\r\nB: 2\r\n\t3\r\n\r\nbody\r\nof\nlines\r\n';

const FORMS: readonly (readonly [name: string, text: string, before: string | undefined])[] = [
  ['nothing was changed', TEXT, undefined],
  ['fields were added at the end', 'A: 1\r\nB: 2\r\n\t3\r\nC: 4\n\nbody\r\nof\nlines\r\n', TEXT],
  ['fields were added at the beginning', 'C: 4\nD: 5\n 6\nA: 1\r\nB: 2\r\n\t3\r\n\r\nbody\r\nof\nlines\r\n', TEXT],
  ['the empty line is another one', 'A: 1\r\nB: 2\r\n\t3\r\n\nbody\r\nof\nlines\r\n', TEXT],
  ['all lines end with LF', 'A: 1\nB: 2\n\nbody\n', 'A: 1\r\nB: 2\r\n\r\nbody\r\n'],
  ['there is no end of a header', 'A: 1\r\nB: 2\n', undefined],
  ['there is nothing', '', undefined],
];

for (const [name, text, expected] of FORMS) {
  test(`as a message was before it was written again: ${name}`, async () => {
    for (const octets of [1, 2, 5, 1000]) assert.equal(await before(text, octets), expected);
  });
}
