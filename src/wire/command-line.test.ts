import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkParser } from '../../test/support/parse.ts';
import { settled, withPeer } from '../../test/support/peer.ts';
import { MemoryMaildrop, MemoryPost } from '../../test/support/serve.ts';
import { servePop3 } from '../pop3/server.ts';
import { serveSmtp } from '../smtp/server.ts';
import { CommandLineParser } from './command-line.ts';
import { MAX_LINE } from './line.ts';
import { lineOf, secretLineParser } from './secret-line.ts';

const parser = () => new CommandLineParser((text) => ({ command: { text }, said: text }), 20);

test('a line is read, and what is none is a value with what is wrong with it', () => {
  checkParser(parser, 'eighteen octets...\r\n', { text: 'eighteen octets...' });
  for (const text of ['bare\n', 'bare\rCR\r\n', 'a\0NUL\r\n', 'nineteen octets....\r\n', 'x'.repeat(21)]) {
    const broken = parser();
    // All of it is taken: where the next line begins is not known.
    assert.equal(broken.push(Buffer.from(text)), text.length, text);
    assert.equal(broken.result?.value && 'fault' in broken.result.value && broken.result.value.fault, 'line', text);
    assert.deepEqual(broken.said, ['(not a line)']);
  }
});

test('a response in a login may be longer than any command, and is not shown (RFC 4954 §4)', () => {
  const response = 'x'.repeat(12_288 - 2);
  const fits = secretLineParser();
  fits.push(Buffer.from(`${response}\r\n`));
  assert.equal(fits.result && lineOf(fits.result.value), response);
  assert.deepEqual(fits.said, ['****']);
  const tooLong = secretLineParser();
  tooLong.push(Buffer.from(`${response}x\r\n`));
  assert.ok(tooLong.result !== undefined);
  assert.equal(lineOf(tooLong.result.value), undefined);
});

const SERVERS = {
  'an SMTP server': (channel: Parameters<typeof serveSmtp>[0]) => serveSmtp(channel, { backend: new MemoryPost() }),
  'a POP3 server': (channel: Parameters<typeof servePop3>[0]) => servePop3(channel, { backend: new MemoryMaildrop() }),
};

for (const [name, serve] of Object.entries(SERVERS)) {
  test(`${name} says that a line is too long, and hangs up (RFC 5321 §4.5.3.1.9)`, async () => {
    for (const rest of ['\r\nNOOP\r\n', '']) {
      const { channel, peer } = withPeer({ role: 'server' });
      const served = serve(channel);
      await settled();
      await peer.says(`NOOP ${'x'.repeat(MAX_LINE)}${rest}`);
      assert.match(peer.writes.slice(1).join(''), /^(?:500 5\.5\.2|-ERR) line too long\r\n$/);
      await peer.ends();
      await served;
    }
  });

  test(`${name} takes a line of just that length`, async () => {
    const { channel, peer } = withPeer({ role: 'server' });
    const served = serve(channel);
    await settled();
    await peer.says(`${'x'.repeat(MAX_LINE - 2)}\r\n`);
    await peer.says('QUIT\r\n');
    assert.match(peer.writes.slice(1).join(''), /^(?:500 5\.5\.2|-ERR) unknown command\r\n(?:221 |\+OK)/);
    await peer.ends();
    await served;
  });
}
