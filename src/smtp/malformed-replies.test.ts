/** A reply that is none is never a success, whichever command it stands behind, and never makes anybody wait for more. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { reason, withPeer } from '../../test/support/peer.ts';
import { chunksOf, smtpWithPeer } from '../../test/support/sessions.ts';
import { LimitError, ProtocolError } from '../errors.ts';
import { SmtpClient } from './client.ts';

const ENVELOPE = { from: 'a@example.org', recipients: ['b@example.org'] };
const OPTIONS = { host: 'mail.test', port: 0, security: 'none', timeout: 2000 } as const;

const MALFORMED = [
  '25\r\n',
  '000 ok\r\n',
  '999 ok\r\n',
  '2 50\r\n',
  '250-one\r\n251 two\r\n',
  '250-one\r\ntwo\r\n',
  '250 \0\r\n',
  '250 ok\n',
  '\x1b[2J250 ok\r\n',
  '\xff\xfe\r\n',
  '+OK\r\n',
  '\r\n',
  `250 ${'x'.repeat(100_000)}`,
  '250-x\r\n'.repeat(300),
];

/** What is done, and what the server answers before the reply that is none. */
const COMMANDS: readonly [name: string, act: (client: SmtpClient) => Promise<unknown>, before: readonly string[]][] = [
  ['EHLO', (client) => client.ehlo(), []],
  ['RSET', (client) => client.rset(), []],
  ['NOOP', (client) => client.noop(), []],
  ['VRFY', (client) => client.vrfy('ann'), []],
  ['EXPN', (client) => client.expn('friends'), []],
  ['HELP', (client) => client.help(), []],
  ['MAIL', (client) => client.send(ENVELOPE, { chunks: () => chunksOf('x\r\n') }), []],
  ['RCPT', (client) => client.send(ENVELOPE, { chunks: () => chunksOf('x\r\n') }), ['250 ok\r\n']],
  ['DATA', (client) => client.send(ENVELOPE, { chunks: () => chunksOf('x\r\n') }), ['250 ok\r\n', '250 ok\r\n']],
];

suite('a reply that is none', { concurrency: true }, () => {
  for (const [name, act, before] of COMMANDS) {
    test(`behind ${name}`, async () => {
      for (const malformed of MALFORMED) {
        const { client, peer } = await smtpWithPeer(undefined, OPTIONS);
        const outcome = reason(act(client));
        for (const answer of [...before, malformed]) await peer.says(answer);
        const error = await outcome;
        assert.ok(
          error instanceof ProtocolError || error instanceof LimitError,
          `${JSON.stringify(malformed)}: ${String(error)}`,
        );
        assert.ok(!client.open);
        assert.ok(!peer.writes.some((said) => said.includes('\r\n.\r\n')), 'the message never ends');
      }
    });
  }

  test('behind QUIT changes nothing', async () => {
    for (const malformed of MALFORMED) {
      const { client, peer } = await smtpWithPeer(undefined, OPTIONS);
      const done = client.quit();
      await peer.says(malformed);
      await peer.ends();
      assert.equal(await done, undefined);
    }
  });
});

test('what could begin another command is refused before it is written', async () => {
  for (const text of ['a\r\nRCPT TO:<c@d>', 'a\nRSET', 'a\rRSET', 'a\0']) {
    const { channel, peer } = withPeer();
    const named = reason(SmtpClient.over(channel, { ...OPTIONS, name: text }));
    await peer.says('220 mail.test\r\n');
    assert.equal(((await named) as { code?: string }).code, 'bad-name');
    assert.deepEqual(peer.writes, []);
  }
  const { client, peer } = await smtpWithPeer('250-mail.test\r\n250-DSN\r\n250-AUTH PLAIN\r\n250 SIZE 10\r\n', OPTIONS);
  const chunks = () => chunksOf('x\r\n');
  for (const work of [
    () => client.vrfy('a\r\nRSET'),
    () => client.expn('a\nRSET'),
    () => client.help('a\rRSET'),
    () => client.send({ ...ENVELOPE, recipients: ['a@b>\r\nRCPT TO:<c@d'] }, { chunks }),
    () => client.send({ ...ENVELOPE, from: 'a@b\0' }, { chunks }),
    () => client.send({ ...ENVELOPE, envelopeId: 'a\r\nRSET' }, { chunks }),
    () => client.send(ENVELOPE, { chunks, size: Number.NaN }),
    () => client.send(ENVELOPE, { chunks, size: 1.5 }),
    () => client.send(ENVELOPE, { chunks, size: -1 }),
    () => client.send(ENVELOPE, { chunks, size: 11 }),
  ]) {
    assert.equal(((await reason(work())) as { name?: string }).name, 'UsageError');
  }
  assert.deepEqual(peer.writes, ['EHLO [127.0.0.1]\r\n']);
  assert.ok(client.open);
});
