import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { startMoodyServer } from '../../test/support/moody-server.ts';
import { chunksOf as pieces } from '../../test/support/sessions.ts';
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
