import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageAttachment } from './message-attachment.ts';
import type { OpenMessage } from './read.ts';

/** What goes out for a message of the mailbox. */
async function attached(octets: string) {
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    yield Buffer.from(octets, 'latin1');
  }
  const attachment = await messageAttachment({ chunks } as unknown as OpenMessage, 'Plans: 2026');
  const pieces: Uint8Array[] = [];
  for await (const piece of attachment.open()) pieces.push(Buffer.from(piece));
  const sent = Buffer.concat(pieces);
  assert.equal(attachment.size, sent.length);
  return { type: attachment.type, lines: attachment.lines, sent: sent.toString('latin1') };
}

const BCC = 'Bcc: eve@example.org\r\n';

test('a message of the mailbox goes as one, whatever its header looks like, and never with its Bcc', async () => {
  const rows: readonly [octets: string, type: string][] = [
    [`A: b\r\n${BCC}\r\nHi\r\n`, 'message/rfc822'],
    [`From ann Mon Nov 23 10:00:00 2026\r\n${BCC}A: b\r\n\r\nHi\r\n`, 'message/rfc822'],
    [`A: b\r\nno field\r\n${BCC}\r\nHi\r\n`, 'message/rfc822'],
    [`A: b\rBcc: eve@example.org\r\nC: d\n\nHi`, 'message/rfc822'],
    [`A: b\r\n${BCC}\r\n${'x'.repeat(999)}\r\n`, 'application/octet-stream'],
    [`A: b\r\n${BCC}\r\nH\0i\r\n`, 'application/octet-stream'],
    [BCC.trimEnd(), 'message/rfc822'],
  ];
  for (const [octets, type] of rows) {
    const found = await attached(octets);
    assert.equal(found.type, type, JSON.stringify(octets.slice(0, 60)));
    assert.doesNotMatch(found.sent, /eve@/, JSON.stringify(octets.slice(0, 60)));
  }
});

test('what only looks like a Bcc is part of the text', async () => {
  const { sent } = await attached('A: b\r\nX-Bcc: x\r\n\r\nBcc: in the text\r\n');
  assert.equal(sent, 'A: b\r\nX-Bcc: x\r\n\r\nBcc: in the text\r\n');
});
