import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mboxEntry } from './mbox.ts';
import { beginsMbox, type MboxFile, readMbox } from './mbox-reader.ts';

const FROM = 'From ann@example.org Tue Nov 24 09:30:00 2026\n';

function fileOf(text: string, step = 65_536): MboxFile {
  const octets = Buffer.from(text, 'latin1');
  return {
    async *chunks() {
      for (let at = 0; at < octets.length; at += step) yield octets.subarray(at, at + step);
    },
    at: async (position, length) => octets.subarray(position, position + length),
  };
}

async function messagesIn(text: string, step?: number): Promise<string[]> {
  const messages: string[] = [];
  for await (const piece of readMbox(fileOf(text, step))) {
    if (piece.kind === 'begin') messages.push('');
    else if (piece.kind === 'octets') messages[messages.length - 1] += Buffer.from(piece.octets).toString('latin1');
    else if (piece.flags !== '') messages[messages.length - 1] += `[${piece.flags}]`;
  }
  return messages;
}

/** Whatever the chunks are, the messages are the same. */
async function assertMessages(text: string, expected: string[]): Promise<void> {
  for (const step of [1, 2, 3, 7, 64, 65_536]) assert.deepEqual(await messagesIn(text, step), expected, `${step}`);
}

test('messages one after the other, with line ends as on the wire', async () => {
  const two = `${FROM}Subject: one\n\ntext\n\n${FROM}Subject: two\r\n\r\nmore\r\n\r\n`;
  await assertMessages(two, ['Subject: one\r\n\r\ntext\r\n', 'Subject: two\r\n\r\nmore\r\n']);
  await assertMessages(`${FROM}a: b\n\nno end`, ['a: b\r\n\r\nno end']);
  await assertMessages(`${FROM}a: b\n\n\n\n\n${FROM}`, ['a: b\r\n\r\n\r\n\r\n', '']);
});

test('a separator is known by its date, with an empty line before it or without', async () => {
  const lines = [
    'From - Mon Feb 10 12:00:00 2014',
    'From ???@??? Thu Jan 01 00:00:00 1970',
    'From 1790@xxx Mon Feb 10 12:00:00 +0000 2014',
    'From "a b"@example.org  Fri, 5 Sep 2025 10:11:12 +0200',
    'From ann@example.org Tue Nov 24 09:30 2026 remote from x',
  ];
  for (const line of lines)
    await assertMessages(`${FROM}a: b\n\nc\n${line}\nd: e\n`, ['a: b\r\n\r\nc\r\n', 'd: e\r\n']);
  const text = 'From me to you\n\nFrom Monday on at 9:30\n>From x\n>>From y\n> From z\n';
  const read = 'From me to you\r\n\r\nFrom Monday on at 9:30\r\nFrom x\r\n>From y\r\n> From z\r\n';
  await assertMessages(`${FROM}a: b\n\n${text}`, [`a: b\r\n\r\n${read}`]);
  assert.ok(beginsMbox(Buffer.from(FROM)));
  assert.ok(!beginsMbox(Buffer.from('From: ann@example.org\n')));
});

test('a Content-Length that is right is believed, and one that is wrong is not', async () => {
  const body = `${FROM}>From a\n\n${FROM}`;
  const after = `\n${FROM}c: d\n`;
  const header = (length: number) => `${FROM}a: b\nContent-Length: ${length}\n\n`;
  const wire = (length: number, text: string) =>
    `a: b\r\nContent-Length: ${length}\r\n\r\n${text.replaceAll('\n', '\r\n')}`;
  await assertMessages(header(body.length) + body + after, [wire(body.length, body), 'c: d\r\n']);
  await assertMessages(header(body.length) + body, [wire(body.length, body)]);
  for (const wrong of [5, 5000, 1e15]) {
    assert.deepEqual(
      await messagesIn(`${header(wrong)}>From x\n${after}`),
      [wire(wrong, 'From x\n'), 'c: d\r\n'],
      `${wrong}`,
    );
  }
});

test('the flags that mail programs write into the header are those of a Maildir', async () => {
  await assertMessages(`${FROM}Status: RO\nX-Status: AF\n\nStatus: D\n`, [
    'Status: RO\r\nX-Status: AF\r\n\r\nStatus: D\r\n[SRF]',
  ]);
});

test('what mboxEntry writes comes back, whatever is in it', async () => {
  const texts = [
    'From x\r\n>From y\r\n',
    FROM.replace('\n', '\r\n'),
    '\r\n\r\n\r\n',
    '\0\xff\r\n',
    `${'>'.repeat(9)}From \r\n`,
    'a\rb\r\n',
  ];
  let file = '';
  for (const text of texts) {
    const content = async function* () {
      yield Buffer.from(`a: b\r\n\r\n${text}`, 'latin1');
    };
    const entry = mboxEntry(content(), { sender: 'ann@example.org', date: new Date(0) });
    for await (const chunk of entry) file += Buffer.from(chunk).toString('latin1');
  }
  await assertMessages(
    file,
    texts.map((text) => `a: b\r\n\r\n${text}`),
  );
});

test('hostile files: no separator, hundreds of thousands of them, a line without an end, and all of it in little memory', async () => {
  assert.deepEqual(await messagesIn('no mailbox at all\n'.repeat(100)), []);
  let count = 0;
  for await (const { kind } of readMbox(fileOf(FROM.repeat(200_000)))) if (kind === 'begin') count += 1;
  assert.equal(count, 200_000);
  const tempting = `From ${'Mon Jan 1:00 '.repeat(70)}\n`.repeat(2000);
  assert.equal((await messagesIn(FROM + tempting)).length, 1);
  const endless: MboxFile = {
    async *chunks() {
      yield Buffer.from(`${FROM}a: b\n\n`);
      for (let at = 0; at < 2000; at += 1) yield Buffer.alloc(65_536, '>');
    },
    at: async () => Buffer.alloc(0),
  };
  let [octets, largest] = [0, 0];
  for await (const piece of readMbox(endless)) {
    if (piece.kind !== 'octets') continue;
    octets += piece.octets.length;
    largest = Math.max(largest, piece.octets.length);
  }
  assert.equal(octets, 'a: b\r\n\r\n'.length + 2000 * 65_536);
  assert.ok(largest < 200_000);
});
