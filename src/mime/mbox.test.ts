import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mboxEntry, MboxBody } from './mbox.ts';

/** The body of one message, given in chunks. */
function quoted(...chunks: (string | Uint8Array)[]): string {
  const body = new MboxBody();
  const pieces = chunks.map((chunk) => body.push(Buffer.from(chunk as string)));
  return Buffer.concat([...pieces, body.end()]).toString('latin1');
}

/** Undone as readers of mboxrd do it, and without the empty line at the end. */
const unquoted = (text: string) => text.replace(/\n$/, '').replace(/(?<![^\n])>(>*From )/g, '$1');

test('lines that look like the beginning of a message are quoted, and lines end with LF', () => {
  const cases: [string, string][] = [
    ['', '\n'],
    ['a\r\nb\r\n', 'a\nb\n\n'],
    ['a', 'a\n\n'],
    ['a\r', 'a\r\n\n'],
    ['a\r\r\nb\rc\n', 'a\r\nb\rc\n\n'],
    ['From x\r\n', '>From x\n\n'],
    ['>From x\r\n>>From y\r\n', '>>From x\n>>>From y\n\n'],
    ['a\r\nFrom \r\n\r\nFrom', 'a\n>From \n\nFrom\n\n'],
    ['From: x\r\nFromage\r\n From x\r\n> From y\r\n', 'From: x\nFromage\n From x\n> From y\n\n'],
    ['>>>', '>>>\n\n'],
  ];
  for (const [text, expected] of cases) {
    assert.equal(quoted(text), expected);
    assert.equal(quoted(...text), expected, 'byte by byte');
    for (let at = 1; at < text.length; at += 1) assert.equal(quoted(text.slice(0, at), text.slice(at)), expected);
  }
});

test('however it is cut, it is the same, and can be undone', () => {
  const piece = fc.constantFrom('From ', 'From', '>', '\r\n', '\n', '\r', 'x', '>From a', 'F', 'rom ');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(80), { maxLength: 6 }), (pieces, cuts) => {
      const text = pieces.join('');
      const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
      const chunks = at.slice(1).map((end, index) => text.slice(at[index], end));
      const whole = quoted(text);
      assert.equal(quoted(...chunks), whole);
      assert.doesNotMatch(whole, /(?<![^\n])From /);
      const plain = text.replaceAll('\r\n', '\n');
      assert.equal(unquoted(whole), plain === '' || plain.endsWith('\n') ? plain : `${plain}\n`);
    }),
    { numRuns: 2000 },
  );
});

test('the line before a message', async () => {
  const line = async (sender: string | undefined, date: Date) => {
    const first = await mboxEntry((async function* () {})(), { sender, date }).next();
    return Buffer.from(first.value ?? '')
      .toString()
      .split('\n', 1)[0];
  };
  const date = new Date('2026-11-03T04:05:06Z');
  assert.equal(await line('ann@example.org', date), 'From ann@example.org Tue Nov  3 04:05:06 2026');
  for (const sender of [undefined, '', 'a b@c', 'a\nFrom b', 'ü@x', '\x1b[2J@x', 'x'.repeat(321)])
    assert.match((await line(sender, date)) ?? '', /^From MAILER-DAEMON Tue Nov/);
  for (const odd of [new Date(Number.NaN), new Date(8.64e15), new Date(-8.64e15)])
    assert.equal(await line('a@b', odd), 'From a@b Thu Jan  1 00:00:00 1970');
});
