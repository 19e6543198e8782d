/**
 * Commands hidden in what becomes a command (CWE-93): every value of an envelope, and our name, with line breaks, angles
 * and spaces in it. Either it is refused before a byte of it has left, or the server hears what was meant and no more.
 */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { PosthornError } from '../src/errors.ts';
import { SmtpClient } from '../src/smtp/client.ts';
import type { Envelope, RecipientRequests } from '../src/smtp/envelope.ts';
import { type LineServer, startLineServer } from './support/line-server.ts';

const EVIL: readonly string[] = [
  '\r\nRCPT TO:<eve@evil.test>',
  '\nRCPT TO:<eve@evil.test>',
  '\rRCPT TO:<eve@evil.test>',
  '>\r\nRCPT TO:<eve@evil.test',
  '\r\n\tRCPT TO:<eve@evil.test>',
  '\0',
  '> SIZE=1 RCPT TO:<eve@evil.test',
  '\u2028RCPT TO:<eve@evil.test>',
  '\u0085RCPT TO:<eve@evil.test>',
  // Characters whose low octet is CR, LF or a space, for who cuts them off.
  '\u010d\u010aRCPT TO:<eve@evil.test>',
  '\ud800',
];

const CAPABILITIES = ['DSN', 'SIZE', 'SMTPUTF8', '8BITMIME', 'AUTH PLAIN', 'FUTURERELEASE 9 2030-01-01T00:00:00Z'];

/** Takes all, announces all, and is silent while a message comes. */
async function startServer(t: TestContext): Promise<LineServer> {
  let inMessage = false;
  return startLineServer(t, '220 fake\r\n', (line) => {
    const was = inMessage;
    const verb = line.slice(0, 4).toUpperCase();
    inMessage = was ? line !== '.' : verb === 'DATA';
    if (was) return inMessage ? undefined : '250 ok\r\n';
    if (verb === 'EHLO') return `250-fake\r\n${CAPABILITIES.map((word) => `250-${word}\r\n`).join('')}250 HELP\r\n`;
    return verb === 'DATA' ? '354 go on\r\n' : verb === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n';
  });
}

const BASE: Envelope = { from: 'ann@example.org', recipients: ['bob@example.org'] };
const asked = (requests: RecipientRequests): Partial<Envelope> => ({
  requests: new Map([['bob@example.org', requests]]),
});

/** Every text of an envelope. */
const PLACES: Readonly<Record<string, (evil: string) => Partial<Envelope>>> = {
  sender: (evil) => ({ from: `ann${evil}@example.org` }),
  'end of the sender': (evil) => ({ from: `ann@example.org${evil}` }),
  recipient: (evil) => ({ recipients: [`bob${evil}@example.org`] }),
  'end of a recipient': (evil) => ({ recipients: [`bob@example.org${evil}`] }),
  'quoted recipient': (evil) => ({ recipients: [`"bob${evil}"@example.org`] }),
  'envelope id': (evil) => ({ envelopeId: `x${evil}` }),
  submitter: (evil) => ({ submitter: `ann${evil}@example.org` }),
  'original recipient': (evil) => asked({ originalRecipient: { type: 'rfc822', address: `bob${evil}@example.org` } }),
  'type of the original recipient': (evil) =>
    asked({ originalRecipient: { type: `rfc822${evil}`, address: 'b@x.test' } }),
  events: (evil) => asked({ notify: [`success${evil}` as 'success'] }),
  return: (evil) => ({ return: `full${evil}` as 'full' }),
  hold: (evil) => ({ hold: { seconds: `9${evil}` as unknown as number } }),
  priority: (evil) => ({ priority: `1${evil}` as unknown as number }),
};

const message = {
  size: 18,
  async *chunks() {
    yield Buffer.from('Subject: x\r\n\r\nhi\r\n');
  },
};

for (const [place, envelope] of Object.entries(PLACES)) {
  test(`a command in the ${place}`, async (t) => {
    const server = await startServer(t);
    for (const evil of EVIL) {
      const client = await SmtpClient.connect({ host: '127.0.0.1', port: server.port, security: 'none' });
      const sent = await client.send({ ...BASE, ...envelope(evil) }, message).catch((error: unknown) => error);
      await client.quit().catch(() => undefined);
      assert.ok(!(sent instanceof Error) || sent instanceof PosthornError, `${JSON.stringify(evil)}: ${String(sent)}`);
    }
    assertClean(server);
  });
}

test('a command in our name', async (t) => {
  const server = await startServer(t);
  for (const evil of EVIL) {
    const name = `here${evil}`;
    const connecting = SmtpClient.connect({ host: '127.0.0.1', port: server.port, security: 'none', name });
    await assert.rejects(connecting, PosthornError, JSON.stringify(evil));
  }
  assertClean(server);
});

/** No command but those we say, none of them for the one who was smuggled in. */
function assertClean(server: LineServer): void {
  const commands = server.heard().replaceAll(/^Subject: x\r\n\r\nhi\r\n\.\r\n/gm, '');
  for (const line of commands.split('\r\n')) {
    assert.match(line, /^(?:$|EHLO \[127\.0\.0\.1\]$|MAIL FROM:<|RCPT TO:<|DATA$|RSET$|QUIT$)/);
    // Within quotes a local part may hold angles and spaces, and parameters hold all else as xtext: that is one value still.
    assert.doesNotMatch(line.replaceAll(/"[^"]*"/g, ''), /[\r\n\0]|^RCPT TO:<eve| RCPT TO:/);
  }
}
