import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { startMoodyServer } from '../../test/support/moody-server.ts';
import { reason, settled } from '../../test/support/peer.ts';
import { MemoryPost } from '../../test/support/serve.ts';
import { chunksOf as pieces, smtpSession } from '../../test/support/sessions.ts';
import type { PosthornError } from '../errors.ts';
import { SmtpPool } from './pool.ts';
import { chunksOf } from './source.ts';

const TEXT = 'Subject: a\r\n\r\nb\r\n';
const SOURCES: Record<string, () => AsyncIterable<Uint8Array>> = {
  'an iterator': () => pieces(TEXT),
  'a stream': () => Readable.from([Buffer.from(TEXT)]),
  'a web stream': () => ReadableStream.from([Buffer.from(TEXT)]),
};

for (const [name, open] of Object.entries(SOURCES)) {
  test(`${name} that was read is not sent once more as an empty message`, async (t) => {
    let turns = 0;
    const server = await startMoodyServer(t, { mood: (verb) => (verb === '.' && ++turns === 1 ? '421' : 'ok') });
    const pool = new SmtpPool({ host: '127.0.0.1', port: server.port, security: 'none', pause: 1 });
    const envelope = { from: 'a@example.org', recipients: ['b@example.org'] };
    const source = open();
    await assert.rejects(pool.send(envelope, { chunks: () => source }), { code: 'message-read' });
    await pool.send(envelope, { chunks: open });
    await pool.close();
    assert.deepEqual(server.taken, [TEXT]);
  });
}

test('what begins at its beginning each time is read as often as it is asked for', async () => {
  const source = { [Symbol.asyncIterator]: () => pieces(TEXT)[Symbol.asyncIterator]() };
  for (const chunks of [() => source, () => pieces(TEXT)]) {
    for (let time = 0; time < 3; time++) {
      let text = '';
      for await (const chunk of chunksOf({ chunks })) text += Buffer.from(chunk).toString();
      assert.equal(text, TEXT);
    }
  }
});

test('a source that gives more than was said is left at once, and nobody gets the message', async () => {
  const envelope = { from: 'ann@example.org', recipients: ['ann@example.org'] };
  // By DATA; by BDAT, as it is announced; in one piece, as it has been taken; and as that is too large for one.
  for (const [chunking, first, size] of [
    [false, 0, 4],
    [true, 0, 4],
    [true, 1, 4],
    [true, 1, 100_000],
  ] as const) {
    const backend = new MemoryPost();
    const { client } = await smtpSession({ backend, chunking });
    const small = { chunks: () => pieces('a: b\r\n'), size: 6, exactLines: true };
    for (let count = 0; count < first; count++) await client.send(envelope, small);
    let [given, left] = [0, false];
    async function* chunks(): AsyncGenerator<Uint8Array> {
      try {
        // Far more than any memory; a source that is a log may never end.
        for (; given < 1000; given++) yield Buffer.from('and so on\r\n'.repeat(1000));
      } finally {
        left = true;
      }
    }
    const error = await reason(client.send(envelope, { chunks, size, exactLines: true }));
    assert.equal((error as PosthornError).code, 'message-changed');
    assert.ok(given < 20, `${given} chunks were read`);
    await settled();
    assert.deepEqual([left, backend.stored.length], [true, first]);
    await client.close();
  }
});
