import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { assertNoSecret, PASSWORD, USER } from '../../test/support/secrets.ts';
import { MemoryPost } from '../../test/support/serve.ts';
import { chunksOf, smtpSession } from '../../test/support/sessions.ts';
import { serveSmtp } from './server.ts';
import { SmtpClient } from './client.ts';
import { listen } from '../net/listen.ts';
import type { Outgoing } from './envelope.ts';

const RECIPIENTS = ['c@example.org', 'full@example.org', 'bob@example.org', 'gone@example.org', 'd@example.org'];
const TEXT = 'Subject: x\r\n\r\n.dot\r\n';

/** The ways a message may travel: behind DATA, in one chunk, in chunks of unknown number. */
const WAYS: Readonly<Record<string, { chunking: boolean; message: Omit<Outgoing, 'chunks'> }>> = {
  DATA: { chunking: false, message: {} },
  'one BDAT': { chunking: true, message: { size: TEXT.length, exactLines: true } },
  BDAT: { chunking: true, message: {} },
};

suite('our client and our server speak LMTP', () => {
  for (const [way, { chunking, message }] of Object.entries(WAYS)) {
    test(`${way}: each recipient has a fate of its own`, async () => {
      const backend = new MemoryPost();
      const { client, shown, served } = await smtpSession({ backend, chunking, protocol: 'lmtp' });
      await client.login({ user: USER, password: PASSWORD });
      const outgoing = { ...message, chunks: () => chunksOf(TEXT) };
      const envelope = { from: 'a@example.org', recipients: RECIPIENTS };
      const result = await client.send(envelope, outgoing, { partial: true });
      assert.equal(result.outcome, 'sent');
      assert.equal(result.reply?.lines[0], 'taken as 1');
      assert.deepEqual(
        result.recipients.map(({ address, accepted, reply }) => [address, accepted, reply.code]),
        [
          ['c@example.org', true, 250],
          ['full@example.org', false, 452],
          ['bob@example.org', false, 550],
          ['gone@example.org', false, 451],
          ['d@example.org', true, 250],
        ],
      );
      assert.equal((await client.send(envelope, outgoing)).outcome, 'refused');
      const two = { from: '', recipients: ['full@example.org', 'gone@example.org'] };
      if (client.open) assert.equal((await client.send(two, outgoing)).outcome, 'refused');
      await client.quit();
      await served;
      assert.deepEqual(
        backend.stored.map(({ recipients, text }) => [recipients, text]),
        [
          [['c@example.org'], TEXT],
          [['d@example.org'], TEXT],
        ],
      );
      assertNoSecret(shown);
    });
  }

  test('many at once', async () => {
    const backend = new MemoryPost();
    const { client } = await smtpSession({ backend, protocol: 'lmtp' });
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, at) => {
        const text = `${at}\r\n`;
        const recipients = at % 3 === 0 ? ['c@example.org', 'd@example.org'] : ['c@example.org'];
        const message = { chunks: () => chunksOf(text), size: text.length, exactLines: true };
        return client.send({ from: '', recipients }, message);
      }),
    );
    assert.ok(results.every(({ outcome }) => outcome === 'sent'));
    await client.quit();
    assert.equal(backend.stored.length, 50 + 17);
    assert.deepEqual(
      backend.stored.filter(({ recipients }) => recipients[0] === 'c@example.org').map(({ text }) => text),
      Array.from({ length: 50 }, (_, at) => `${at}\r\n`),
    );
  });
});

test('over a network, and with STARTTLS refused to a server that has none', async () => {
  const backend = new MemoryPost();
  const listener = await listen({}, (channel) => void serveSmtp(channel, { backend, protocol: 'lmtp' }));
  const where = { host: listener.host, port: listener.port, protocol: 'lmtp' } as const;
  try {
    const client = await SmtpClient.connect({ ...where, security: 'none' });
    assert.match(client.greeting, /LMTP/);
    await client.quit();
    await assert.rejects(SmtpClient.connect({ ...where, security: 'required' }), { code: 'tls-not-offered' });
    await assert.rejects(SmtpClient.connect({ ...where, security: 'none', protocol: 'smtp' }), { replyCode: 500 });
  } finally {
    await listener.close();
  }
});
